"""Compares runs on the server with the local files that the official SDK writes while it logs them online.

    python on_disk.py --program PATH --server PATH --seed N

Logs random runs, then reads each of them with wandb-export from both places, and compares the results value by value:
rows, system metrics, config, summary, common facts, and files with their content.
docs/runs-on-disk.md lists the differences of a server. The last line is `N passed, N failed`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import pathlib
import random
import subprocess
import tempfile
import time

from exact import describe, differences
from random_runs import rows, value
from servers import Server

ENTITY = "local-team"
PROJECT = "on-disk"
RUNS = 6
MOST_ROWS = 400
# Timeout in seconds for the SDK's first system metrics, which usually take a few tenths of a second.
TIMEOUT = 60
FACTS = ["id", "path", "name", "state", "entity", "project", "tags", "group", "job_type", "notes", "history_line_count"]


def log(rng: random.Random, number: int) -> None:
    """Logs a run as a user's program does."""
    import wandb

    kinds = ["double", "usual", "integer", "whole", "boolean", "text", "nested", "list", "null"]
    run = wandb.init(
        entity=ENTITY,
        project=PROJECT,
        id=f"run-{number}",
        name=f"run {number} žluťoučký",
        notes=rng.choice([None, "first\nsecond", "漢字🚀"]),
        tags=rng.sample(["a", "b", "c d", "ü"], rng.randrange(3)),
        group=rng.choice([None, "g1"]),
        job_type=rng.choice([None, "train"]),
        config={f"{kind}_{index}": value(rng, kind) for index, kind in enumerate(kinds)},
        settings=wandb.Settings(x_stats_sampling_interval=0.1, x_stats_buffer_size=1),
    )
    # A short run would end before any system metrics exist to compare.
    sampled_until = time.monotonic() + TIMEOUT
    while not run._system_metrics:
        assert time.monotonic() < sampled_until, f"run-{number}: no system metrics after {TIMEOUT} s"
        time.sleep(0.05)
    run.define_metric("train/*", summary="min,max")
    for row in rows(rng)[:MOST_ROWS]:
        step = row.pop("_step")
        row = {key: item for key, item in row.items() if not key.startswith("_")}
        if number % 2:
            run.log(row or {"empty": 0}, step=step)
        else:
            run.log(row or {"empty": 0})
    run.config.update({"later": {"x": number, "y": [1, 2.5, None]}}, allow_val_change=True)
    run.summary["from-user"] = {"a": number}
    run.summary["text"] = "plain"
    (pathlib.Path(run.dir) / "saved.txt").write_text(f"run {number}\n", encoding="utf-8")
    run.save("saved.txt")
    print(f"\rprogress {number}\rdone {number}")
    run.finish(exit_code=3 if number == 3 else 0)


class Tool:
    """Runs wandb-export in the folder of the runs."""

    def __init__(self, program: pathlib.Path, folder: str):
        self.program, self.folder = program, folder

    def ask(self, *arguments: str, **environment: str | None) -> list[dict]:
        known = {**os.environ, **environment}
        known = {name: value for name, value in known.items() if value is not None}
        command = [self.program, *arguments, "-f", "jsonl", "--no-progress"]
        ended = subprocess.run(command, cwd=self.folder, env=known, capture_output=True, timeout=300)
        if ended.returncode != 0:
            raise RuntimeError(f"{command}: exit code {ended.returncode}: {ended.stderr.decode('utf-8', 'replace')}")
        return [json.loads(line) for line in ended.stdout.decode("utf-8").split("\n") if line]

    def on_disk(self, *arguments: str) -> list[dict]:
        """Runs a command without an API key and with an invalid server."""
        return self.ask(*arguments, WANDB_API_KEY=None, WANDB_BASE_URL="none")


def common_facts(run: dict) -> dict:
    """Returns the facts that both places have. An upload drops nulls of a summary."""
    facts = {name: run.get(name) for name in FACTS}
    # Empty notes may be null on either side.
    facts["notes"] = facts["notes"] or None
    facts["summary"] = {key: item for key, item in run["summary"].items() if item is not None}
    return {**facts, "config": run["config"]}


def as_uploaded(item):
    """Changes a value as the SDK does when it uploads it: whole doubles become integers."""
    if isinstance(item, float) and item.is_integer() and abs(item) < 1e15:
        return int(item)
    if isinstance(item, dict):
        return {key: as_uploaded(inner) for key, inner in item.items()}
    return [as_uploaded(inner) for inner in item] if isinstance(item, list) else item


def questions(tool: Tool, number: int, place: str):
    """Yields names, and the results of both places."""
    path = f"{ENTITY}/{PROJECT}/run-{number}"
    for name, words in [("rows", ["--all"]), ("system", ["--all", "--stream", "system"])]:
        ours = tool.on_disk("history", place, *words)
        yield name, tool.ask("history", path, *words), ours if name == "rows" else as_uploaded(ours)
    (theirs,), (ours,) = tool.ask("run", path), tool.on_disk("run", place)
    yield "run", common_facts(theirs), as_uploaded(common_facts(ours))
    theirs, ours = files(tool.ask, path), files(tool.on_disk, place)
    assert "saved.txt" in ours, ours
    # The server has additional files, and its output has times before the lines.
    del ours["output.log"]
    yield "files", {name: theirs.get(name) for name in ours}, ours


def files(ask, run: str) -> dict:
    """Returns the listed sizes of a run's files, and the digests of their downloaded content."""
    sizes = {file["name"]: file["size"] for file in ask("files", run)}
    with tempfile.TemporaryDirectory() as folder:
        ask("files", run, "--all", "--download", "-o", folder)
        contents = {name: (pathlib.Path(folder) / name).read_bytes() for name in sizes}
    return {name: [sizes[name], hashlib.sha256(content).hexdigest()] for name, content in contents.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", type=pathlib.Path, required=True)
    parser.add_argument("--server", type=pathlib.Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    arguments = parser.parse_args()
    program = arguments.program.resolve()
    pathlib.Path(os.environ["HOME"]).mkdir(parents=True, exist_ok=True)
    passed, failed = 0, 0
    with tempfile.TemporaryDirectory() as folder, Server(arguments.server.resolve()) as server:
        os.environ["WANDB_BASE_URL"] = server.base_url
        os.environ["WANDB_API_KEY"] = server.api_key
        os.environ["WANDB_DIR"] = folder
        os.chdir(folder)
        for number in range(RUNS):
            log(random.Random(f"{arguments.seed}/{number}"), number)
        import wandb

        wandb.teardown()
        tool = Tool(program, folder)
        listed = {run["id"] for run in tool.on_disk("runs", "./wandb")}
        assert listed == {f"run-{number}" for number in range(RUNS)}, listed
        for number in range(RUNS):
            for name, theirs, ours in questions(tool, number, f"./wandb/run-{number}"):
                assert theirs and ours, f"run-{number} {name}: nothing to compare: {theirs!r:.300}, {ours!r:.300}"
                found = differences(theirs, ours)
                passed, failed = passed + (not found), failed + bool(found)
                for difference in found[:3]:
                    print(f"run-{number} {name} at {difference.place}: the server has {describe(difference.sdk)[:300]}, "
                          f"the disk {describe(difference.ours)[:300]}")
        os.chdir("/")
    print(f"{passed} passed, {failed} failed")
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
