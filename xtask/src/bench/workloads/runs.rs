//! Exports a project with many runs to a table of their configs and summaries.

use std::rc::Rc;

use anyhow::Result;

use super::super::bench_server::{BenchServer, Output};
use super::super::env::{BenchEnv, OutputKind};
use super::super::workload::{Party, Row, Target, Workload};

const SDK: &str = "SDK, api.runs()";
const OURS: &str = "ours, project";

/// With a server without latency.
pub(crate) fn near(env: &BenchEnv) -> Result<Workload> {
    workload(env, env.size(2_000, 200), None, "runs", 10.0)
}

/// With a server with a latency of 50 milliseconds.
pub(crate) fn far(env: &BenchEnv) -> Result<Workload> {
    workload(env, env.size(2_000, 100), Some("latency=50:1"), "runs-latency", 40.0)
}

fn workload(
    env: &BenchEnv,
    runs: u64,
    faults: Option<&str>,
    row: &'static str,
    times: f64,
) -> Result<Workload> {
    let count = runs.to_string();
    let mut arguments = vec!["--generate-runs", &count];
    arguments.extend(faults.into_iter().flat_map(|faults| ["--faults", faults]));
    let server = BenchServer::start(env, &arguments)?;
    let data = format!("{runs} runs");
    let output = Output { name: "runs.csv", kind: OutputKind::Runs, data: data.clone(), rows: runs };
    let mut parties: Vec<Party> = server.ours(OURS, &["project", "local-team/many"], &output).into();
    let there = Rc::clone(&server);
    let party = Party::new(SDK, move |env| {
        let folder = env.folder()?;
        let (_, sample) = there.sdk(env, &["runs", "local-team/many"], folder.path())?;
        env.check(OutputKind::Runs, &folder.path().join("runs.csv"), &data, runs)?;
        Ok(sample)
    });
    parties.push(party.needs(env.python.is_some(), "Python"));
    let late = if faults.is_some() { ", each request 50 ms late" } else { "" };
    Ok(Workload {
        title: format!("name, config and summary of {runs} runs{late}"),
        parties,
        rows: vec![Row::new(row, [Target::faster(OURS, SDK, times)]), Row::blocking(&[OURS])],
        max_rounds: None,
    })
}
