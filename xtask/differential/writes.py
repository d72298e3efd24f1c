"""Changes runs to random values with the SDK and with wandb-export, beyond the examples of the documentation.

The runs are added to those of the examples before the servers start. The same seed gives the same runs and changes.
"""

from __future__ import annotations

import json
import math
import pathlib
import random
import shutil
from collections.abc import Iterator

import random_runs

ENTITY, PROJECT = "my-team", "random-writes"
# Copies of the examples' runs for the examples that change one, so that other examples do not see the changes.
COPIES = "my-copies"
# Number of runs per kind of change.
RUNS = 6
KEYS = ["accuracy", "val/loss", "a.b", "a", "ünï 漢字🚀", 'quo"te', "new\nline", "x y", "=", "-k", "best", "key"]


def value(rng: random.Random, depth: int = 0):
    """Returns a random value for a summary or config."""
    kind = rng.choice(["scalar", "scalar", "scalar", "list", "nested"] if depth < 3 else ["scalar"])
    if kind == "list":
        return [value(rng, depth + 1) for _ in range(rng.randrange(4))]
    if kind == "nested":
        return entries(rng, rng.randrange(4), depth + 1)
    return random_runs.scalar(rng, rng.choice(random_runs.SCALARS))


def entries(rng: random.Random, count: int, depth: int = 0) -> dict:
    return {key: value(rng, depth) for key in rng.sample(KEYS, count)}


def add_runs(source: pathlib.Path, folder: pathlib.Path, seed: int) -> pathlib.Path:
    """Copies the runs of the examples, and adds those to change."""
    shutil.copytree(source, folder)
    copied = add_project(folder, COPIES, 4_000)
    for run in sorted(source.glob(f"{ENTITY}/my-project/*/run.json")):
        shutil.copytree(run.parent, copied / run.parent.name)
        saved = json.loads(run.read_text(encoding="utf-8"))
        saved["facts"].update(number=saved["facts"]["number"] + 4_000, sweep=None)
        write(copied / run.parent.name, saved)
    project = add_project(folder, PROJECT, 5_000)
    for number, (name, _) in enumerate(changes()):
        rng = random.Random(f"{seed}/run/{name}")
        facts, _, _ = random_runs.run(rng, 4_001 + number)
        config = {key: {"value": item, "desc": None} for key, item in entries(rng, 5).items()}
        config["_wandb"] = {"value": {"cli_version": "0.31.0"}, "desc": None}
        facts.update(name=name, state="finished", config=json.dumps(config), summary=json.dumps(entries(rng, 6)))
        write(project / name, {"facts": facts, "files": {}})
    return folder


def add_project(folder: pathlib.Path, name: str, number: int) -> pathlib.Path:
    project = folder / ENTITY / name
    project.mkdir()
    facts = {
        "number": number, "entity": ENTITY, "name": name, "description": None,
        "created_at": "2025-01-01T00:00:00Z", "sweeps": {},
    }  # fmt: skip
    (project / "project.json").write_text(json.dumps(facts), encoding="utf-8")
    return project


def write(run: pathlib.Path, saved: dict) -> None:
    run.mkdir(exist_ok=True)
    (run / "run.json").write_text(json.dumps(saved), encoding="utf-8")


def changes() -> Iterator[tuple[str, object]]:
    """Yields the names of the runs, and the change to each."""
    for kind in [summary_update, summary_items, summary_nested, summary_delete, config_update, config_delete, facts_update]:
        for number in range(RUNS):
            yield f"{kind.__name__.replace('_', '-')}-{number}", kind


def all_of(api, seed: int) -> Iterator[object]:
    for name, kind in changes():
        yield kind(api, name, f"{ENTITY}/{PROJECT}/{name}", random.Random(f"{seed}/change/{name}"))


def from_file(tool, field: str, path: str, chosen: dict) -> None:
    """Sets entries from a JSON file, as Python writes it."""
    (tool.folder / "entries.json").write_text(json.dumps(chosen), encoding="utf-8")
    tool.text("set", field, path, "--from", "entries.json")


def question(name: str, path: str, sdk, ours):
    from snippets import Documented

    return Documented(f"write {name}", sdk, ours, changes=path)


def summary_update(api, name: str, path: str, rng: random.Random):
    chosen = {**entries(rng, rng.randrange(1, 6)), "diverged": math.nan, "grown": {"loss": math.inf, "all": [math.nan]}}
    return question(
        name,
        path,
        lambda _: api.run(path).summary.update(chosen),
        lambda tool: from_file(tool, "summary", path, chosen),
    )


def summary_items(api, name: str, path: str, rng: random.Random):
    chosen = entries(rng, rng.randrange(1, 6))

    def sdk(_):
        run = api.run(path)
        for key, item in chosen.items():
            run.summary[key] = item
        run.summary.update()

    return question(name, path, sdk, lambda tool: from_file(tool, "summary", path, chosen))


def summary_nested(api, name: str, path: str, rng: random.Random):
    """Sets keys of an object in the summary, and keeps its others."""
    chosen = entries(rng, rng.randrange(1, 6))
    # Random runs have no such key.
    start = {"outer": {"key": 1, "inner": {"old": [1]}, "stays": None}}

    def sdk(_):
        run = api.run(path)
        run.summary.update(start)
        for key, item in chosen.items():
            run.summary["outer"]["inner"][key] = item
        run.summary.update()

    def ours(tool):
        from_file(tool, "summary", path, start)
        literal = {key: key.replace("\\", "\\\\").replace(".", "\\.").replace("=", "\\=") for key in chosen}
        plain = {key: json.dumps(item) for key, item in chosen.items()}
        tool.text("set", "summary", path, *(f"outer.inner.{literal[key]}:={plain[key]}" for key in chosen))

    return question(name, path, sdk, ours)


def summary_delete(api, name: str, path: str, rng: random.Random):
    def chosen(keys) -> str:
        return sorted(keys)[len(path) % len(keys)]

    picked: list[str] = []

    def sdk(_):
        run = api.run(path)
        picked[:] = [chosen(run.summary.keys())]
        del run.summary[picked[0]]
        run.summary.update()

    return question(name, path, sdk, lambda tool: tool.text("set", "summary", path, f"--delete={picked[0]}") and None)


def config_update(api, name: str, path: str, rng: random.Random):
    chosen = entries(rng, rng.randrange(1, 6))

    def sdk(_):
        run = api.run(path)
        run.config.update(chosen)
        run.update()

    return question(name, path, sdk, lambda tool: from_file(tool, "config", path, chosen))


def config_delete(api, name: str, path: str, rng: random.Random):
    picked: list[str] = []

    def sdk(_):
        run = api.run(path)
        picked[:] = sorted(run.config)[-1:]
        del run.config[picked[0]]
        run.update()

    return question(name, path, sdk, lambda tool: tool.text("set", "config", path, f"--delete={picked[0]}") and None)


def facts_update(api, name: str, path: str, rng: random.Random):
    words = [word for word in random_runs.WORDS if word]
    title, notes, group = (rng.choice(words) for _ in range(3))
    tags = rng.sample(["a", "b", "c d", "ü", "v1.0"], rng.randrange(1, 4))

    def sdk(_):
        run = api.run(path)
        run.name, run.notes, run.group, run.tags = title, notes, group, tags
        run.update()

    def ours(tool):
        tool.text("set", "name", path, title)
        tool.text("set", "notes", path, notes)
        tool.text("set", "group", path, group)
        tool.text("set", "tags", path, *tags)

    return question(name, path, sdk, ours)
