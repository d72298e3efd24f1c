//! The most memory that exports of short, long and very long histories take, in every format.

use anyhow::Result;

use super::super::site::{Output, Site};
use super::super::stage::{Kind, Stage};
use super::super::work::{Bound, Row, Target, Work, blocking};

const FORMATS: [(&str, &str); 4] = [
    ("csv", "history.csv"),
    ("jsonl", "history.jsonl"),
    ("parquet", "history.parquet"),
    ("arrow", "history.arrow"),
];

/// The most that may be resident.
const MIB: f64 = 100.0;

/// Histories that take seconds, over both transports.
pub(crate) fn short(stage: &Stage) -> Result<Work> {
    work(stage, "memory", stage.size(&[100_000, 1_000_000], &[100_000]), None)
}

/// A history of which a round takes minutes.
pub(crate) fn long(stage: &Stage) -> Result<Work> {
    work(stage, "memory-long", stage.size(&[10_000_000], &[200_000]), Some(1))
}

fn work(stage: &Stage, row: &'static str, lengths: &[u64], most_rounds: Option<usize>) -> Result<Work> {
    let names: Vec<String> = lengths.iter().map(u64::to_string).collect();
    let arguments: Vec<&str> = names.iter().flat_map(|name| ["--generate", name.as_str()]).collect();
    let site = Site::start(stage, &arguments)?;
    let (mut parties, mut targets) = (Vec::new(), Vec::new());
    for (&steps, name) in lengths.iter().zip(&names) {
        let run = format!("local-team/synthetic/{name}");
        site.warm(&run)?;
        for (format, file) in FORMATS {
            let label = format!("{format}, {steps} steps");
            let output = Output { name: file, kind: Kind::History, data: run.clone(), rows: steps };
            parties.extend(site.ours(&label, &["history", &run, "--all"], &output));
            targets.push(Target::new(&label, Bound::PeakMib(MIB)));
            targets.push(Target::new(&blocking(&label), Bound::PeakMib(MIB)));
        }
    }
    Ok(Work {
        title: format!("memory of exports of {} steps", names.join(" and ")),
        parties,
        rows: vec![Row::new(row, targets)],
        most_rounds,
    })
}
