//! `cargo xtask ci`: all checks that a change must pass.

use std::process::{Command, ExitCode};

use anyhow::Result;
use clap::Args;

use crate::counts::Counts;
use crate::summary::{Outcome, Summary};
use crate::workspace::{Workspace, cargo};
use crate::{bench, features, process, public, test, tools, tree};

/// Options of `ci`.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Options {
    /// Skip the differential tests, which need Python
    #[arg(long)]
    skip_python: bool,
    /// Skip all tests
    #[arg(long)]
    skip_tests: bool,
}

/// Runs all parts, then prints the summary.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> ExitCode {
    let mut summary = Summary::default();
    let here = |arguments: &[&str]| {
        let mut command = cargo();
        command.current_dir(&workspace.root).args(arguments);
        command
    };
    summary.part("format", || passes(&mut here(&["fmt", "--all", "--check"])));
    let lints = ["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"];
    summary.part("lints", || passes(&mut here(&lints)));
    for (name, task) in
        [("features", features::run as fn(&Workspace) -> Result<ExitCode>), ("tree", tree::run)]
    {
        summary.part(name, || Ok(Outcome::of(task(workspace)? == ExitCode::SUCCESS, Counts::default())));
    }
    summary.part("public items", || {
        let listed = public::run(workspace, &public::Options::default())?;
        Ok(Outcome::of(listed == ExitCode::SUCCESS, Counts::default()))
    });
    summary.part("dependencies", || {
        passes(tools::DENY.command(workspace)?.args(["check", "bans", "licenses", "sources"]))
    });
    let documentation = ["doc", "--workspace", "--all-features", "--no-deps"];
    summary.part("documents", || passes(here(&documentation).env("RUSTDOCFLAGS", "-D warnings")));
    if !options.skip_tests {
        let options = test::Options { skip_python: options.skip_python, only: Vec::new() };
        summary.append(test::parts(workspace, &options));
        if cfg!(target_os = "linux") {
            let check = || {
                Ok(Outcome::of(bench::memory_along_axes(workspace)? == ExitCode::SUCCESS, Counts::default()))
            };
            summary.part("axes", check);
        }
    }
    summary.finish()
}

fn passes(command: &mut Command) -> Result<Outcome> {
    Ok(Outcome::of(process::run(command)?.status.success(), Counts::default()))
}
