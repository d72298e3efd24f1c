"""Checks the outputs of the parties, so that none wins by leaving something out. Prints JSON."""

import ast
import csv
import json
import os
import sys
import zlib


def table(path):
    """Returns the number of rows, the sum of a metric, the column names, and whether the steps ascend."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.csv as pc_csv
    import pyarrow.ipc as ipc
    import pyarrow.json as pj
    import pyarrow.parquet as pq

    wanted = ["_step", "metric_10" if len(sys.argv) > 3 and sys.argv[3] == "wide" else "metric_00"]
    if path.endswith(".csv"):
        options = pc_csv.ConvertOptions(include_columns=wanted)
        found = pc_csv.read_csv(path, convert_options=options)
        with open(path, newline="", encoding="utf-8") as file:
            columns = next(csv.reader(file))
    elif path.endswith(".parquet"):
        found = pq.read_table(path, columns=wanted)
        columns = pq.read_schema(path).names
    elif path.endswith(".jsonl"):
        schema = pa.schema([("_step", pa.int64()), (wanted[1], pa.float64())])
        options = pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
        found = pj.read_json(path, parse_options=options)
        with open(path, encoding="utf-8") as file:
            columns = list(json.loads(file.readline()))
    else:
        with pa.memory_map(path) as source:
            whole = ipc.open_file(source).read_all()
            found, columns = whole.select(wanted), whole.column_names
    steps = found.column("_step").combine_chunks()
    ascending = len(steps) < 2 or pc.all(pc.less(steps[:-1], steps[1:])).as_py()
    total = pc.sum(found.column(wanted[1])).as_py()
    return {"rows": len(steps), "sum": total, "columns": sorted(columns), "ascending": ascending}


def rows(path):
    """Counts the runs in a CSV file by name, and sums a value of each config and each summary.

    These are in separate columns, or in one column as Python writes a dictionary."""
    csv.field_size_limit(sys.maxsize)
    names, total = set(), 0.0
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            names.add(row["name"])
            if "config" in row:
                config, summary = ast.literal_eval(row["config"]), ast.literal_eval(row["summary"])
                total += config["learning_rate"] + summary["train/loss"]
            else:
                total += float(row["config.learning_rate"]) + float(row["summary.train/loss"])
    return {"rows": len(names), "sum": total}


def folder(path):
    """Returns the number of files and the sum of their checksums, without a program's internal files."""
    sums = []
    for root, folders, files in os.walk(path):
        folders[:] = [name for name in folders if not name.startswith(".")]
        sums += [checksum(os.path.join(root, name)) for name in files if name.endswith(".bin")]
    return {"rows": len(sums), "sum": sum(sums)}


def checksum(path):
    """Returns the CRC-32 of a file."""
    crc = 0
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            crc = zlib.crc32(chunk, crc)
    return crc


def columns(*parts):
    """Returns the bytes of some columns' chunks and of the footers in Parquet files: the minimum to fetch for them."""
    import pyarrow.parquet as pq

    keys = {"_step", "metric_10", "metric_150"}
    total = 0
    for part in parts:
        file = pq.ParquetFile(part)
        total += file.metadata.serialized_size + 8
        for group in range(file.metadata.num_row_groups):
            group = file.metadata.row_group(group)
            chunks = [group.column(at) for at in range(group.num_columns)]
            total += sum(chunk.total_compressed_size for chunk in chunks if chunk.path_in_schema in keys)
    return {"rows": len(parts), "sum": total}


def versions():
    import importlib.metadata as metadata
    import platform

    names = ["wandb", "pandas", "pyarrow", "duckdb", "polars"]
    return {"Python": platform.python_version(), **{name: metadata.version(name) for name in names}}


if __name__ == "__main__":
    what, rest = sys.argv[1], sys.argv[2:]
    print(json.dumps({"table": lambda: table(rest[0]), "rows": lambda: rows(rest[0]),
                      "folder": lambda: folder(rest[0]), "columns": lambda: columns(*rest),
                      "versions": versions}[what]()))
