//! Exports a long history from JSON pages, to CSV and Parquet.

use std::process::Command;
use std::rc::Rc;

use anyhow::{Context as _, Result};

use super::super::bench_server::{BenchServer, Output};
use super::super::env::{BenchEnv, OutputKind};
use super::super::workload::{Party, Row, Samples, Target, Workload};

/// Requests in flight: the program's default, and those of `bench-discard`.
const CONCURRENCY: u64 = 8;

/// Maximum steps in a page of the program.
const WIDTH: u64 = 10_000;

pub(crate) const SDK: [&str; 2] = ["SDK, pandas to CSV", "SDK, pandas to Parquet"];

pub(crate) fn workload(env: &BenchEnv) -> Result<Workload> {
    let steps: u64 = env.size(1_000_000, 50_000);
    let run = format!("local-team/synthetic/{steps}");
    let server = BenchServer::start(env, &["--generate", &steps.to_string()])?;
    server.warm(&run)?;
    let output = |name| Output { name, kind: OutputKind::History, data: run.clone(), rows: steps };
    let words = ["history", &run, "--all"];
    let mut parties = Vec::new();
    parties.extend(server.ours("ours to CSV", &words, &output("history.csv")));
    parties.extend(server.ours("ours to Parquet", &words, &output("history.parquet")));
    let (floor, path) = (Rc::clone(&server), run.clone());
    parties.push(Party::new("fetch and discard", move |env| {
        let mut command = Command::new(&env.own);
        command.args(["bench-discard", "--url", floor.url(), "--key", floor.key(), "--run", &path]);
        for (option, value) in [("--steps", steps), ("--width", WIDTH), ("--concurrency", CONCURRENCY)] {
            command.args([option, &value.to_string()]);
        }
        let turn = env.measure(&command)?;
        let bytes: u64 = turn.output.trim().parse().context("bench-discard printed no number of bytes")?;
        anyhow::ensure!(bytes > steps * 100, "only {bytes} bytes were fetched");
        Ok(turn.sample)
    }));
    parties.push(sdk(env, &server, "history", SDK, &run, steps));
    Ok(Workload {
        title: format!("{steps} steps of 13 columns, pages of JSON"),
        parties,
        rows: vec![
            Row::new(
                "json-csv",
                [
                    Target::faster("ours to CSV", SDK[0], 40.0),
                    Target::within("ours to CSV", 3.0, "fetch and discard"),
                ],
            ),
            Row::new("json-parquet", [Target::faster("ours to Parquet", SDK[1], 40.0)]),
            Row::blocking(&["ours to CSV", "ours to Parquet"]),
        ],
        max_rounds: None,
    })
}

/// The SDK. It reads once per turn, which takes long, and writes both formats.
pub(crate) fn sdk(
    env: &BenchEnv,
    server: &Rc<BenchServer>,
    how: &'static str,
    labels: [&'static str; 2],
    run: &str,
    steps: u64,
) -> Party {
    let (server, run) = (Rc::clone(server), run.to_owned());
    let party = Party::with_samples(&labels, move |env| {
        let folder = env.folder()?;
        let (times, whole) = server.sdk(env, &[how, &run], folder.path())?;
        let part =
            |name: &str| times[name].as_f64().with_context(|| format!("the SDK's script printed no {name}"));
        let read = part("setup")? + part("read")?;
        let mut samples = Samples::new();
        for (label, format) in labels.into_iter().zip(["csv", "parquet"]) {
            env.check(OutputKind::History, &folder.path().join(format!("history.{format}")), &run, steps)?;
            let seconds = read + part(format)?;
            samples.push((
                label.to_owned(),
                super::super::workload::Sample { seconds, cpu_seconds: None, ..whole },
            ));
        }
        Ok(samples)
    });
    party.needs(env.python.is_some(), "Python")
}
