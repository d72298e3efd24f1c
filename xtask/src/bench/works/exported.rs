//! A long history that the server has exported as Parquet, to CSV and to one sorted Parquet file.

use std::path::PathBuf;
use std::rc::Rc;

use anyhow::{Context as _, Result};

use super::super::http::download;
use super::super::site::{Output, Site};
use super::super::stage::{Kind, Stage};
use super::super::work::{Party, Row, Target, Work};
use super::json::{self, SDK};

/// Files that the history is exported into.
const PARTS: u64 = 4;

/// The quickest that the SDK can: it has the files downloaded and leaves them to pandas.
const SDK_FILES: [&str; 2] = ["SDK, exported files, pandas to CSV", "SDK, exported files, pandas to Parquet"];

pub(crate) fn work(stage: &Stage) -> Result<Work> {
    let steps: u64 = stage.size(1_000_000, 50_000);
    let run = format!("local-team/synthetic/{steps}");
    let rows = (steps / PARTS).to_string();
    let site =
        Site::start(stage, &["--generate", &steps.to_string(), "--export", &run, "--export-rows", &rows])?;
    // Kept as long as the parties are.
    let folder = Rc::new(stage.folder()?);
    let files = parts(&site, &run, folder.path())?;
    let output = |name| Output { name, kind: Kind::History, data: run.clone(), rows: steps };
    let words = ["history", &run, "--all", "--source", "exported"];
    let mut parties = Vec::new();
    parties.extend(site.ours("ours to CSV", &words, &output("history.csv")));
    parties.extend(site.ours("ours to Parquet", &words, &output("history.parquet")));
    for (label, what, name) in
        [("Polars to CSV", "polars", "history.csv"), ("DuckDB to Parquet", "duckdb", "history.parquet")]
    {
        let (files, kept, data) = (files.clone(), Rc::clone(&folder), run.clone());
        let party = Party::new(label, move |stage| {
            let folder = stage.folder()?;
            let path = folder.path().join(name);
            let mut command = stage.script("tables.py", kept.path())?;
            let turned = stage.measure(command.arg(what).arg(&path).args(&files))?;
            stage.check(Kind::History, &path, &data, steps)?;
            Ok(turned.sample)
        });
        parties.push(party.needs(stage.python.is_some(), "Python"));
    }
    parties.push(json::sdk(stage, &site, "history", SDK, &run, steps));
    parties.push(json::sdk(stage, &site, "exports", SDK_FILES, &run, steps));
    Ok(Work {
        title: format!("{steps} steps of 13 columns, exported as Parquet"),
        parties,
        rows: vec![
            Row::new(
                "exported-csv",
                [
                    Target::faster("ours to CSV", SDK[0], 40.0),
                    Target::within("ours to CSV", 1.0, "Polars to CSV"),
                    Target::beside("ours to CSV", SDK_FILES[0]),
                ],
            ),
            Row::new(
                "exported-parquet",
                [
                    Target::faster("ours to Parquet", SDK[1], 90.0),
                    Target::within("ours to Parquet", 1.3, "DuckDB to Parquet"),
                    Target::beside("ours to Parquet", SDK_FILES[1]),
                ],
            ),
            Row::blocking(&["ours to CSV", "ours to Parquet"]),
        ],
        most_rounds: None,
    })
}

/// Downloads the exported files of a run.
pub(crate) fn parts(site: &Site, run: &str, folder: &std::path::Path) -> Result<Vec<PathBuf>> {
    let answer = site.ask()?.run(run, "parquetHistory(liveKeys: [\"_step\"]) { parquetUrls }")?;
    let urls = answer["parquetHistory"]["parquetUrls"].as_array().context("the run is not exported")?;
    let mut parts = Vec::new();
    for (number, url) in urls.iter().enumerate() {
        let part = folder.join(format!("part-{number}.parquet"));
        download(url.as_str().context("a URL that is no text")?, &part)?;
        parts.push(part);
    }
    Ok(parts)
}
