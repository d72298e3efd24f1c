"""Compares the tables and media that the official SDK logs with those that wandb-export reads.

    python logged.py --program PATH --server PATH --seed N

Logs random tables with columns of every type, and media of every kind that needs no heavy package, online to the local
server. Then reads them with wandb-export from the server and from disk:

- `table` of a run prints the rows that the SDK has saved in the run's file.
- `table` of an artifact's file prints the values that `Table.from_json` returns, which is what `artifact.get` does.
- `media` lists every object with a `_type` that the history has, and downloads exactly the files that they name.

The last line is `N passed, N failed`.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import os
import pathlib
import random
import subprocess
import tempfile

from exact import describe, differences
from servers import Server

ENTITY, PROJECT, RUN = "local-team", "logged", "everything"
PATH = f"{ENTITY}/{PROJECT}/{RUN}"
TABLES = 8
WORDS = ["", "a", "NaN", "Infinity", "null", "5", "ünï 漢字🚀", 'quo"te', "new\nline", "tab\t", "a,b", " "]
UTC = datetime.timezone.utc


class Tool:
    """Runs wandb-export in the folder of the runs."""

    def __init__(self, program: pathlib.Path, folder: str):
        self.program, self.folder = program, folder

    def ask(self, *arguments: str) -> list[dict]:
        command = [self.program, *arguments, "-f", "jsonl", "--no-progress"]
        ended = subprocess.run(command, cwd=self.folder, capture_output=True, timeout=300)
        if ended.returncode != 0:
            raise RuntimeError(f"{command}: exit code {ended.returncode}: {ended.stderr.decode('utf-8', 'replace')}")
        return [json.loads(line) for line in ended.stdout.decode("utf-8").split("\n") if line]


def cell(rng: random.Random, kind: str):
    if rng.random() < 0.1:
        return None
    match kind:
        case "number":
            return rng.choice([rng.randrange(-(2**62), 2**62), rng.uniform(-1, 1), 1e300, -0.0, 0, 2**53 + 1])
        case "integer":
            return rng.randrange(-5, 5)
        case "string":
            return rng.choice(WORDS)
        case "boolean":
            return rng.random() < 0.5
        case "timestamp":
            return datetime.datetime.fromtimestamp(rng.randrange(0, 2**31), UTC).replace(microsecond=rng.randrange(1000) * 1000)
        case "list":
            return [rng.randrange(9) for _ in range(rng.randrange(4))]
        case "typedDict":
            return {"a": rng.randrange(9), "b": rng.choice(WORDS)}
        case "nested":
            return {"outer": {"inner": [rng.choice(WORDS)]}}
        case "any":
            return rng.choice([1, 0.5, "x", True, [1, "y"], {"k": 1}])
    raise ValueError(kind)


KINDS = ["number", "integer", "string", "boolean", "timestamp", "list", "typedDict", "nested", "any"]


def random_table(rng: random.Random, rows: int, kinds: list[str]):
    """Returns a table with a column of each kind. `allow_mixed_types` gives them the type `any`."""
    import wandb

    columns = [f"{kind} {index}" for index, kind in enumerate(kinds)]
    if "any" in kinds:
        # The SDK cannot save a mixture of texts and numbers as names.
        columns = list(range(len(kinds)))
    data = [[cell(rng, kind) for kind in kinds] for _ in range(rows)]
    return wandb.Table(columns=columns, data=data, allow_mixed_types="any" in kinds)


def tables(seed: int):
    """Yields the names of random tables, and the tables."""
    for number in range(TABLES):
        rng = random.Random(f"{seed}/table/{number}")
        kinds = rng.sample(KINDS[:-1], rng.randrange(1, 6)) if number % 2 else KINDS
        yield f"table-{number}", random_table(rng, [0, 1, 30][number % 3], kinds)


def saved_value(item):
    """Returns a cell with times in a form that `times` gives to the texts of wandb-export, too."""
    if isinstance(item, datetime.datetime):
        return ("time", item.timestamp())
    if isinstance(item, dict):
        return {key: saved_value(inner) for key, inner in item.items()}
    if isinstance(item, (list, tuple)):
        return [saved_value(inner) for inner in item]
    return item


def times(rows: list[dict], expected: list[dict]) -> list[dict]:
    """Parses the texts in the places of times."""
    def parsed(text, wanted):
        is_time = isinstance(wanted, tuple) and isinstance(text, str)
        return ("time", datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()) if is_time else text

    return [{key: parsed(item, other.get(key)) for key, item in row.items()} for row, other in zip(rows, expected)]


def check_artifact_tables(tool: Tool, seed: int):
    """Yields names, and the rows of both sides, for tables as they are in artifacts."""
    import wandb

    for name, table in tables(seed):
        artifact = wandb.Artifact(name, "tables")
        entry = artifact.add(table, name)
        with open(entry.local_path, encoding="utf-8") as file:
            document = json.load(file)
        place = pathlib.Path(tool.folder) / f"{name}.table.json"
        place.write_bytes(pathlib.Path(entry.local_path).read_bytes())
        restored = wandb.Table.from_json(document, artifact)
        columns = [str(column) for column in restored.columns]
        theirs = [dict(zip(columns, map(saved_value, row))) for row in restored.data]
        frame = restored.get_dataframe()
        assert len(frame) == len(theirs) and [str(column) for column in frame.columns] == columns
        ours = tool.ask("table", place.name)
        assert len(theirs) == len(ours), f"{name}: {len(theirs)} rows, ours {len(ours)}"
        yield f"artifact {name}", theirs, times(ours, theirs)
        raw = [dict(zip(columns, row)) for row in document["data"]]
        yield f"artifact {name} --raw", raw, tool.ask("table", place.name, "--raw")


def log(seed: int, folder: pathlib.Path) -> None:
    """Logs the tables and media of a run."""
    import numpy as np
    import wandb

    run = wandb.init(entity=ENTITY, project=PROJECT, id=RUN)
    rng = random.Random(f"{seed}/media")
    for name, table in tables(seed):
        run.log({"tables": {name: table}})
    for number in range(3):
        run.log({"repeated": random_table(rng, 3 + number, ["number", "string"])})
    growing = wandb.Table(columns=["x"], log_mode="INCREMENTAL")
    for number in range(4):
        for value in range(number + 1):
            growing.add_data(10 * number + value)
        run.log({"growing": growing})
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    mask = {"truth": {"mask_data": np.eye(4, dtype=np.uint8), "class_labels": {0: "a", 1: "b"}}}
    boxes = {"found": {"box_data": [{"position": {"minX": 0, "maxX": 1, "minY": 0, "maxY": 1}, "class_id": 1}],
                       "class_labels": {1: "b"}}}  # fmt: skip
    files = {}
    for name in ["sound.wav", "video.mp4", "molecule.pdb"]:
        files[name] = folder / name
        files[name].write_bytes(rng.randbytes(50))
    run.log({
        "image": wandb.Image(pixels, caption="ü, \"one\"", masks=mask, boxes=boxes),
        "images": [wandb.Image(pixels, caption=f"c{index}", masks=mask if index else None) for index in range(3)],
        "uncaptioned": [wandb.Image(pixels), wandb.Image(pixels)],
        "sound": wandb.Audio(str(files["sound.wav"]), caption="beep"),
        "video": wandb.Video(str(files["video.mp4"]), format="mp4"),
        "videos": [wandb.Video(str(files["video.mp4"]), format="mp4", caption="v")] * 2,
        "html": wandb.Html("<p>x</p>"),
        "htmls": [wandb.Html("<p>1</p>"), wandb.Html("<p>2</p>")],
        "cloud": wandb.Object3D(np.arange(9.0).reshape(3, 3)),
        "clouds": [wandb.Object3D(np.arange(9.0).reshape(3, 3)), wandb.Object3D(np.ones((3, 3)))],
        "molecule": wandb.Molecule(str(files["molecule.pdb"]), caption="H2O"),
        "molecules": [wandb.Molecule(str(files["molecule.pdb"]))],
        "mixed": [wandb.Html("<p>3</p>"), wandb.Image(pixels)],
        "histogram": wandb.Histogram([1.0, 2.0, 2.5], num_bins=4),
        "eval": {"deep": {"html": wandb.Html("<p>deep</p>")}},
    })  # fmt: skip
    run.finish()


def objects(item, key: str):
    """Yields every object with a `_type` in a value of a row, with its key."""
    if isinstance(item, dict):
        if "_type" in item:
            yield key, item
        else:
            for inner, value in item.items():
                yield from objects(value, f"{key}.{inner}")
    elif isinstance(item, list):
        for value in item:
            yield from objects(value, key)


def file_names(item) -> list[str]:
    """Returns all files that an object names, in any place."""
    if isinstance(item, dict):
        names = [item["path"]] if isinstance(item.get("path"), str) else []
        if item.get("_type") in ("images/separated", "molecule"):
            names += item["filenames"]
        for key, value in item.items():
            names += file_names(value) if key != "path" else []
        return names
    return [name for value in item for name in file_names(value)] if isinstance(item, list) else []


def check_run(tool: Tool, place: str, history: list[dict]):
    """Yields names, and the values of both sides, for what a run has logged."""
    logged = [(row["_step"], key, item) for row in history for name, value in row.items() for key, item in objects(value, name)]
    listed = tool.ask("media", place)
    names = sorted({name for _, _, item in logged for name in file_names(item)})
    yield f"{place}: files of media", names, sorted({row["path"] for row in listed if "path" in row})
    theirs = sorted({(step, key, item["_type"]) for step, key, item in logged})
    # Masks and boxes are listed beside their image.
    ours = sorted({(row["_step"], row["key"], row["type"]) for row in listed if "layer" not in row})
    yield f"{place}: objects", [list(item) for item in theirs], [list(item) for item in ours]
    for step, key, item in logged:
        if "sha256" in item and "path" in item:
            found = [row for row in listed if (row["_step"], row["key"], row.get("path")) == (step, key, item["path"])]
            facts = ["sha256", "size", "caption", "width", "height"]
            theirs = {name: item[name] for name in facts if name in item}
            ours = {name: found[0][name] for name in facts if found and name in found[0]}
            yield f"{place}: {key} at {step}", theirs, ours
    with tempfile.TemporaryDirectory() as folder:
        tool.ask("media", place, "--download", "-o", folder)
        here = {str(path.relative_to(folder)): path.read_bytes() for path in pathlib.Path(folder).rglob("*") if path.is_file()}
        here = {name: content for name, content in here.items() if not name.startswith(".wandb-export")}
        yield f"{place}: downloads", names, sorted(here)
        digests = {item["path"]: item["sha256"] for _, _, item in logged if "sha256" in item and "path" in item}
        ours = {name: hashlib.sha256(here[name]).hexdigest() for name in digests if name in here}
        yield f"{place}: contents", digests, ours
        for step, key, item in logged:
            if item["_type"] != "table-file":
                continue
            saved = json.loads(here[item["path"]])
            theirs = [dict(zip(map(str, saved["columns"]), row)) for row in saved["data"]]
            yield f"{place}: table {key} at {step}", theirs, tool.ask("table", place, "--key", key, "--step", str(step))
    newest = [item for _, key, item in logged if key == "repeated"][-1]
    assert newest["nrows"] == 5
    yield f"{place}: newest table", 5, len(tool.ask("table", place, "--key", "repeated"))
    yield f"{place}: all tables", 3 + 4 + 5, len(tool.ask("table", place, "--key", "repeated", "--all"))
    grown = [{"x": 10 * number + value} for number in range(4) for value in range(number + 1)]
    yield f"{place}: incremental table", grown, tool.ask("table", place, "--key", "growing")
    (histogram,) = [item for _, key, item in logged if key == "histogram"]
    bins = zip(histogram["bins"], histogram["bins"][1:], histogram["values"])
    theirs = [{"lower": lower, "upper": upper, "count": count} for lower, upper, count in bins]
    ours = [{key: value for key, value in row.items() if key != "_step"} for row in tool.ask("table", place, "--key", "histogram")]
    yield f"{place}: histogram", as_numbers(theirs), as_numbers(ours)


def as_numbers(rows: list[dict]) -> list[dict]:
    """Returns rows of doubles. A server may return whole doubles as integers."""
    return [{key: float(value) for key, value in row.items()} for row in rows]


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
        import wandb

        log(arguments.seed, pathlib.Path(folder))
        wandb.teardown()
        tool = Tool(program, folder)
        history = list(wandb.Api().run(PATH).scan_history())
        assert history, "the SDK finds no rows"
        questions = [
            *check_artifact_tables(tool, arguments.seed),
            *check_run(tool, PATH, history),
            *check_run(tool, f"./wandb/{RUN}", history),
        ]
        for name, theirs, ours in questions:
            found = differences(theirs, ours)
            passed, failed = passed + (not found), failed + bool(found)
            for difference in found[:3]:
                print(f"{name} at {difference.place}: the SDK has {describe(difference.sdk)[:300]}, "
                      f"wandb-export {describe(difference.ours)[:300]}")
        os.chdir("/")
    print(f"{passed} passed, {failed} failed")
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
