"""Runs the examples of the SDK's documentation with the SDK and with wandb-export, and compares the results.

    python documented.py --program PATH --server PATH --examples DIR --runs DIR --report DIR [--seed N] [--question TEXT]

snippets.py has the examples, and writes.py further changes to runs with random values. The SDK and each transport have
their own server with the same runs, so that none sees the changes of another. After a change, the stored values are
read from the servers. Every example counts once per transport. A difference fails unless it is in
known-documented.json. The last line is `N passed, N failed`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from compare import TIMEOUT, TRANSPORTS, Tool, ToolError, Verdicts
from exact import Difference, differences
from known import Known
from servers import Server
import writes

SOURCE = "documented"


class Ours:
    """wandb-export over one transport, with its own server and folder."""

    def __init__(self, tool: Tool, transport: str, server: Server, examples: pathlib.Path):
        self.tool, self.transport, self.server, self.examples = tool, transport, server, examples
        self.folder = tool.home / transport

    def text(self, *arguments: str) -> str:
        """Returns the standard output of a command."""
        return self.tool.run([*arguments, "--base-url", self.server.base_url], self.transport).decode("utf-8")

    def rows(self, *arguments: str) -> list[dict]:
        """Returns the rows that a command prints."""
        return [json.loads(line) for line in self.text(*arguments, "-f", "jsonl").split("\n") if line]

    def example(self, name: str, *arguments: str) -> str:
        """Returns the standard output of an example program, in the form for the transport."""
        environment = {**os.environ, "WANDB_BASE_URL": self.server.base_url}
        program = self.examples / f"{self.transport}_{name}"
        ended = subprocess.run(
            [program, *arguments], cwd=self.folder, env=environment, capture_output=True, timeout=TIMEOUT
        )
        if ended.returncode != 0:
            raise ToolError(f"exit code {ended.returncode}: {ended.stderr.decode('utf-8', 'replace').strip()}")
        return ended.stdout.decode("utf-8")


def empty_folder(folder: pathlib.Path) -> pathlib.Path:
    """Creates the folder or removes its content, and returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return folder


def ask(question, server: Server, ours: list[Ours], verdicts: Verdicts) -> None:
    """Runs a question with the SDK once, and with wandb-export over each transport."""
    try:
        theirs = question.sdk(empty_folder(pathlib.Path.cwd()))
        stored = server.stored(question.changes) if question.changes else {}
    except Exception as problem:  # noqa: BLE001: whatever the SDK raises is its answer.
        found = [Difference("", f"raises {type(problem).__name__}: {problem}", "an answer")]
        for one in ours:
            verdicts.add(f"{question.name} ({one.transport})", found)
        return
    for one in ours:
        try:
            empty_folder(one.folder)
            found = differences(theirs, question.ours(one))
            if question.changes:
                found += differences(stored, one.server.stored(question.changes), "stored")
        except (ToolError, OSError, ValueError, KeyError, subprocess.TimeoutExpired) as problem:
            found = [Difference("", "an answer", f"{type(problem).__name__}: {problem}")]
        verdicts.add(f"{question.name} ({one.transport})", found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, required=True)
    parser.add_argument("--server", type=pathlib.Path, required=True)
    parser.add_argument("--examples", type=pathlib.Path, required=True, help="folder of the built example programs")
    parser.add_argument("--runs", type=pathlib.Path, required=True, help="folder with the runs of the examples")
    parser.add_argument("--report", type=pathlib.Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--question", default="", help="run only questions whose name contains this text")
    arguments = parser.parse_args()
    pathlib.Path(os.environ["HOME"]).mkdir(parents=True, exist_ok=True)

    with contextlib.ExitStack() as stack:
        home = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        runs = writes.add_runs(arguments.runs, home / "runs", arguments.seed)
        names = ["sdk", *TRANSPORTS]
        servers = {name: stack.enter_context(Server(arguments.server.resolve(), "--fixtures", runs)) for name in names}
        os.environ["WANDB_BASE_URL"] = servers["sdk"].base_url
        os.environ["WANDB_API_KEY"] = servers["sdk"].api_key

        # Imported after the environment is set, which the SDK reads on import.
        import snippets
        import wandb

        verdicts = Verdicts(SOURCE, Known.read("known-documented.json"), arguments.report.resolve())
        tool = Tool(arguments.program.resolve(), home)
        examples = arguments.examples.resolve()
        ours = [Ours(tool, name, servers[name], examples) for name in TRANSPORTS]
        # The SDK's service downloads into its working directory at the start.
        os.chdir(empty_folder(home / "sdk"))
        api = wandb.Api()
        for question in [*snippets.all_of(api), *writes.all_of(api, arguments.seed)]:
            if arguments.question in question.name:
                ask(question, servers["sdk"], ours, verdicts)
        os.chdir(home)
        wandb.teardown()
    raise SystemExit(0 if verdicts.finish(whole=not arguments.question) else 1)


if __name__ == "__main__":
    main()
