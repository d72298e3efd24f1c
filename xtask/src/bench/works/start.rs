//! How long the program takes to start and to end.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use super::super::stage::Stage;
use super::super::work::{Bound, Party, Row, Sample, Target, Work};

const VERSION: &str = "ours, --version";
const BAD_PATH: &str = "ours, a path that is none";
const TRUE: &str = "true";

/// Starts in a round, of which the median counts.
const STARTS: usize = 100;

#[expect(clippy::unnecessary_wraps, reason = "works that need a server can fail to begin")]
pub(crate) fn work(stage: &Stage) -> Result<Work> {
    let ours = stage.programs.export.clone();
    let party = |label: &'static str, program: PathBuf, words: &'static [&'static str], succeeds: bool| {
        Party::new(label, move |stage| {
            let mut command = Command::new(&program);
            command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            crate::python::without_settings(&mut command, stage.home());
            let mut times = Vec::with_capacity(STARTS);
            for _ in 0..STARTS {
                let start = Instant::now();
                let ended = command.status().with_context(|| format!("cannot start {label}"))?;
                times.push(start.elapsed().as_secs_f64());
                ensure!(ended.success() == succeeds, "{label} ended with {ended}");
            }
            times.sort_by(f64::total_cmp);
            Ok(Sample { seconds: times[STARTS / 2], ..Sample::default() })
        })
    };
    Ok(Work {
        title: format!("to start and to end, the median of {STARTS} times a round"),
        parties: vec![
            party(VERSION, ours.clone(), &["--version"], true),
            party(BAD_PATH, ours, &["run", "a/b/c/d/e/f"], false),
            party(TRUE, "true".into(), &[], true),
        ],
        rows: vec![Row::new(
            "start",
            [
                Target::new(VERSION, Bound::Milliseconds(10.0)),
                Target::new(BAD_PATH, Bound::Milliseconds(10.0)),
                Target::within(VERSION, 3.0, TRUE),
            ],
        )],
        most_rounds: None,
    })
}
