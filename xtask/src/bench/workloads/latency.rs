//! Concurrent requests to a server with high latency.

use std::rc::Rc;

use anyhow::{Context as _, Result};

use super::super::bench_server::{BenchServer, Output};
use super::super::env::{BenchEnv, OutputKind};
use super::super::workload::{Bound, Party, Row, Sample, Target, Workload};

const MANY: &str = "ours, 32 at once";
const ONE: &str = "ours, one at a time";

pub(crate) fn workload(env: &BenchEnv) -> Result<Workload> {
    let steps: u64 = env.size(100_000, 32_000);
    let server = BenchServer::start(env, &["--generate", &steps.to_string(), "--faults", "latency=50:1"])?;
    let run = format!("local-team/synthetic/{steps}");
    server.warm(&run)?;
    let output = Output { name: "history.csv", kind: OutputKind::History, data: run.clone(), rows: steps };
    let party = |label: &str, concurrency: &str| {
        let (server, output) = (Rc::clone(&server), output.clone());
        let words = ["history", &run, "--all", "--page-size", "1000", "--concurrency", concurrency];
        let words: Vec<String> = words.map(str::to_owned).into();
        Party::new(label, move |env| {
            let (turn, traffic) = server.run(env, &words, &output)?;
            let peak = traffic["peak"].as_f64().context("the server reported no peak")?;
            Ok(Sample { value: Some(peak), ..turn.sample })
        })
    };
    let bound = |most| Bound::Figure("requests that the server saw at once", most);
    Ok(Workload {
        title: format!("{steps} steps in pages of 1000, each request 50 ms late"),
        parties: vec![party(MANY, "32"), party(ONE, "1")],
        rows: vec![Row::new(
            "latency",
            [Target::faster(MANY, ONE, 12.0), Target::new(MANY, bound(32.0)), Target::new(ONE, bound(1.0))],
        )],
        max_rounds: None,
    })
}
