//! Peak memory of exporting short, long and very long histories, in every format.

use anyhow::Result;

use super::super::bench_server::{BenchServer, Output};
use super::super::env::{BenchEnv, OutputKind};
use super::super::workload::{Bound, Row, Target, Workload, blocking};

const FORMATS: [(&str, &str); 4] = [
    ("csv", "history.csv"),
    ("jsonl", "history.jsonl"),
    ("parquet", "history.parquet"),
    ("arrow", "history.arrow"),
];

/// Maximum peak memory in MiB.
const MAX_PEAK_MIB: f64 = 100.0;

/// Histories that take seconds, over both transports.
pub(crate) fn short(env: &BenchEnv) -> Result<Workload> {
    workload(env, "memory", env.size(&[100_000, 1_000_000], &[100_000]), None)
}

/// A history that takes minutes per round.
pub(crate) fn long(env: &BenchEnv) -> Result<Workload> {
    workload(env, "memory-long", env.size(&[10_000_000], &[200_000]), Some(1))
}

fn workload(
    env: &BenchEnv,
    row: &'static str,
    lengths: &[u64],
    max_rounds: Option<usize>,
) -> Result<Workload> {
    let names: Vec<String> = lengths.iter().map(u64::to_string).collect();
    let arguments: Vec<&str> = names.iter().flat_map(|name| ["--generate", name.as_str()]).collect();
    let server = BenchServer::start(env, &arguments)?;
    let (mut parties, mut targets) = (Vec::new(), Vec::new());
    for (&steps, name) in lengths.iter().zip(&names) {
        let run = format!("local-team/synthetic/{name}");
        server.warm(&run)?;
        for (format, file) in FORMATS {
            let label = format!("{format}, {steps} steps");
            let output = Output { name: file, kind: OutputKind::History, data: run.clone(), rows: steps };
            parties.extend(server.ours(&label, &["history", &run, "--all"], &output));
            targets.push(Target::new(&label, Bound::PeakMib(MAX_PEAK_MIB)));
            targets.push(Target::new(&blocking(&label), Bound::PeakMib(MAX_PEAK_MIB)));
        }
    }
    Ok(Workload {
        title: format!("memory of exports of {} steps", names.join(" and ")),
        parties,
        rows: vec![Row::new(row, targets)],
        max_rounds,
    })
}
