"""The sixteen examples of the SDK's documentation, and the equivalent with wandb-export.

The SDK's calls are those of the documentation, with paths filled in.
"""

from __future__ import annotations

import dataclasses
import json
import math
import pathlib
import shlex
from collections.abc import Callable, Iterator

import numpy
import pandas
import wandb

PROJECT = "my-team/my-project"
RUN = f"{PROJECT}/abc123"
OTHER = f"{PROJECT}/def456"
SWEEP = f"{PROJECT}/sw33p1d"
# Examples change only copies of runs, so that other examples do not see the changes.
CHANGED = [f"my-team/my-copies/{run}" for run in ["abc123", "def456", "ghi789"]]
# The values of the histogram, which the example program also uses.
SAMPLES = [number * number % 997 for number in range(1000)]


@dataclasses.dataclass(frozen=True)
class Documented:
    """An example. Both answers are plain values, which must be equal."""

    name: str
    # Takes the working directory.
    sdk: Callable[[pathlib.Path], object]
    ours: Callable[[object], object]
    # The run that it changes, whose stored values are compared as well.
    changes: str | None = None


def all_of(api) -> Iterator[Documented]:
    for function in [
        run_path, read_metrics, compare_two_runs, update_metrics, update_config, metrics_to_csv, unsampled_metrics,
        project_to_csv, download_file, download_all_files, best_model, runs_of_a_sweep, system_metrics,
        update_summary, command_of_a_run, paged_history,
    ]:  # fmt: skip
        yield function(api)


def plain(value):
    """Converts a value of numpy or pandas to a plain Python value."""
    return value.item() if isinstance(value, numpy.generic) else value


def run_path(api) -> Documented:
    forms = [RUN, f"/{RUN}", f"{PROJECT}/runs/abc123", f"{PROJECT}:abc123"]

    def sdk(_):
        return [["/".join(api.run(form).path) for form in forms], api.run(RUN).url.replace(api.settings["base_url"], "")]

    def ours(tool):
        url = tool.rows("run", RUN)[0]["url"]
        paths = [tool.text("run", form, "--path").strip() for form in forms]
        # The URL of the page is another form, which the SDK does not accept.
        if tool.text("run", url, "--path").strip() != RUN:
            raise ValueError(f"{url} is read as another run")
        return [paths, url.replace(tool.server.base_url, "")]

    return Documented("01 find the run path", sdk, ours)


def read_metrics(api) -> Documented:
    def sdk(_):
        run = api.run(RUN)
        found = []
        if run.state == "finished":
            for _, row in run.history().iterrows():
                found.append([plain(row["_timestamp"]), plain(row["accuracy"])])
        return found

    def ours(tool):
        if tool.rows("run", RUN)[0]["state"] != "finished":
            return []
        return [[row["_timestamp"], row["accuracy"]] for row in tool.rows("history", RUN)]

    return Documented("02 read metrics of a run", sdk, ours)


def compare_two_runs(api) -> Documented:
    names = ["plain-lake-1", "brave-hill-2"]

    def sdk(_):
        runs = [api.run(RUN), api.run(OTHER)]
        frame = pandas.DataFrame([run.config for run in runs]).transpose()
        frame.columns = [run.name for run in runs]
        differing = frame[frame[names[0]] != frame[names[1]]]
        return {"differing": sorted(differing.index), "configs": [run.config for run in runs]}

    def ours(tool):
        differing = {row["key"].split(".")[0] for row in tool.rows("compare", RUN, OTHER)}
        configs = [{}, {}]
        for row in tool.rows("compare", RUN, OTHER, "--all"):
            for config, name in zip(configs, names):
                if name in row:
                    insert(config, row["key"].split("."), row[name])
        return {"differing": sorted(differing), "configs": configs}

    return Documented("03 compare two runs", sdk, ours)


def insert(config: dict, keys: list[str], value) -> None:
    for key in keys[:-1]:
        config = config.setdefault(key, {})
    config[keys[-1]] = value


def update_metrics(api) -> Documented:
    def sdk(_):
        run = api.run(CHANGED[0])
        run.summary["accuracy"] = 0.9
        run.summary["samples"] = wandb.Histogram(SAMPLES)
        run.summary.update()

    def ours(tool):
        # The library computes a histogram from values; the command only takes a finished one.
        tool.text("set", "summary", CHANGED[0], "accuracy=0.5")
        tool.example("04_update_metrics", CHANGED[0])

    return Documented("04 update metrics after the run", sdk, ours, changes=CHANGED[0])


def update_config(api) -> Documented:
    def sdk(_):
        run = api.run(CHANGED[1])
        run.config["key"] = 10
        run.update()

    def ours(tool):
        tool.text("set", "config", CHANGED[1], "key=10")

    return Documented("05 update config", sdk, ours, changes=CHANGED[1])


def metrics_to_csv(api) -> Documented:
    def sdk(folder):
        api.run(RUN).history().to_csv("metrics.csv")
        return frame_of(folder / "metrics.csv")

    def ours(tool):
        tool.text("history", RUN, "-o", "metrics.csv")
        return frame_of(tool.folder / "metrics.csv")

    return Documented("06 metrics of a run to CSV", sdk, ours)


def frame_of(path: pathlib.Path) -> list[dict]:
    """Returns the rows of a CSV file as pandas reads it, without its index."""
    frame = pandas.read_csv(path, float_precision="round_trip")
    frame = frame.drop(columns=[name for name in frame.columns if name == "Unnamed: 0"])
    return [{key: plain(value) for key, value in row.items()} for row in frame.to_dict("records")]


def unsampled_metrics(api) -> Documented:
    def sdk(_):
        return [row["Loss"] for row in api.run(RUN).scan_history()]

    def ours(tool):
        return [row["Loss"] for row in tool.rows("history", RUN, "--all", "--keys", "Loss")]

    return Documented("07 unsampled metrics", sdk, ours)


