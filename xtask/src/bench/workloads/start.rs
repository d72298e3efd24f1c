//! The time that the program takes to start and exit.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use super::super::env::BenchEnv;
use super::super::workload::{Bound, Party, Row, Sample, Target, Workload};

const VERSION: &str = "ours, --version";
const BAD_PATH: &str = "ours, a path that is none";
const TRUE: &str = "true";

/// Number of starts per round. The median counts.
const STARTS: usize = 100;

#[expect(clippy::unnecessary_wraps, reason = "works that need a server can fail to begin")]
pub(crate) fn workload(_: &BenchEnv) -> Result<Workload> {
    let party = |label: &'static str, words: &'static [&'static str], succeeds: bool| {
        Party::new(label, move |env| {
            let program = if label == TRUE { Path::new(TRUE) } else { &env.programs.export };
            let mut command = Command::new(program);
            command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            crate::python::remove_user_settings(&mut command, env.home());
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
    Ok(Workload {
        title: format!("to start and to end, the median of {STARTS} times a round"),
        parties: vec![
            party(VERSION, &["--version"], true),
            party(BAD_PATH, &["run", "a/b/c/d/e/f"], false),
            party(TRUE, &[], true),
        ],
        rows: vec![Row::new(
            "start",
            [
                Target::new(VERSION, Bound::Milliseconds(10.0)),
                Target::new(BAD_PATH, Bound::Milliseconds(10.0)),
                Target::within(VERSION, 3.0, TRUE),
            ],
        )],
        max_rounds: None,
    })
}
