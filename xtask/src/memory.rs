//! `cargo xtask memory`: the most memory that exports of short and long histories take.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::programs::{self, Programs};
use crate::server::LocalServer;
use crate::workspace::Workspace;

/// Steps of the generated runs, each of thirteen columns.
const STEPS: [u64; 2] = [100_000, 1_000_000];

const FORMATS: [&str; 3] = ["csv", "jsonl", "parquet"];

const TRANSPORTS: [&str; 2] = ["async", "blocking"];

/// How often a running program's peak is looked up; the kernel keeps it, so the last look tells it.
const INTERVAL: Duration = Duration::from_millis(5);

/// Exports generated runs with the optimised programs and prints a line for each.
pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    ensure!(cfg!(target_os = "linux"), "the peak of another program's memory is read from Linux's /proc");
    let selection: Vec<&str> = programs::AS_USED.iter().copied().chain(["--release"]).collect();
    let programs = programs::build(workspace, &selection)?;
    let generate: Vec<String> =
        STEPS.iter().flat_map(|steps| ["--generate".into(), steps.to_string()]).collect();
    let server = LocalServer::start(&programs.server, &generate)?;
    let folder = tempfile::tempdir().context("cannot make a temporary directory")?;
    println!("\n{:>9}  {:<8} {:<9} {:>9} {:>9}", "steps", "format", "transport", "peak MiB", "seconds");
    for format in FORMATS {
        for transport in TRANSPORTS {
            for steps in STEPS {
                let (peak, took) = export(&programs, &server, folder.path(), steps, format, transport)?;
                println!(
                    "{steps:>9}  {format:<8} {transport:<9} {:>9.1} {:>9.2}",
                    f64::from(peak) / 1024.0,
                    took.as_secs_f64()
                );
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Exports one history; the peak in KiB, and how long it took.
fn export(
    programs: &Programs,
    server: &LocalServer,
    folder: &Path,
    steps: u64,
    format: &str,
    transport: &str,
) -> Result<(u32, Duration)> {
    let path = format!("local-team/synthetic/{steps}");
    let file = folder.join(format!("history.{format}"));
    let start = Instant::now();
    let mut child = Command::new(&programs.export)
        .args(["history", &path, "--all", "--transport", transport, "--output"])
        .arg(&file)
        .env("WANDB_BASE_URL", &server.base_url)
        .env("WANDB_API_KEY", &server.api_key)
        .env("NO_PROXY", "127.0.0.1,localhost")
        .env("HOME", folder)
        .stdin(Stdio::null())
        .spawn()
        .context("cannot start wandb-export")?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let ended = loop {
        peak = std::fs::read_to_string(&status).ok().and_then(|text| high_water_mark(&text)).unwrap_or(peak);
        match child.try_wait()? {
            Some(ended) => break ended,
            None => std::thread::sleep(INTERVAL),
        }
    };
    ensure!(ended.success(), "the export of {path} as {format} failed: {ended}");
    Ok((peak, start.elapsed()))
}

/// `VmHWM` in a process's status: the most memory it has had resident, in KiB.
fn high_water_mark(status: &str) -> Option<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read_from_the_status() {
        assert_eq!(high_water_mark("Name:\tx\nVmPeak:\t  99 kB\nVmHWM:\t   1234 kB\n"), Some(1234));
        assert_eq!(high_water_mark("Name:\tx\n"), None);
    }
}
