"""Runs a workload with the official SDK. Prints the seconds of each part as JSON."""

import time

STARTED = time.perf_counter()

import argparse
import json
import os
import sys


def history(arguments, times):
    import pandas
    import wandb

    run = wandb.Api(timeout=600).run(arguments.path)
    times["setup"] = time.perf_counter() - STARTED
    start = time.perf_counter()
    frame = pandas.DataFrame(run.scan_history(use_cache=False))
    times["read"] = time.perf_counter() - start
    write(frame, arguments, times)


def exports(arguments, times):
    """Reads the exported files directly, without the SDK's rows in between."""
    import pandas
    import wandb

    parts = os.path.join(arguments.folder, "parts")
    os.mkdir(parts)
    run = wandb.Api(timeout=600).run(arguments.path)
    times["setup"] = time.perf_counter() - STARTED
    start = time.perf_counter()
    run.download_history_exports(parts)
    frame = pandas.read_parquet(parts).sort_values("_step")
    times["read"] = time.perf_counter() - start
    write(frame, arguments, times)


def write(frame, arguments, times):
    start = time.perf_counter()
    frame.to_csv(os.path.join(arguments.folder, "history.csv"), index=False)
    times["csv"] = time.perf_counter() - start
    start = time.perf_counter()
    frame.to_parquet(os.path.join(arguments.folder, "history.parquet"), compression="zstd", index=False)
    times["parquet"] = time.perf_counter() - start


def runs(arguments, times):
    import pandas
    import wandb

    names, configs, summaries = [], [], []
    for run in wandb.Api(timeout=600).runs(arguments.path):
        names.append(run.name)
        configs.append({key: value for key, value in run.config.items() if not key.startswith("_")})
        summaries.append(run.summary._json_dict)
    frame = pandas.DataFrame({"name": names, "config": configs, "summary": summaries})
    frame.to_csv(os.path.join(arguments.folder, "runs.csv"), index=False)
    times["all"] = time.perf_counter() - STARTED


def files(arguments, times):
    import wandb

    for file in wandb.Api(timeout=600).run(arguments.path).files():
        file.download(root=arguments.folder)
    times["all"] = time.perf_counter() - STARTED


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["history", "exports", "runs", "files"])
    parser.add_argument("path")
    parser.add_argument("folder")
    arguments = parser.parse_args()
    times = {}
    workloads = {"history": history, "exports": exports, "runs": runs, "files": files}
    workloads[arguments.what](arguments, times)
    print(json.dumps(times))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
