//! `cargo xtask examples`: runs the programs in `wandb-export/examples` against a local server.
//!
//! Each form of an example has its own server and folder, so that none sees the changes of another. Both forms must
//! print the same, write the same files, and print the text in `wandb-export/examples/printed`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use crate::artifacts::{self, Executable, TargetKind};
use crate::counts::Counts;
use crate::process;
use crate::programs;
use crate::server::LocalServer;
use crate::summary::{Outcome, Summary};
use crate::workspace::{Workspace, cargo};

/// The folders of the examples.
const FORMS: [&str; 2] = ["blocking", "async"];

/// Replaces the URL of the local server in the output, since its port varies.
const SERVER: &str = "https://wandb.example";

/// Options of `examples`.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Options {
    /// Run only examples whose name contains this text
    #[arg(long, value_name = "TEXT")]
    example: Option<String>,
    /// Save the output as the expected output
    #[arg(long)]
    write: bool,
}

/// Runs the examples and prints a summary.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> ExitCode {
    let mut summary = Summary::default();
    summary.part("examples", || check(workspace, options));
    summary.finish()
}

/// Builds and runs all examples, also after a failure.
pub(crate) fn check(workspace: &Workspace, options: &Options) -> Result<Outcome> {
    let mut command = cargo();
    command.current_dir(&workspace.root).arg("build").args(programs::EXAMPLES_AS_TESTED);
    let (succeeded, executables) = artifacts::build(&mut command)?;
    ensure!(succeeded, "the examples do not build");
    let folder = workspace.root.join("wandb-export/examples");
    let mut counts = Counts::default();
    for name in names(&folder)? {
        if options.example.as_ref().is_some_and(|text| !name.contains(text)) {
            continue;
        }
        let printed = folder.join(format!("printed/{name}.txt"));
        match example(workspace, &executables, &name) {
            Ok(text) if options.write => {
                std::fs::write(&printed, text)
                    .with_context(|| format!("cannot write {}", printed.display()))?;
                counts.passed += 1;
            }
            Ok(text) => match std::fs::read_to_string(&printed) {
                Ok(expected) if expected == text => counts.passed += 1,
                Ok(_) => fail(&mut counts, &name, "prints other text than the file in examples/printed"),
                Err(problem) => fail(&mut counts, &name, &format!("{}: {problem}", printed.display())),
            },
            Err(problem) => fail(&mut counts, &name, &format!("{problem:#}")),
        }
    }
    ensure!(counts != Counts::default(), "no example matches");
    println!("\n{} passed, {} failed", counts.passed, counts.failed);
    Ok(Outcome::of(true, counts))
}

fn fail(counts: &mut Counts, name: &str, problem: &str) {
    println!("FAILED {name}: {problem}");
    counts.failed += 1;
}

/// Returns the names of the examples that exist in any form.
fn names(folder: &Path) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for form in FORMS {
        let folder = folder.join(form);
        let entries =
            std::fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            let name = path.file_stem().and_then(|name| name.to_str());
            names.insert(name.context("a file without a name")?.to_owned());
        }
    }
    Ok(names)
}

/// Runs both forms and returns their common output.
fn example(workspace: &Workspace, executables: &[Executable], name: &str) -> Result<String> {
    let outputs = FORMS.map(|form| {
        println!("\n== wandb-export/examples/{form}/{name}.rs");
        let wanted = format!("{form}_{name}");
        let mut found = executables.iter();
        let found = found.find(|built| built.kind == TargetKind::Example && built.name == wanted);
        let program = found.with_context(|| format!("wandb-export/Cargo.toml has no example {wanted}"))?;
        let mut found = executables.iter();
        let server =
            found.find(|built| built.kind == TargetKind::Program && built.name == "wandb-local-server");
        let server = server.context("cargo built no local server")?;
        ExampleOutput::of(&program.path, &server.path, &workspace.root.join("xtask/fixtures/examples"))
    });
    let [blocking, r#async] = outputs;
    common_output(blocking?, &r#async?)
}

/// Returns the printed text if both outputs are equal.
fn common_output(one: ExampleOutput, other: &ExampleOutput) -> Result<String> {
    ensure!(one.printed == other.printed, "the blocking and the async form print different text");
    ensure!(one.files.keys().eq(other.files.keys()), "the two forms write different files");
    for (path, bytes) in &one.files {
        ensure!(other.files.get(path) == Some(bytes), "the two forms write {} differently", path.display());
    }
    Ok(one.printed)
}

/// The output of a program.
#[derive(Debug)]
struct ExampleOutput {
    printed: String,
    /// The files that it wrote in its folder.
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl ExampleOutput {
    fn of(program: &Path, server: &Path, runs: &Path) -> Result<Self> {
        let server = LocalServer::start(server, ["--fixtures".as_ref(), runs.as_os_str()])?;
        let home = tempfile::tempdir().context("cannot create a temporary directory")?;
        let folder = tempfile::tempdir().context("cannot create a temporary directory")?;
        let mut command = Command::new(program);
        command.current_dir(folder.path()).env("HOME", home.path()).env("NO_PROXY", "127.0.0.1,localhost");
        for name in ["WANDB_ENTITY", "WANDB_PROJECT", "NETRC", "COLUMNS"] {
            command.env_remove(name);
        }
        command.env("WANDB_BASE_URL", &server.base_url).env("WANDB_API_KEY", &server.api_key);
        let ended = process::run(&mut command)?;
        ensure!(ended.status.success(), "the example failed: {}", ended.status);
        let mut files = BTreeMap::new();
        read_files(folder.path(), Path::new(""), &mut files)?;
        Ok(Self { printed: ended.output.replace(&server.base_url, SERVER), files })
    }
}

fn read_files(folder: &Path, prefix: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = prefix.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            read_files(&entry.path(), &path, found)?;
        } else {
            found.insert(path, std::fs::read(entry.path())?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(printed: &str, files: &[(&str, &str)]) -> ExampleOutput {
        let files = files.iter().map(|&(path, text)| (path.into(), text.into()));
        ExampleOutput { printed: printed.to_owned(), files: files.collect() }
    }

    #[test]
    fn equal_forms_pass() {
        let files = [("a.csv", "1"), ("b/c", "2")];
        assert_eq!(common_output(output("text", &files), &output("text", &files)).unwrap(), "text");
    }

    #[test]
    fn different_forms_fail() {
        let problem = |other: &ExampleOutput| {
            common_output(output("text", &[("a", "1")]), other).unwrap_err().to_string()
        };
        assert!(problem(&output("other", &[("a", "1")])).contains("print different text"));
        assert!(problem(&output("text", &[])).contains("write different files"));
        assert!(problem(&output("text", &[("a", "2")])).contains("write a differently"));
    }

    #[test]
    fn every_example_has_both_forms() {
        let folder = Workspace::load().unwrap().root.join("wandb-export/examples");
        let names = names(&folder).unwrap();
        assert!(!names.is_empty());
        for name in names {
            for form in FORMS {
                assert!(folder.join(format!("{form}/{name}.rs")).exists(), "{name} has no {form} form");
            }
        }
    }
}
