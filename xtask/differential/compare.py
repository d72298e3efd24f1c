"""Runs the same questions with the official SDK and with wandb-export, and compares the answers value by value.

    python compare.py --program PATH --base-url URL --api-key KEY --source live|exported --report DIR

exact.py defines when two values are equal. Each question goes to wandb-export over both transports, whose output must
be identical. The rows of each run are also written in every format and read back. Differences are written to DIR, and
fail unless they are in known-differences.json. The last line is `N passed, N failed`.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import tempfile

import tables
from exact import MISSING, Difference, Items, describe, differences
from known import Known

TRANSPORTS = ["async", "blocking"]
# Maximum number of differences printed per question. The report has all of them.
MAX_SHOWN = 3
# Maximum number of characters printed of a value.
MAX_CHARACTERS = 500
# Timeout of a command in seconds.
TIMEOUT = 300


class ToolError(Exception):
    """wandb-export failed."""


class Tool:
    """Runs wandb-export over both transports."""

    def __init__(self, program: pathlib.Path, home: pathlib.Path):
        self.program = program
        self.home = home

    def over_each(self, arguments: list[str]) -> list[bytes]:
        """Returns the standard output over each transport. Both run concurrently, each in its own folder."""
        with concurrent.futures.ThreadPoolExecutor(len(TRANSPORTS)) as pool:
            return list(pool.map(lambda transport: self.run(arguments, transport), TRANSPORTS))

    def run(self, arguments: list[str], transport: str) -> bytes:
        folder = self.home / transport
        folder.mkdir(exist_ok=True)
        command = [self.program, *arguments, "--transport", transport, "--no-progress"]
        ended = subprocess.run(command, cwd=folder, capture_output=True, timeout=TIMEOUT)
        if ended.returncode != 0:
            said = ended.stderr.decode("utf-8", "replace").strip()
            raise ToolError(f"exit code {ended.returncode}: {said}")
        return ended.stdout

    def ask(self, arguments: list[str]) -> list[dict]:
        """Returns the rows, which must be identical over both transports."""
        one, other = self.over_each([*arguments, "-f", "jsonl"])
        if one != other:
            raise ToolError("the output of the transports differs")
        return [json.loads(line) for line in one.decode("utf-8").split("\n") if line]

    def write(self, arguments: list[str], ending: str) -> pathlib.Path:
        """Writes a file over each transport. The files must be identical."""
        paths = [self.home / transport / f"rows.{ending}" for transport in TRANSPORTS]
        self.over_each([*arguments, "-o", f"rows.{ending}"])
        if paths[0].read_bytes() != paths[1].read_bytes():
            raise ToolError(f"the {ending} files of the transports differ")
        return paths[0]


class Verdicts:
    """Counts, prints and records the results of questions."""

    def __init__(self, source: str, known: Known, report: pathlib.Path):
        self.source, self.known, self.report = source, known, report
        self.passed = self.failed = self.listed = 0
        self.lines: list[str] = []

    def add(self, question: str, found: list[Difference]) -> None:
        unknown = []
        for it in found:
            known = self.known.covers(self.source, question, it)
            mark = "known" if known else "DIFFERENT"
            self.lines.append(f"{mark}  {question}  {it.place}\n    {format_difference(it)}")
            if not known:
                unknown.append(it)
        self.listed += len(found) - len(unknown)
        if not unknown:
            self.passed += 1
            return
        self.failed += 1
        print(f"DIFFERENT {question}: {len(unknown)} places")
        for it in unknown[:MAX_SHOWN]:
            print(f"    {it.place or '(all)'}: {format_difference(it)}", flush=True)

    def finish(self, whole: bool) -> bool:
        # With a subset of the questions, an unused entry may belong to another question.
        for entry in self.known.unseen(self.source) if whole else []:
            self.failed += 1
            print(f"a known difference no longer occurs: {entry}")
        self.report.mkdir(parents=True, exist_ok=True)
        (self.report / "differences.txt").write_text("\n".join(self.lines) + "\n", encoding="utf-8")
        print(f"{self.source}: {self.listed} known differences; all differences are in {self.report}")
        print(f"{self.passed} passed, {self.failed} failed")
        # A subset of the questions may have none of this kind.
        return self.failed == 0 and (self.passed > 0 or not whole)


def format_difference(it: Difference) -> str:
    """Formats both values, truncated if they are long."""
    theirs, ours = (describe(value)[:MAX_CHARACTERS] for value in (it.sdk, it.ours))
    return f"sdk {theirs}, ours {ours}"


def answer(question, tool: Tool) -> tuple[list[Difference], list[dict]]:
    """Returns the differences, and the rows of wandb-export."""
    try:
        rows = tool.ask(question.arguments)
    except (ToolError, ValueError, subprocess.TimeoutExpired) as problem:
        return [Difference("", "an answer", f"{problem}")], []
    try:
        theirs = question.sdk()
    except Exception as problem:  # noqa: BLE001: whatever the SDK raises is its answer.
        return [Difference("", f"raises {type(problem).__name__}: {problem}", "an answer")], rows
    found = []
    ours = question.read(rows)
    if question.keys is not None:
        theirs, found = clean_rows(theirs, ours, question.keys)
    return found + differences(theirs, ours), rows


def clean_rows(theirs: list[dict], ours: list[dict], keys: list[str]) -> tuple[list[dict], list[Difference]]:
    """Removes the SDK's errors from the rows of an exported history. Returns the rows, and the number removed as differences.

    The errors are rows that lack one of the keys, and second copies of a step. A null may be a missing key or a logged
    null: our row of that step decides. Of two copies, the one more similar to ours is kept, since the SDK returns both the
    exported and the live one, which may differ.
    """
    found = []
    by_step = {row.get("_step"): row for row in ours}

    def has_all(row: dict) -> bool:
        return row.get("_step") in by_step or all(row.get(key) is not None for key in keys)

    complete = [row for row in theirs if has_all(row)]
    if len(complete) != len(theirs):
        found.append(Difference("rows without the keys", Items(len(theirs)), Items(len(complete))))
    copies: dict[object, list[dict]] = {}
    for row in complete:
        copies.setdefault(row.get("_step"), []).append(row)
    if len(copies) != len(complete):
        found.append(Difference("repeated rows", Items(len(complete)), Items(len(copies))))
    def dissimilarity(row: dict) -> int:
        # The exported copy has null for every missing key.
        found = differences(row, by_step.get(row.get("_step"), {}))
        return sum(not (it.sdk is None and it.ours is MISSING) for it in found)

    return [min(rows, key=dissimilarity) for rows in copies.values()], found


def files(question, rows: list[dict], tool: Tool, verdicts: Verdicts) -> None:
    """Writes the rows in every format and reads them back."""
    for ending in tables.FORMATS:
        try:
            path = tool.write(question.arguments, ending)
            if ending == "jsonl":
                found = differences(rows, [json.loads(line) for line in path.read_text("utf-8").split("\n") if line])
            elif ending == "csv":
                found = tables.csv_differences(rows, path)
            else:
                found = tables.table_differences(rows, path)
        except (ToolError, subprocess.TimeoutExpired) as problem:
            found = [Difference("", "a file", f"{problem}")]
        verdicts.add(f"file {question.name} {ending}", found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, required=True)
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--api-key", required=True)
    parser.add_argument("--source", choices=["live", "exported"], required=True)
    parser.add_argument("--report", type=pathlib.Path, required=True)
    parser.add_argument("--question", default="", help="run only questions whose name contains this text")
    arguments = parser.parse_args()
    os.environ["WANDB_BASE_URL"] = arguments.base_url
    os.environ["WANDB_API_KEY"] = arguments.api_key
    home = pathlib.Path(os.environ["HOME"])
    home.mkdir(parents=True, exist_ok=True)

    # Imported after the environment is set, which the SDK reads on import.
    import questions
    import wandb

    verdicts = Verdicts(arguments.source, Known.read(), arguments.report)
    with tempfile.TemporaryDirectory() as directory:
        tool = Tool(arguments.program.resolve(), pathlib.Path(directory))
        for question in questions.all_questions(wandb.Api(), arguments.source):
            if arguments.question not in question.name:
                continue
            found, rows = answer(question, tool)
            verdicts.add(question.name, found)
            if question.rows and rows:
                files(question, rows, tool, verdicts)
    wandb.teardown()
    raise SystemExit(0 if verdicts.finish(whole=not arguments.question) else 1)


if __name__ == "__main__":
    main()
