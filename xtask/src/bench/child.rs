//! `bench-child`: runs a program and records its time and peak memory.
//!
//! The system reports the peak memory only for the largest of all children that have exited. This small intermediate
//! process has just one child, so the value is that child's own.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;

/// Time after which the program is killed. The slowest takes minutes.
const TIMEOUT: Duration = Duration::from_secs(3600);

/// The program to run, and the report to write.
#[derive(Debug, Args)]
pub(crate) struct ChildOptions {
    #[arg(long)]
    report: PathBuf,
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    command: Vec<OsString>,
}

/// Runs the program with inherited output.
pub(crate) fn run(options: &ChildOptions) -> Result<ExitCode> {
    let (program, arguments) = options.command.split_first().context("no program")?;
    let start = Instant::now();
    let mut child = Command::new(program)
        .args(arguments)
        .spawn()
        .with_context(|| format!("cannot start {}", program.display()))?;
    kill_after(TIMEOUT, child.id());
    let ended = child.wait()?;
    let seconds = start.elapsed().as_secs_f64();
    let (peak_kib, cpu_seconds) = usage()?;
    let report = json!({ "seconds": seconds, "peak_kib": peak_kib, "cpu_seconds": cpu_seconds });
    std::fs::write(&options.report, report.to_string()).context("cannot write the report")?;
    Ok(if ended.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Kills the child after a time, unless this program exits before.
fn kill_after(timeout: Duration, child: u32) {
    std::thread::spawn(move || {
        std::thread::sleep(timeout);
        kill(child);
    });
}

#[cfg(unix)]
fn kill(child: u32) {
    use nix::sys::signal::{self, Signal};

    if let Ok(child) = i32::try_from(child) {
        // Fails if the child has already exited.
        let _ = signal::kill(nix::unistd::Pid::from_raw(child), Signal::SIGKILL);
    }
}

#[cfg(not(unix))]
fn kill(_child: u32) {}

/// Returns the peak memory of the only child in KiB, and its CPU time in seconds.
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
    anyhow::bail!("the peak memory of another program can only be read on Linux")
}
