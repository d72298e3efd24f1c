"""The official SDK's way of doing what the bench measures. Prints what each part took, in seconds, as JSON."""

import time

BEGUN = time.perf_counter()

import argparse
import json
import os
import sys


def history(arguments, told):
    import pandas
    import wandb

    run = wandb.Api(timeout=600).run(arguments.path)
    told["setup"] = time.perf_counter() - BEGUN
    start = time.perf_counter()
    frame = pandas.DataFrame(run.scan_history(use_cache=False))
    told["read"] = time.perf_counter() - start
    write(frame, arguments, told)


def exports(arguments, told):
    """The exported files as they are, without the SDK's rows in between."""
    import pandas
    import wandb

    parts = os.path.join(arguments.folder, "parts")
    os.mkdir(parts)
    run = wandb.Api(timeout=600).run(arguments.path)
    told["setup"] = time.perf_counter() - BEGUN
    start = time.perf_counter()
    run.download_history_exports(parts)
    frame = pandas.read_parquet(parts).sort_values("_step")
    told["read"] = time.perf_counter() - start
    write(frame, arguments, told)


def write(frame, arguments, told):
    start = time.perf_counter()
    frame.to_csv(os.path.join(arguments.folder, "history.csv"), index=False)
    told["csv"] = time.perf_counter() - start
    start = time.perf_counter()
    frame.to_parquet(os.path.join(arguments.folder, "history.parquet"), compression="zstd", index=False)
    told["parquet"] = time.perf_counter() - start


def runs(arguments, told):
    import pandas
    import wandb

    names, configs, summaries = [], [], []
    for run in wandb.Api(timeout=600).runs(arguments.path):
        names.append(run.name)
        configs.append({key: value for key, value in run.config.items() if not key.startswith("_")})
        summaries.append(run.summary._json_dict)
    frame = pandas.DataFrame({"name": names, "config": configs, "summary": summaries})
    frame.to_csv(os.path.join(arguments.folder, "runs.csv"), index=False)
    told["all"] = time.perf_counter() - BEGUN


def files(arguments, told):
    import wandb

    for file in wandb.Api(timeout=600).run(arguments.path).files():
        file.download(root=arguments.folder)
    told["all"] = time.perf_counter() - BEGUN


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["history", "exports", "runs", "files"])
    parser.add_argument("path")
    parser.add_argument("folder")
    arguments = parser.parse_args()
    told = {}
    works = {"history": history, "exports": exports, "runs": runs, "files": files}
    works[arguments.what](arguments, told)
    print(json.dumps(told))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
