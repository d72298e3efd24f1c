"""Reads the Parquet and Arrow files of wandb-export with pyarrow, and its CSV files with the standard library."""

from __future__ import annotations

import csv
import json
import pathlib

import pyarrow
import pyarrow.parquet
from exact import MISSING, Difference, Items, canonical

FORMATS = ["csv", "jsonl", "parquet", "arrow"]


def read(path: pathlib.Path) -> list[dict]:
    """Returns the rows of a Parquet or Arrow file. A missing value is None."""
    if path.suffix == ".parquet":
        return pyarrow.parquet.read_table(path).to_pylist()
    with pyarrow.memory_map(str(path)) as source:
        return pyarrow.ipc.open_file(source).read_all().to_pylist()


def same_cell(cell, value) -> bool:
    """Whether a cell represents a value of a row: as itself, as the equal double, or as JSON text."""
    if canonical(cell) == canonical(value):
        return True
    if isinstance(cell, float) and isinstance(value, int) and not isinstance(value, bool):
        return cell.is_integer() and int(cell) == value
    if isinstance(cell, str):
        try:
            return canonical(json.loads(cell)) == canonical(value)
        except json.JSONDecodeError:
            return False
    return False


def table_differences(rows: list[dict], path: pathlib.Path) -> list[Difference]:
    """Returns the differences between a Parquet or Arrow file and the rows."""
    table = read(path)
    if len(table) != len(rows):
        return [Difference("[]", Items(len(rows)), Items(len(table)))]
    found = []
    for index, (row, cells) in enumerate(zip(rows, table)):
        for key in list(row) + [key for key in cells if key not in row]:
            if not same_cell(cells.get(key), row.get(key)):
                found.append(Difference(f"[{index}].{key}", row.get(key, MISSING), cells.get(key, MISSING)))
    return found


def csv_differences(rows: list[dict], path: pathlib.Path) -> list[Difference]:
    """Returns the differences between the numbers of a CSV file and of the rows. Nested values have their own columns."""
    with path.open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    if len(table) != len(rows):
        return [Difference("[]", Items(len(rows)), Items(len(table)))]
    found = []
    for index, (row, cells) in enumerate(zip(rows, table)):
        for key, value in row.items():
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                cell = cells.get(key) or ""
                if not number_reads_as(cell, value):
                    found.append(Difference(f"[{index}].{key}", value, cell))
    return found


def number_reads_as(text: str, value: int | float) -> bool:
    try:
        read_back = int(text) if isinstance(value, int) and "." not in text and "e" not in text else float(text)
    except ValueError:
        return False
    return same_cell(read_back, value) or canonical(read_back) == canonical(float(value))
