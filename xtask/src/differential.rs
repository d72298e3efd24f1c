//! `cargo xtask differential`: compares the results of the official SDK and of `wandb-export`, value by value.
//!
//! The queries, the comparison and its rules are the Python scripts in `xtask/differential`. This task provides an
//! environment with the pinned SDK, the built program, and servers with recorded and random runs.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::counts::Counts;
use crate::programs::{self, Programs};
use crate::server::LocalServer;
use crate::summary::{Outcome, Summary};
use crate::workspace::Workspace;
use crate::{process, python};

/// Options of `differential`.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Options {
    /// Run only questions whose name contains this text
    #[arg(long, value_name = "TEXT")]
    pub(crate) question: Option<String>,
    /// Seed of the random runs
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

/// Runs the comparison and prints a summary.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> ExitCode {
    let mut summary = Summary::default();
    summary.part("differential", || compare(workspace, options));
    summary.finish()
}

/// Runs the comparison.
pub(crate) fn compare(workspace: &Workspace, options: &Options) -> Result<Outcome> {
    // First, because it is the most likely to be missing.
    let python = python::environment(workspace, "differential")?;
    let programs = programs::build(workspace, programs::AS_TESTED)?;
    let scratch = tempfile::tempdir().context("cannot create a temporary directory")?;
    let scripts = workspace.root.join("xtask/differential");
    let mut counts = Counts::default();
    let mut passed = true;
    let mut add = |outcome| match outcome {
        Outcome::Passed(more) => counts += more,
        Outcome::Failed(more) => {
            counts += Counts { failed: more.failed.max(1), ..more };
            passed = false;
        }
        Outcome::Skipped(_) => {}
    };
    add(script(&python, scratch.path(), &[scripts.join("check_rules.py").into()])?);
    let runs = scratch.path().join("runs");
    let mut make = python::isolated(&python, scratch.path());
    make.arg(scripts.join("random_runs.py")).arg(&runs).arg(options.seed.to_string());
    let ended = process::run(&mut make)?;
    anyhow::ensure!(ended.status.success(), "cannot create the random runs");
    std::fs::copy(workspace.root.join("xtask/fixtures/recording.tar.zst"), runs.join("recording.tar.zst"))
        .context("cannot copy the recording")?;
    for source in ["live", "exported"] {
        let server = start(&programs, &runs, source)?;
        let mut arguments: Vec<OsString> = vec![
            scripts.join("compare.py").into(),
            "--program".into(),
            programs.export.clone().into(),
            "--base-url".into(),
            server.base_url.clone().into(),
            "--api-key".into(),
            server.api_key.clone().into(),
            "--source".into(),
            source.into(),
            "--report".into(),
            workspace.target.join("differential/report").join(source).into(),
        ];
        if let Some(text) = &options.question {
            arguments.extend(["--question".into(), text.into()]);
        }
        add(script(&python, &scratch.path().join(source), &arguments)?);
    }
    let examples =
        programs::build_examples(workspace, &["async_04_update_metrics", "blocking_04_update_metrics"])?;
    let mut arguments: Vec<OsString> = vec![scripts.join("documented.py").into()];
    for (option, value) in [
        ("--program", &programs.export),
        ("--server", &programs.server),
        ("--examples", &examples),
        ("--runs", &workspace.root.join("xtask/fixtures/examples")),
        ("--report", &workspace.target.join("differential/report/documented")),
    ] {
        arguments.extend([option.into(), value.into()]);
    }
    arguments.extend(["--seed".into(), options.seed.to_string().into()]);
    if let Some(text) = &options.question {
        arguments.extend(["--question".into(), text.into()]);
    }
    add(script(&python, &scratch.path().join("documented"), &arguments)?);
    let mut arguments: Vec<OsString> = vec![scripts.join("readers.py").into()];
    for (option, value) in [
        ("--program", &programs.export),
        ("--server", &programs.server),
        ("--document", &workspace.root.join("docs/mirror.md")),
    ] {
        arguments.extend([option.into(), value.into()]);
    }
    add(script(&python, &scratch.path().join("readers"), &arguments)?);
    let option = |name: &str, value: OsString| -> [OsString; 2] { [name.into(), value] };
    let server = option("--server", programs.server.clone().into());
    let program = option("--program", programs.export.clone().into());
    let seed = option("--seed", options.seed.to_string().into());
    let question = option("--question", options.question.clone().unwrap_or_default().into());
    let both = [program, server.clone()].concat();
    for (name, arguments) in [
        ("reports", both.clone()),
        ("on_disk", [both.clone(), seed.to_vec()].concat()),
        ("logged", [both.clone(), seed.to_vec()].concat()),
        ("logged_artifacts", server.to_vec()),
        ("artifacts", [both, question.to_vec()].concat()),
    ] {
        let script_file = scripts.join(name).with_extension("py").into();
        add(script(&python, &scratch.path().join(name), &[vec![script_file], arguments].concat())?);
    }
    println!("\n{} passed, {} failed", counts.passed, counts.failed);
    Ok(Outcome::of(passed, counts))
}

/// Starts a server with the recorded and random runs. All rows are live, or all but the last of each run are exported
/// as Parquet.
fn start(programs: &Programs, runs: &Path, source: &str) -> Result<LocalServer> {
    let mut arguments: Vec<OsString> = vec!["--fixtures".into(), runs.into()];
    if source == "exported" {
        let list = runs.join("to-export.txt");
        let paths =
            std::fs::read_to_string(&list).with_context(|| format!("cannot read {}", list.display()))?;
        arguments.extend(paths.lines().flat_map(|path| ["--export".into(), path.into()]));
        arguments.extend(["--export-rows", "700", "--export-live", "7"].map(OsString::from));
    }
    LocalServer::start(&programs.server, arguments)
}

fn script(python: &Path, home: &Path, arguments: &[OsString]) -> Result<Outcome> {
    let ended = process::run(python::isolated(python, home).args(arguments))?;
    Ok(Outcome::of(ended.status.success(), Counts::of_script(&ended.output)))
}
