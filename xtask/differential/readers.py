"""Runs the queries in docs/mirror.md on a mirror and compares their results with the official SDK.

The last line is `N passed, N failed`.
"""

from __future__ import annotations

import argparse
import ast
import math
import os
import pathlib
import re
import subprocess
import tempfile

from servers import Server

SECTION = "## Querying a mirror"
PROJECT = "local-team/whole"
RUNS = 30


def blocks(document: str):
    """Returns the code blocks of the section, with their languages."""
    section = document.split(SECTION, 1)[1].split("\n## ", 1)[0]
    return re.findall(r"```(\w+)\n(.*?)```", section, re.DOTALL)


def answers(document: str):
    """Yields the result of each query: the last loss of each run."""
    import duckdb

    for language, code in blocks(document):
        if language == "sql":
            yield "DuckDB", dict(duckdb.sql(code).fetchall())
        elif language == "python":
            names: dict = {}
            for statement in ast.parse(code).body:
                if isinstance(statement, ast.Expr):
                    value = eval(compile(ast.Expression(statement.value), "mirror.md", "eval"), names)
                    yield type(value).__module__.split(".")[0], as_dict(value)
                else:
                    exec(compile(ast.Module([statement], []), "mirror.md", "exec"), names)


def as_dict(value) -> dict:
    return dict(value.iter_rows()) if hasattr(value, "iter_rows") else value.to_dict()


def expected() -> dict:
    """Returns the last loss of each run, as the SDK reads it."""
    import wandb

    runs = wandb.Api().runs(PROJECT)
    losses = {run.id: [row["loss"] for row in run.scan_history(keys=["loss"])][-1] for run in runs}
    wandb.teardown()
    return losses


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", type=pathlib.Path, required=True)
    parser.add_argument("--server", type=pathlib.Path, required=True)
    parser.add_argument("--document", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    document = arguments.document.read_text(encoding="utf-8")
    program = arguments.program.resolve()
    pathlib.Path(os.environ["HOME"]).mkdir(parents=True, exist_ok=True)
    passed, failed = 0, 0
    with (
        tempfile.TemporaryDirectory() as folder,
        Server(arguments.server.resolve(), "--generate-whole-runs", str(RUNS)) as server,
    ):
        os.environ["WANDB_BASE_URL"] = server.base_url
        os.environ["WANDB_API_KEY"] = server.api_key
        os.chdir(folder)
        subprocess.run([program, "mirror", PROJECT, "-o", "archive"], check=True)
        losses = expected()
        assert len(losses) == RUNS, losses
        names = []
        for name, found in answers(document):
            names.append(name)
            same = found.keys() == losses.keys() and all(
                math.isclose(found[run], loss, rel_tol=1e-12) for run, loss in losses.items()
            )
            print(f"{name}: {'same as the SDK' if same else f'{found} instead of {losses}'}")
            passed, failed = passed + same, failed + (not same)
        assert sorted(names) == ["DuckDB", "pandas", "polars"], names
        os.chdir("/")
    print(f"{passed} passed, {failed} failed")
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
