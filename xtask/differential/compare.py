"""Asks the official SDK and wandb-export the same questions and compares the answers, value by value.

    python compare.py --program PATH --base-url URL --api-key KEY --source live|exported --report DIR

exact.py says when two values are the same. Each question goes to wandb-export over both transports, whose output must
agree byte for byte; the rows of each run are also written in every format, and read back. What differs is written to
DIR, and fails unless known-differences.json has it. The last line is `N passed, N failed`.
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
# How many differences of a question are printed; the report has them all.
SHOWN = 3
# Characters of a value that are shown.
LONGEST = 500
# A request that hangs fails the tests rather than holding them up.
SECONDS = 300


class ToolError(Exception):
    """wandb-export ended with an error."""


class Tool:
    """wandb-export, asked over both transports."""

    def __init__(self, program: pathlib.Path, home: pathlib.Path):
        self.program = program
        self.home = home

    def over_each(self, arguments: list[str]) -> list[bytes]:
        """Standard output over each transport; both run at once, each in a folder of its own."""
        with concurrent.futures.ThreadPoolExecutor(len(TRANSPORTS)) as pool:
            return list(pool.map(lambda transport: self.run(arguments, transport), TRANSPORTS))

    def run(self, arguments: list[str], transport: str) -> bytes:
        folder = self.home / transport
        folder.mkdir(exist_ok=True)
        command = [self.program, *arguments, "--transport", transport, "--no-progress"]
        ended = subprocess.run(command, cwd=folder, capture_output=True, timeout=SECONDS)
        if ended.returncode != 0:
            said = ended.stderr.decode("utf-8", "replace").strip()
            raise ToolError(f"exit code {ended.returncode}: {said}")
        return ended.stdout

    def ask(self, arguments: list[str]) -> list[dict]:
        """The rows, which must be the same bytes over each transport."""
        one, other = self.over_each([*arguments, "-f", "jsonl"])
        if one != other:
            raise ToolError("the transports' answers are not the same bytes")
        return [json.loads(line) for line in one.decode("utf-8").split("\n") if line]

    def write(self, arguments: list[str], ending: str) -> pathlib.Path:
        """Writes a file over each transport; they must be the same bytes."""
        paths = [self.home / transport / f"rows.{ending}" for transport in TRANSPORTS]
        self.over_each([*arguments, "-o", f"rows.{ending}"])
        if paths[0].read_bytes() != paths[1].read_bytes():
            raise ToolError(f"the transports' {ending} files are not the same bytes")
        return paths[0]


class Verdicts:
    """Counts, prints and records."""

    def __init__(self, source: str, known: Known, report: pathlib.Path):
        self.source, self.known, self.report = source, known, report
        self.passed = self.failed = self.listed = 0
        self.lines: list[str] = []

    def add(self, question: str, found: list[Difference]) -> None:
        unknown = []
        for it in found:
            known = self.known.covers(self.source, question, it)
            mark = "known" if known else "DIFFERENT"
            self.lines.append(f"{mark}  {question}  {it.place}\n    {said(it)}")
            if not known:
                unknown.append(it)
        self.listed += len(found) - len(unknown)
        if not unknown:
            self.passed += 1
            return
        self.failed += 1
        print(f"DIFFERENT {question}: {len(unknown)} places")
        for it in unknown[:SHOWN]:
            print(f"    {it.place or '(all)'}: {said(it)}", flush=True)

    def finish(self, whole: bool) -> bool:
        # Of only some questions, nothing can be said of the others' known differences.
        for entry in self.known.unseen(self.source) if whole else []:
            self.failed += 1
            print(f"the known differences list what no longer occurs: {entry}")
        self.report.mkdir(parents=True, exist_ok=True)
        (self.report / "differences.txt").write_text("\n".join(self.lines) + "\n", encoding="utf-8")
        print(f"{self.source}: {self.listed} known differences; all that differ are in {self.report}")
        print(f"{self.passed} passed, {self.failed} failed")
        # Where only some questions are asked, there may be none of this kind.
        return self.failed == 0 and (self.passed > 0 or not whole)


def said(it: Difference) -> str:
    """Both values, cut where they are long."""
    theirs, ours = (describe(value)[:LONGEST] for value in (it.sdk, it.ours))
    return f"sdk {theirs}, ours {ours}"


def answer(question, tool: Tool) -> tuple[list[Difference], list[dict]]:
    """The differences, and the rows of wandb-export."""
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
        theirs, found = settled(theirs, ours, question.keys)
    return found + differences(theirs, ours), rows


def settled(theirs: list[dict], ours: list[dict], keys: list[str]) -> tuple[list[dict], list[Difference]]:
    """The SDK's rows of an exported history without those it should not have said, and how many these are.

    They are rows that lack one of the keys, and second copies of a step. A null may be a key that is missing, or one that
    was logged so: what ours says of that step decides. Of two copies the one that is more like ours stays: the exported
    and the live one may differ, and the SDK says both.
    """
    found = []
    by_step = {row.get("_step"): row for row in ours}

    def holds_all(row: dict) -> bool:
        return row.get("_step") in by_step or all(row.get(key) is not None for key in keys)

    holding = [row for row in theirs if holds_all(row)]
    if len(holding) != len(theirs):
        found.append(Difference("rows without the keys", Items(len(theirs)), Items(len(holding))))
    copies: dict[object, list[dict]] = {}
    for row in holding:
        copies.setdefault(row.get("_step"), []).append(row)
    if len(copies) != len(holding):
        found.append(Difference("repeated rows", Items(len(holding)), Items(len(copies))))
    def unlikeness(row: dict) -> int:
        # The exported copy has null for every key that is missing.
        found = differences(row, by_step.get(row.get("_step"), {}))
        return sum(not (it.sdk is None and it.ours is MISSING) for it in found)

    return [min(rows, key=unlikeness) for rows in copies.values()], found


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
    parser.add_argument("--question", default="", help="ask only questions whose name holds this text")
    arguments = parser.parse_args()
    os.environ["WANDB_BASE_URL"] = arguments.base_url
    os.environ["WANDB_API_KEY"] = arguments.api_key
    home = pathlib.Path(os.environ["HOME"])
    home.mkdir(parents=True, exist_ok=True)

    # After the environment is set, which the SDK reads when it is loaded.
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
