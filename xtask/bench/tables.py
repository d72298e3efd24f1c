"""Converts exported Parquet files on disk to one sorted file with other programs."""

import sys


def polars_csv(target, parts):
    import polars

    polars.scan_parquet(parts).sort("_step").sink_csv(target)


def duckdb_parquet(target, parts):
    import duckdb

    names = ", ".join("'" + part.replace("'", "''") + "'" for part in parts)
    place = target.replace("'", "''")
    duckdb.sql(
        f"COPY (SELECT * FROM read_parquet([{names}]) ORDER BY _step) TO '{place}' (FORMAT parquet, COMPRESSION zstd)"
    )


if __name__ == "__main__":
    {"polars": polars_csv, "duckdb": duckdb_parquet}[sys.argv[1]](sys.argv[2], sys.argv[3:])
