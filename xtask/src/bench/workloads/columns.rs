//! Exports three of two hundred columns of an exported history. The program should fetch only those columns.

use std::ffi::OsStr;
use std::rc::Rc;

use anyhow::{Context as _, Result};

use super::super::bench_server::{BenchServer, Output};
use super::super::env::{BenchEnv, OutputKind};
use super::super::workload::{Bound, Party, Row, Sample, Target, Workload, blocking};
use super::exported::parts;

/// The columns that `check.py columns` adds up.
const KEYS: &str = "_step,metric_10,metric_150";

const OURS: &str = "ours, 3 of 200 columns";

pub(crate) fn workload(env: &BenchEnv) -> Result<Workload> {
    let steps: u64 = env.size(100_000, 20_000);
    let name = format!("{steps}x200");
    let run = format!("local-team/synthetic/{name}");
    let server = BenchServer::start(env, &["--generate", &name, "--export", &run])?;
    let floor = floor(env, &server, &run)?;
    let output =
        Output { name: "columns.csv", kind: OutputKind::WideHistory, data: run.clone(), rows: steps };
    let party = |label: &str, transport: &str| {
        let (server, output) = (Rc::clone(&server), output.clone());
        let words =
            ["history", &run, "--all", "--source", "exported", "--keys", KEYS, "--transport", transport];
        let words: Vec<String> = words.map(str::to_owned).into();
        let party = Party::new(label, move |env| {
            let (turn, traffic) = server.run(env, &words, &output)?;
            let fetched = traffic["storage"]["bytes"].as_f64().context("the server reported no bytes")?;
            Ok(Sample { value: Some(fetched / floor), ..turn.sample })
        });
        party.needs(env.python.is_some(), "Python, which tells the floor,")
    };
    let parties = vec![party(OURS, "async"), party(&blocking(OURS), "blocking")];
    let bound = || Bound::Figure("bytes from storage, of those of the columns and footers", 1.2);
    Ok(Workload {
        title: format!("3 of 200 columns of {steps} steps, exported as Parquet"),
        parties,
        rows: vec![Row::new("columns", [Target::new(OURS, bound())]), Row::blocking(&[OURS])],
        max_rounds: None,
    })
}

/// Returns the bytes of the columns' chunks and of the footers.
fn floor(env: &BenchEnv, server: &BenchServer, run: &str) -> Result<f64> {
    if env.python.is_none() {
        return Ok(f64::NAN);
    }
    let folder = env.folder()?;
    let parts = parts(server, run, folder.path())?;
    let mut arguments: Vec<&OsStr> = vec!["columns".as_ref()];
    arguments.extend(parts.iter().map(|part| part.as_os_str()));
    env.ask(&arguments)?["sum"].as_f64().context("check.py printed no bytes")
}
