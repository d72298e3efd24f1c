//! Exports a long history from the server's Parquet files, to CSV and to one sorted Parquet file.

use std::path::PathBuf;
use std::rc::Rc;

use anyhow::{Context as _, Result};

use super::super::bench_server::{BenchServer, Output};
use super::super::env::{BenchEnv, OutputKind};
use super::super::http::download;
use super::super::workload::{Party, Row, Target, Workload};
use super::json::{self, SDK};

/// Number of exported files.
const PARTS: u64 = 4;

/// The fastest way with the SDK: it downloads the files, and pandas converts them.
const SDK_FILES: [&str; 2] = ["SDK, exported files, pandas to CSV", "SDK, exported files, pandas to Parquet"];

pub(crate) fn workload(env: &BenchEnv) -> Result<Workload> {
    let steps: u64 = env.size(1_000_000, 50_000);
    let run = format!("local-team/synthetic/{steps}");
    let rows = (steps / PARTS).to_string();
    let server = BenchServer::start(
        env,
        &["--generate", &steps.to_string(), "--export", &run, "--export-rows", &rows],
    )?;
    // Kept until the last party is dropped.
    let folder = Rc::new(env.folder()?);
    let files = parts(&server, &run, folder.path())?;
    let output = |name| Output { name, kind: OutputKind::History, data: run.clone(), rows: steps };
    let words = ["history", &run, "--all", "--source", "exported"];
    let mut parties = Vec::new();
    parties.extend(server.ours("ours to CSV", &words, &output("history.csv")));
    parties.extend(server.ours("ours to Parquet", &words, &output("history.parquet")));
    for (label, what, name) in
        [("Polars to CSV", "polars", "history.csv"), ("DuckDB to Parquet", "duckdb", "history.parquet")]
    {
        let (files, kept, data) = (files.clone(), Rc::clone(&folder), run.clone());
        let party = Party::new(label, move |env| {
            let folder = env.folder()?;
            let path = folder.path().join(name);
            let mut command = env.script("tables.py", kept.path())?;
            let turn = env.measure(command.arg(what).arg(&path).args(&files))?;
            env.check(OutputKind::History, &path, &data, steps)?;
            Ok(turn.sample)
        });
        parties.push(party.needs(env.python.is_some(), "Python"));
    }
    parties.push(json::sdk(env, &server, "history", SDK, &run, steps));
    parties.push(json::sdk(env, &server, "exports", SDK_FILES, &run, steps));
    Ok(Workload {
        title: format!("{steps} steps of 13 columns, exported as Parquet"),
        parties,
        rows: vec![
            Row::new(
                "exported-csv",
                [
                    Target::faster("ours to CSV", SDK[0], 40.0),
                    Target::within("ours to CSV", 1.0, "Polars to CSV"),
                    Target::ratio_to("ours to CSV", SDK_FILES[0]),
                ],
            ),
            Row::new(
                "exported-parquet",
                [
                    Target::faster("ours to Parquet", SDK[1], 90.0),
                    Target::within("ours to Parquet", 1.3, "DuckDB to Parquet"),
                    Target::ratio_to("ours to Parquet", SDK_FILES[1]),
                ],
            ),
            Row::blocking(&["ours to CSV", "ours to Parquet"]),
        ],
        max_rounds: None,
    })
}

/// Downloads the exported files of a run.
pub(crate) fn parts(server: &BenchServer, run: &str, folder: &std::path::Path) -> Result<Vec<PathBuf>> {
    let answer = server.connect()?.run(run, "parquetHistory(liveKeys: [\"_step\"]) { parquetUrls }")?;
    let urls = answer["parquetHistory"]["parquetUrls"].as_array().context("the run is not exported")?;
    let mut parts = Vec::new();
    for (number, url) in urls.iter().enumerate() {
        let part = folder.join(format!("part-{number}.parquet"));
        download(url.as_str().context("a URL is not a string")?, &part)?;
        parts.push(part);
    }
    Ok(parts)
}
