"""Downloads a project with the official SDK and a thread pool, or checks a downloaded project. Prints JSON."""

import time

STARTED = time.perf_counter()

import glob
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

THREADS = 8


def download(path, folder):
    """Downloads all data of every run: config and summary, history, system metrics, files."""
    import pandas
    import wandb

    for name in ["history", "system", "files"]:
        os.makedirs(os.path.join(folder, name))

    def one(run):
        row = {"id": run.id, "name": run.name, "state": run.state,
               "config": json.dumps(run.config), "summary": json.dumps(run.summary._json_dict, default=str)}
        rows = list(run.scan_history(use_cache=False))
        if rows:
            table = pandas.DataFrame(rows)
            table.insert(0, "run_id", run.id)
            table.to_parquet(os.path.join(folder, "history", run.id + ".parquet"), compression="zstd", index=False)
        system = run.history(stream="events", samples=100000)
        if len(system):
            system.to_parquet(os.path.join(folder, "system", run.id + ".parquet"), compression="zstd", index=False)
        for file in run.files():
            file.download(root=os.path.join(folder, "files", run.id))
        return row

    runs = wandb.Api(timeout=600).runs(path, per_page=100)
    with ThreadPoolExecutor(THREADS) as pool:
        table = list(pool.map(one, runs))
    pandas.DataFrame(table).to_parquet(os.path.join(folder, "runs.parquet"), compression="zstd", index=False)
    return {"all": time.perf_counter() - STARTED}


def look(folder):
    """Counts runs, history rows, system metrics rows and files, and sums a metric."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    total, rows, system = 0.0, 0, 0
    for path in glob.glob(os.path.join(folder, "history", "*.parquet")):
        metric = "loss" if "loss" in pq.read_schema(path).names else "metric_00"
        column = pq.read_table(path, columns=[metric]).column(metric)
        rows += len(column)
        total += pc.sum(column).as_py()
    for path in glob.glob(os.path.join(folder, "system", "*.parquet")):
        system += pq.read_metadata(path).num_rows
    files = sum(len(names) for _, _, names in os.walk(os.path.join(folder, "files")))
    runs = pq.read_metadata(os.path.join(folder, "runs.parquet")).num_rows
    return {"runs": runs, "rows": rows, "system": system, "files": files, "sum": round(total, 6)}


if __name__ == "__main__":
    what, rest = sys.argv[1], sys.argv[2:]
    print(json.dumps({"download": download, "look": look}[what](*rest)))
    sys.stdout.flush()
