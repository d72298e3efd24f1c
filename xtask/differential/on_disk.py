"""Runs that the official SDK logs online are the same run twice: on the server, and in the file that it writes meanwhile.

    python on_disk.py --program PATH --server PATH --seed N

Logs random runs, then asks wandb-export for each of them from both places and compares the answers, value by value:
rows, system metrics, config, summary, the facts that both know, and files with what is in them.
docs/runs-on-disk.md lists what a server has otherwise. The last line is `N passed, N failed`.
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
# Seconds for the SDK's first sample of the system; usually it takes a few tenths of one.
PATIENCE = 60
FACTS = ["id", "path", "name", "state", "entity", "project", "tags", "group", "job_type", "notes", "history_line_count"]


def log(rng: random.Random, number: int) -> None:
    """Logs one run as a user's program does."""
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
    # A run of few rows would end before anything was measured, and leave nothing to compare.
    sampled_until = time.monotonic() + PATIENCE
    while not run._system_metrics:
        assert time.monotonic() < sampled_until, f"run-{number}: no system metrics after {PATIENCE} s"
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
    """wandb-export, where the runs are."""

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
        """No key, and a server that is none."""
        return self.ask(*arguments, WANDB_API_KEY=None, WANDB_BASE_URL="none")


def told(run: dict) -> dict:
    """What of a run both places know. An upload leaves out nulls of a summary."""
    facts = {name: run.get(name) for name in FACTS}
    # A server has no notes where there is an empty text, or the other way round.
    facts["notes"] = facts["notes"] or None
    facts["summary"] = {key: item for key, item in run["summary"].items() if item is not None}
    return {**facts, "config": run["config"]}


def sent(item):
    """What the SDK makes of a value while it sends it: whole numbers lose their point."""
    if isinstance(item, float) and item.is_integer() and abs(item) < 1e15:
        return int(item)
    if isinstance(item, dict):
        return {key: sent(inner) for key, inner in item.items()}
    return [sent(inner) for inner in item] if isinstance(item, list) else item


def questions(tool: Tool, number: int, place: str):
    """Names, and what both say."""
    path = f"{ENTITY}/{PROJECT}/run-{number}"
    for name, words in [("rows", ["--all"]), ("system", ["--all", "--stream", "system"])]:
        ours = tool.on_disk("history", place, *words)
        yield name, tool.ask("history", path, *words), ours if name == "rows" else sent(ours)
    (theirs,), (ours,) = tool.ask("run", path), tool.on_disk("run", place)
    yield "run", told(theirs), sent(told(ours))
    theirs, ours = files(tool.ask, path), files(tool.on_disk, place)
    assert "saved.txt" in ours, ours
    # The server makes some of its own, and gets the output with times before the lines.
    del ours["output.log"]
    yield "files", {name: theirs.get(name) for name in ours}, ours


def files(ask, run: str) -> dict:
    """The sizes of a run's files as they are listed, and the digests of what is downloaded."""
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
