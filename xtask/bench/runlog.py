"""Writes a run's log as the SDK does, or reads it with the SDK's own reader.

Needs SDK 0.29.0, the last version with both in Python.

    PYTHON runlog.py write FOLDER ROWS    creates FOLDER/offline-run-*/run-scalars.wandb and prints its facts as JSON
    PYTHON runlog.py scan FILE            reads and discards every record, and prints their number
"""

import json
import math
import os
import random
import sys

from wandb.proto import wandb_internal_pb2 as pb
from wandb.sdk.internal.datastore import DataStore

# Number of distinct rows; further rows differ only in their step. Creating distinct rows takes most of the time.
DISTINCT = 20_000
STARTED = 1_790_000_000.25


def item(key, text):
    """Encodes one item of a row as a message. Concatenated messages are parsed as one."""
    row = pb.HistoryRecord()
    one = row.item.add()
    one.nested_key.append(key)
    one.value_json = text
    return row.SerializeToString()


def with_exponent(number):
    """Formats a large number as Go does."""
    whole, _, fraction = repr(number).partition(".")
    digits = (whole[1:] + fraction).rstrip("0")
    return f"{whole[0]}.{digits}e+{len(whole) - 1:02}"


def rows(count, rng):
    """Yields the parts of rows: items before the step, items after it, and a metric.

    SDKs since 0.17 write the items of a row in an order that varies by row."""
    for at in range(count):
        runtime = 0.19 + at * 0.251
        values = [math.sin(at * 0.001 + column) for column in range(10)]
        items = [item(f"metric_{column:02}", repr(value)) for column, value in enumerate(values)]
        items.append(item("_runtime", repr(runtime)))
        items.append(item("_timestamp", with_exponent(STARTED + runtime)))
        rng.shuffle(items)
        place = rng.randint(0, len(items))
        yield b"".join(items[:place]), b"".join(items[place:]), values[0]


def write(folder, count):
    run = os.path.join(folder, "offline-run-20260922_120000-scalars")
    os.makedirs(run)
    path = os.path.join(run, "run-scalars.wandb")
    store = DataStore()
    store.open_for_write(path)
    # Syncing each block of 32 KiB would take longer than everything else.
    os.fsync = lambda file: None
    written = 0

    def put(record):
        nonlocal written
        written += 1
        record.num = written
        store.write(record)

    record = pb.Record()
    record.header.version_info.producer = "0.31.0"
    record.header.version_info.min_consumer = "0.40.0"
    put(record)
    record = pb.Record()
    record.run.run_id, record.run.display_name = "scalars", "scalars"
    record.run.entity, record.run.project = "local-team", "logs"
    record.run.start_time.FromSeconds(int(STARTED))
    put(record)
    pieces = list(rows(min(count, DISTINCT), random.Random(0)))
    total = 0.0
    for step in range(count):
        before, after, metric = pieces[step % len(pieces)]
        total += metric
        row = before + item("_step", str(step)) + after
        # Summary items have the same encoding and field number as row items.
        record = pb.Record()
        record.summary.MergeFromString(row)
        put(record)
        record = pb.Record()
        record.history.MergeFromString(row)
        record.history.step.num = step
        put(record)
    record = pb.Record()
    record.exit.exit_code = 0
    put(record)
    store.close()
    return {"path": path, "records": written, "bytes": os.path.getsize(path), "sum": total}


def scan(path):
    store = DataStore()
    store.open_for_scan(path)
    records = 0
    while (data := store.scan_data()) is not None:
        # A reused record keeps the memory of everything that it ever held.
        record = pb.Record()
        record.ParseFromString(data)
        records += 1
    return {"records": records}


if __name__ == "__main__":
    if sys.argv[1] == "write":
        print(json.dumps(write(sys.argv[2], int(sys.argv[3]))))
    else:
        print(json.dumps(scan(sys.argv[2])))
