"""The questions, each as a call of the official SDK and as arguments of wandb-export."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Callable, Iterator

ENTITY = "local-team"
PROJECTS = ["demo", "random", "sweeps"]
# Longer runs are not read again for every page size.
MANY_ROWS = 20_000


@dataclasses.dataclass(frozen=True)
class Question:
    """A question for both. The answers are plain values."""

    name: str
    sdk: Callable[[], object]
    arguments: list[str]
    # Converts the rows of wandb-export to the SDK's answer.
    read: Callable[[list[dict]], object] = lambda rows: rows
    # Whether these are the rows of a run, which are also written in every format.
    rows: bool = False
    # For a scan of exported rows: the requested keys. The SDK returns some rows twice, and some that lack a key.
    keys: list[str] | None = None


def all_questions(api, source: str) -> Iterator[Question]:
    """Yields all questions for the live server, and for the one with Parquet exports only those that read them."""
    is_live = source == "live"
    if is_live:
        yield from about_listings(api)
    for project in PROJECTS:
        for run in api.runs(f"{ENTITY}/{project}"):
            # The long form, since both take the middle of ENTITY/sweeps/RUN as a keyword, not as a project.
            path = f"{ENTITY}/{project}/runs/{run.id}"
            if is_live:
                yield from about_run(run, path)
            rows = list(run.scan_history())
            yield from about_scan(run, path, rows, source)
            if is_live:
                yield from about_samples(run, path, common_keys(rows))


def about_listings(api) -> Iterator[Question]:
    yield Question("viewer", lambda: api.viewer.username, ["whoami"], lambda rows: rows[0]["username"])
    yield Question(
        "projects",
        lambda: [project.name for project in api.projects(ENTITY)],
        ["projects", ENTITY],
        lambda rows: [row["name"] for row in rows],
    )
    filters = [
        None,
        {"state": "finished"},
        {"state": {"$in": ["failed", "crashed"]}},
        {"state": {"$ne": "finished"}},
        {"tags": "a"},
        {"tags": {"$in": ["a", "ü"]}},
        {"group": "g1"},
        {"jobType": "train"},
        {"display_name": {"$regex": "^random .*1"}},
        {"config.lr": 0.01},
        {"config.lr.value": {"$gte": 0.01}},
        {"summary_metrics._step": {"$lt": 1_000}},
        {"config.never": {"$exists": False}},
        {"$or": [{"config.lr": 0.1}, {"state": "failed"}]},
        {"$and": [{"state": "finished"}, {"$not": {"group": "g1"}}]},
        {"created_at": {"$gt": "2025-01-01T06:00:00Z"}},
        {"username": "local"},
        {"state": "no such state"},
    ]
    orders = ["+created_at", "-created_at", "+display_name", "-summary_metrics._step", "+config.lr"]
    for project in PROJECTS[:2]:
        for chosen in filters:
            yield runs(api, project, chosen, "+created_at")
        for order in orders:
            yield runs(api, project, None, order)
        yield runs(api, project, {"state": "finished"}, "-created_at")


def runs(api, project: str, filters: dict | None, order: str) -> Question:
    path = f"{ENTITY}/{project}"
    arguments = ["runs", path, f"--order={order}"]
    if filters is not None:
        arguments += ["--filter", json.dumps(filters)]
    return Question(
        f"runs {path} {json.dumps(filters, ensure_ascii=False)} {order}",
        lambda: [facts_of_sdk(run) for run in api.runs(path, filters=filters, order=order, per_page=7, lazy=False)],
        arguments,
        lambda rows: [facts_of_row(row) for row in rows],
    )


def about_run(run, path: str) -> Iterator[Question]:
    yield Question(
        f"run {path}",
        lambda: facts_of_sdk(run),
        ["run", path],
        lambda rows: facts_of_row(rows[0]),
    )


def facts_of_sdk(run) -> dict:
    """Returns the facts of a run from the SDK."""
    return {
        "id": run.id,
        "name": run.name,
        "state": run.state,
        "tags": run.tags,
        "group": run.group,
        "job_type": run.job_type,
        "notes": run.notes or None,
        "sweep": run.sweep_name,
        "user": run.user.username,
        "config": run.config,
        "summary": run.summary_metrics,
        "system_metrics": run.system_metrics,
    }


def facts_of_row(row: dict) -> dict:
    """Returns the same facts from a row of wandb-export, which lacks those that the server omits."""
    names = ["id", "name", "state", "tags", "group", "job_type", "sweep", "user", "summary", "system_metrics"]
    facts = {name: row.get(name) for name in names}
    facts["notes"] = row.get("notes") or None
    # The SDK shows its own keys only in `rawconfig`.
    facts["config"] = {key: value for key, value in row["config"].items() if not key.startswith("_")}
    return facts


def about_scan(run, path: str, every_row: list[dict], source: str) -> Iterator[Question]:
    scan = ["history", path, "--all", "--source", source]
    no_keys = [] if source == "exported" else None
    yield Question(f"scan {path}", lambda: every_row, scan, rows=True, keys=no_keys)
    steps = sorted({row["_step"] for row in every_row})
    keys = common_keys(every_row)
    if steps and len(every_row) <= MANY_ROWS:
        # Small pages, but not so small that gaps of thousands of steps take thousands of requests.
        for size in [max(7, (steps[-1] - steps[0]) // 20), 5_000]:
            yield Question(
                f"scan {path} page_size={size}",
                lambda size=size: list(run.scan_history(page_size=size)),
                [*scan, "--page-size", str(size)],
                keys=no_keys,
            )
    for chosen in [keys[:1], keys[:2], keys[-1:]] if keys else []:
        yield Question(
            f"scan {path} keys={chosen}",
            lambda chosen=chosen: list(run.scan_history(keys=chosen, page_size=5_000)),
            [*scan, *keys_option(chosen)],
            keys=chosen if source == "exported" else None,
        )
    if steps and steps[len(steps) // 3] < steps[-1 - len(steps) // 4]:
        low, high = steps[len(steps) // 3], steps[-1 - len(steps) // 4]
        yield Question(
            f"scan {path} steps={low}..{high}",
            lambda: list(run.scan_history(min_step=low, max_step=high)),
            [*scan, "--min-step", str(low), "--max-step", str(high)],
            keys=no_keys,
        )


def about_samples(run, path: str, keys: list[str]) -> Iterator[Question]:
    history = ["history", path]
    for samples in [10, 500]:
        yield Question(
            f"history {path} samples={samples}",
            lambda samples=samples: run.history(samples=samples, pandas=False),
            [*history, "--samples", str(samples)],
        )
    for chosen in [keys[:1], keys[:2]] if keys else []:
        yield Question(
            f"history {path} keys={chosen}",
            lambda chosen=chosen: run.history(keys=chosen, samples=50, pandas=False),
            [*history, *keys_option(chosen), "--samples", "50"],
        )
    yield Question(
        f"system {path}",
        lambda: run.history(stream="system", pandas=False),
        [*history, "--stream", "system"],
    )


def keys_option(keys: list[str]) -> list[str]:
    return ["--keys", ",".join(keys)]


def common_keys(rows: list[dict]) -> list[str]:
    """Returns the users' keys, the most frequent first."""

    def usable(key: str) -> bool:
        # --keys separates keys by commas, so it cannot hold a key with one.
        return not key.startswith("_") and "," not in key

    count = Counter(key for row in rows for key in row if usable(key) and row[key] is not None)
    return [key for key, _ in sorted(count.items(), key=lambda item: (-item[1], item[0]))]
