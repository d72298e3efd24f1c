//! `bench-child`: runs one program and writes down how long it took and the most memory it had.
//!
//! The system tells the peak of children that have ended, and only the largest of all; a small process in between
//! that has one child makes it that child's own.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;

/// How long a program may take; the slowest takes minutes.
const PATIENCE: Duration = Duration::from_secs(3600);

/// What to run and where to tell.
#[derive(Debug, Args)]
pub(crate) struct ChildOptions {
    #[arg(long)]
    report: PathBuf,
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    command: Vec<OsString>,
}

/// Runs it. Its output goes where this program's goes.
pub(crate) fn run(options: &ChildOptions) -> Result<ExitCode> {
    let (program, arguments) = options.command.split_first().context("no program")?;
    let start = Instant::now();
    let mut child = Command::new(program)
        .args(arguments)
        .spawn()
        .with_context(|| format!("cannot start {}", program.display()))?;
    end_after(PATIENCE, child.id());
    let ended = child.wait()?;
    let seconds = start.elapsed().as_secs_f64();
    let (peak_kib, cpu_seconds) = usage()?;
    let report = json!({ "seconds": seconds, "peak_kib": peak_kib, "cpu_seconds": cpu_seconds });
    std::fs::write(&options.report, report.to_string()).context("cannot write the report")?;
    Ok(if ended.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Ends a child that goes on for too long, unless this program ends before.
fn end_after(patience: Duration, child: u32) {
    std::thread::spawn(move || {
        std::thread::sleep(patience);
        kill(child);
    });
}

#[cfg(unix)]
fn kill(child: u32) {
    use nix::sys::signal::{self, Signal};

    if let Ok(child) = i32::try_from(child) {
        // One that has ended meanwhile need not be ended.
        let _ = signal::kill(nix::unistd::Pid::from_raw(child), Signal::SIGKILL);
    }
}

#[cfg(not(unix))]
fn kill(_child: u32) {}

/// The peak of the only child in KiB, and the seconds that processors worked for it.
#[cfg(target_os = "linux")]
fn usage() -> Result<(i64, f64)> {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike as _;

    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let microseconds = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    let microseconds = u64::try_from(microseconds).unwrap_or_default();
    Ok((usage.max_rss(), std::time::Duration::from_micros(microseconds).as_secs_f64()))
}

#[cfg(not(target_os = "linux"))]
fn usage() -> Result<(i64, f64)> {
    anyhow::bail!("the peak of another program's memory is told by Linux only")
}