def project_to_csv(api) -> Documented:
    def sdk(folder):
        summaries, configs, names = [], [], []
        for run in api.runs(PROJECT):
            summaries.append(run.summary._json_dict)
            configs.append({key: value for key, value in run.config.items() if not key.startswith("_")})
            names.append(run.name)
        frame = pandas.DataFrame({"summary": summaries, "config": configs, "name": names})
        frame.to_csv("project.csv")
        written = pandas.read_csv(folder / "project.csv")
        words = {"nan": math.nan, "inf": math.inf}
        return [
            cells({"name": row["name"], **{key: eval(row[key], words) for key in ["config", "summary"]}})
            for _, row in written.iterrows()
        ]

    def ours(tool):
        tool.text("project", PROJECT, "-o", "project.csv")
        written = pandas.read_csv(
            tool.folder / "project.csv", dtype=str, keep_default_na=False, float_precision="round_trip"
        )
        return [{key: read_cell(text) for key, text in row.items() if text} for row in written.to_dict("records")]

    return Documented("08 all runs of a project to CSV", sdk, ours)


def cells(row: dict, prefix: str = "") -> dict:
    """Joins the keys of nested dictionaries in a row, as in a table. A null is an empty cell."""
    flat = {}
    for key, value in row.items():
        if isinstance(value, dict) and value:
            flat.update(cells(value, f"{prefix}{key}."))
        elif value is not None:
            flat[f"{prefix}{key}"] = number(value)
    return flat


def read_cell(text: str):
    """Returns the number, list or text of a cell."""
    try:
        return number(json.loads(text))
    except json.JSONDecodeError:
        return {"inf": math.inf, "-inf": -math.inf}.get(text, text)


def number(value):
    """Converts an integer to a double, since a column of a table has one type."""
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def download_file(api) -> Documented:
    def sdk(folder):
        api.run(RUN).file("model-best.h5").download()
        return files_in(folder)

    def ours(tool):
        tool.text("files", RUN, "--name", "model-best.h5", "--download")
        return files_in(tool.folder)

    return Documented("09 download one file", sdk, ours)


def download_all_files(api) -> Documented:
    def sdk(folder):
        for file in api.run(RUN).files():
            file.download()
        return files_in(folder)

    def ours(tool):
        tool.text("files", RUN, "--all", "--download", "-o", "files")
        return files_in(tool.folder / "files")

    return Documented("10 download all files", sdk, ours)


def files_in(folder: pathlib.Path) -> dict[str, str]:
    """Returns the files in a folder, with their bytes as hexadecimal digits."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes().hex() for path in files}


def best_model(api) -> Documented:
    def sdk(folder):
        sweep = api.sweep(SWEEP)
        runs = sorted(sweep.runs, key=lambda run: run.summary.get("val_acc", 0), reverse=True)
        val_acc = runs[0].summary.get("val_acc", 0)
        runs[0].file("model-best.h5").download(replace=True)
        return [runs[0].id, val_acc, files_in(folder)]

    def ours(tool):
        [best] = tool.rows("sweep", SWEEP, "--best", "val_acc", "--maximize")
        path = tool.text("sweep", SWEEP, "--best", "val_acc", "--maximize", "--path").strip()
        tool.text("files", path, "--name", "model-best.h5", "--download", "--replace")
        return [best["id"], best["summary"]["val_acc"], files_in(tool.folder)]

    return Documented("11 best model of a sweep", sdk, ours)


def runs_of_a_sweep(api) -> Documented:
    def sdk(_):
        return [[run.id, run.name, run.state, run.config, run.summary_metrics] for run in api.sweep(SWEEP).runs]

    def ours(tool):
        rows = tool.rows("sweep", SWEEP)
        return [[row["id"], row["name"], row["state"], users(row["config"]), row["summary"]] for row in rows]

    return Documented("12 runs of a sweep", sdk, ours)


def users(config: dict) -> dict:
    """Removes W&B's own keys from a config, as the SDK does."""
    return {key: value for key, value in config.items() if not key.startswith("_")}


def system_metrics(api) -> Documented:
    def sdk(_):
        return records(api.run(RUN).history(stream="events"))

    def ours(tool):
        return tool.rows("history", RUN, "--stream", "system")

    return Documented("13 system metrics", sdk, ours)


def records(frame: pandas.DataFrame) -> list[dict]:
    """Returns the rows of a frame without missing values, which are NaN."""
    rows = frame.to_dict("records")
    return [{key: plain(value) for key, value in row.items() if not pandas.isna(value)} for row in rows]


def update_summary(api) -> Documented:
    def sdk(_):
        run = api.run(CHANGED[2])
        run.summary.update({"key": "val"})

    def ours(tool):
        tool.text("set", "summary", CHANGED[2], "key=val")

    return Documented("14 update the summary with a dict", sdk, ours, changes=CHANGED[2])


def command_of_a_run(api) -> Documented:
    def sdk(_):
        meta = json.load(api.run(RUN).file("wandb-metadata.json").download())
        return ["python"] + [meta["program"]] + meta["args"]

    def ours(tool):
        return shlex.split(tool.text("command", RUN))

    return Documented("15 the command that started a run", sdk, ours)


def paged_history(api) -> Documented:
    def sdk(_):
        run = api.run(RUN)
        columns = set(run.history().columns)
        return list(run.scan_history(keys=sorted(columns), page_size=100))

    def ours(tool):
        columns = {key for row in tool.rows("history", RUN) for key in row}
        chosen = ",".join(sorted(columns))
        return tool.rows("history", RUN, "--all", "--keys", chosen, "--page-size", "100")

    return Documented("16 paged history", sdk, ours)
