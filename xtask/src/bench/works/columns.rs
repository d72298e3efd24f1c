//! Three of two hundred columns of an exported history: no more is to be fetched than they are.

use std::ffi::OsStr;
use std::rc::Rc;

use anyhow::{Context as _, Result};

use super::super::site::{Output, Site};
use super::super::stage::{Kind, Stage};
use super::super::work::{Bound, Party, Row, Sample, Target, Work, blocking};
use super::exported::parts;

/// What `check.py columns` adds up.
const KEYS: &str = "_step,metric_10,metric_150";

const OURS: &str = "ours, 3 of 200 columns";

pub(crate) fn work(stage: &Stage) -> Result<Work> {
    let steps: u64 = stage.size(100_000, 20_000);
    let name = format!("{steps}x200");
    let run = format!("local-team/synthetic/{name}");
    let site = Site::start(stage, &["--generate", &name, "--export", &run])?;
    let floor = floor(stage, &site, &run)?;
    let output = Output { name: "columns.csv", kind: Kind::WideHistory, data: run.clone(), rows: steps };
    let party = |label: &str, transport: &str| {
        let (site, output) = (Rc::clone(&site), output.clone());
        let words =
            ["history", &run, "--all", "--source", "exported", "--keys", KEYS, "--transport", transport];
        let words: Vec<String> = words.map(str::to_owned).into();
        let party = Party::new(label, move |stage| {
            let (turned, traffic) = site.run(stage, &words, &output)?;
            let fetched = traffic["storage"]["bytes"].as_f64().context("the server counted no bytes")?;
            Ok(Sample { value: Some(fetched / floor), ..turned.sample })
        });
        party.needs(stage.python.is_some(), "Python, which tells the floor,")
    };
    let parties = vec![party(OURS, "async"), party(&blocking(OURS), "blocking")];
    let bound = || Bound::Figure("bytes from storage, of those of the columns and footers", 1.2);
    Ok(Work {
        title: format!("3 of 200 columns of {steps} steps, exported as Parquet"),
        parties,
        rows: vec![Row::new("columns", [Target::new(OURS, bound())]), Row::blocking(&[OURS])],
        most_rounds: None,
    })
}

/// Bytes of the columns' chunks and of the footers.
fn floor(stage: &Stage, site: &Site, run: &str) -> Result<f64> {
    if stage.python.is_none() {
        return Ok(f64::NAN);
    }
    let folder = stage.folder()?;
    let parts = parts(site, run, folder.path())?;
    let mut arguments: Vec<&OsStr> = vec!["columns".as_ref()];
    arguments.extend(parts.iter().map(|part| part.as_os_str()));
    stage.ask(&arguments)?["sum"].as_f64().context("check.py told no bytes")
}
