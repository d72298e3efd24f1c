"""Writes runs of random shape and values, in the format that the local server loads.

    python random_runs.py DIRECTORY SEED

The same seed gives the same runs. DIRECTORY/to-export.txt lists the runs that the server should export as Parquet,
including recorded ones.
"""

from __future__ import annotations

import datetime
import json
import math
import pathlib
import random
import struct
import sys

ENTITY = "local-team"
PROJECT = "random"
RUNS = 12
MOST_ROWS = 2_500
# Recorded runs, which xtask/fixtures/README.md describes. `empty` has nothing to export.
RECORDED = [
    "scalars", "sparse", "nested", "non-finite", "changing-types", "media", "odd-names", "config-types",
    "late-start", "resumed", "failed", "crashed", "long",
]  # fmt: skip
WORDS = ["", "plain", "NaN", "null", "1", "žluťoučký", "漢字🚀", 'quote " comma , semi ;', "line\nbreak", "\u2028\x7f"]


def any_double(rng: random.Random) -> float:
    """Returns any double except NaN, whose payload JSON cannot represent."""
    while True:
        (value,) = struct.unpack(">d", rng.randbytes(8))
        if not math.isnan(value):
            return value


def scalar(rng: random.Random, kind: str):
    if kind == "double":
        return any_double(rng)
    if kind == "usual":
        return rng.gauss(0, 1)
    if kind == "integer":
        return rng.choice([0, 1, -1, 2**53 + 1, 2**63 - 1, -(2**63), rng.randrange(-(2**62), 2**62)])
    if kind == "whole":
        return float(rng.randrange(-1000, 1000))
    if kind == "non-finite":
        return rng.choice([math.nan, math.inf, -math.inf, "NaN", "Infinity", "-Infinity", rng.random(), -0.0])
    if kind == "boolean":
        return rng.random() < 0.5
    if kind == "text":
        return rng.choice(WORDS)
    if kind == "null":
        return rng.choice([None, rng.random()])
    raise ValueError(kind)


SCALARS = ["double", "usual", "integer", "whole", "non-finite", "boolean", "text", "null"]


def value(rng: random.Random, kind: str):
    if kind == "mixed":
        return value(rng, rng.choice([*SCALARS, "list", "nested"]))
    if kind == "list":
        return [scalar(rng, rng.choice(SCALARS)) for _ in range(rng.randrange(4))]
    if kind == "nested":
        return {"a": scalar(rng, "usual"), "b": {"c": scalar(rng, "integer"), "d.e": scalar(rng, "text")}}
    if kind == "histogram":
        bins = rng.randrange(1, 6)
        edges = sorted(rng.random() for _ in range(bins + 1))
        return {"_type": "histogram", "values": [rng.randrange(9) for _ in range(bins)], "bins": edges}
    return scalar(rng, kind)


def rows(rng: random.Random) -> list[dict]:
    kinds = rng.choices([*SCALARS, "mixed", "list", "nested", "histogram"], k=rng.randrange(1, 10))
    columns = [
        (f"{rng.choice(['', 'train/', 'a.b.', 'ünï '])}{kind}_{index}", kind, rng.choice([1, 1, 0.5, 0.01]))
        for index, kind in enumerate(kinds)
    ]
    step, found = rng.choice([0, 0, 17, 5_000]), []
    start = 1.7e9 + rng.random()
    for _ in range(rng.choice([1, 10, 400, rng.randrange(MOST_ROWS)])):
        row = {"_step": step, "_runtime": step * 0.25, "_timestamp": start + step * 0.25}
        row.update((name, value(rng, kind)) for name, kind, share in columns if rng.random() < share)
        found.append(row)
        step += rng.choice([1, 1, 1, 2, 50])
    # A gap wider than any page.
    if rng.random() < 0.5:
        found.append({**found[-1], "_step": step + 30_000})
    return found


def run(rng: random.Random, number: int) -> tuple[dict, list[dict], list[dict]]:
    history = rows(rng)
    created = datetime.datetime(2025, 1, 1) + datetime.timedelta(hours=number, seconds=rng.randrange(3_000))
    config = {f"{kind}_{index}": value(rng, kind) for index, kind in enumerate([*SCALARS, "nested", "list"])}
    config["lr"] = rng.choice([0.1, 0.01, 0.001])
    summary = {key: item for row in history for key, item in row.items()}
    events = [
        {"_runtime": index * 2.0, "_timestamp": 1.7e9 + index * 2, "system.cpu": rng.random() * 100,
         "system.gpu.0.gpu": rng.choice([rng.randrange(100), rng.random()])}
        for index in range(rng.randrange(30))
    ]  # fmt: skip
    facts = {
        "number": 1_000 + number,
        "name": f"random-{number}",
        "display_name": f"random {rng.choice(WORDS)} {number}",
        "state": rng.choice(["finished", "finished", "failed", "crashed", "killed"]),
        "config": json.dumps({key: {"value": item, "desc": None} for key, item in config.items()}),
        "summary": json.dumps(summary),
        "tags": rng.sample(["a", "b", "c d", "ü"], rng.randrange(3)),
        "notes": rng.choice([None, *WORDS]),
        "description": None,
        "group": rng.choice([None, "g1", "g2"]),
        "job_type": rng.choice([None, "train", "eval"]),
        "commit": None,
        "host": None,
        "program": "train.py",
        "sweep": None,
        "user": "local",
        "created_at": created.isoformat() + "Z",
        "heartbeat_at": (created + datetime.timedelta(minutes=5)).isoformat() + "Z",
        "exit_code": 0,
        "stopped": False,
    }
    return facts, history, events


def write_lines(path: pathlib.Path, lines: list[dict]) -> None:
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


def main() -> None:
    directory, seed = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    project = directory / ENTITY / PROJECT
    project.mkdir(parents=True)
    facts = {
        "number": 999, "entity": ENTITY, "name": PROJECT, "description": None,
        "created_at": "2025-01-01T00:00:00Z", "sweeps": {},
    }  # fmt: skip
    (project / "project.json").write_text(json.dumps(facts), encoding="utf-8")
    paths = [f"{ENTITY}/demo/{name}" for name in RECORDED]
    for number in range(RUNS):
        # Each run has its own generator, so that a change of one does not affect later ones.
        facts, history, events = run(random.Random(f"{seed}/{number}"), number)
        folder = project / facts["name"]
        folder.mkdir()
        (folder / "run.json").write_text(json.dumps({"facts": facts, "files": {}}), encoding="utf-8")
        write_lines(folder / "history.jsonl", history)
        write_lines(folder / "events.jsonl", events)
        paths.append(f"{ENTITY}/{PROJECT}/{facts['name']}")
    (directory / "to-export.txt").write_text("\n".join(paths) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
