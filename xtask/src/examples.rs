//! `cargo xtask examples`: the programs of `wandb-export/examples`, run against a local server.
//!
//! Each form of an example has a server and a folder of its own, so that none sees what another one changed. Both forms
//! must print the same, leave the same files behind, and print what `wandb-export/examples/printed` says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use crate::artifacts::{self, Executable, Kind};
use crate::counts::Counts;
use crate::process;
use crate::programs;
use crate::server::LocalServer;
use crate::summary::{Outcome, Summary};
use crate::workspace::{Workspace, cargo};

/// The folders of the examples.
const FORMS: [&str; 2] = ["blocking", "async"];

/// Stands for the local server, whose port is another one each time.
const SERVER: &str = "https://wandb.example";

/// Options of `examples`.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Options {
    /// Run only examples whose name holds this text
    #[arg(long, value_name = "TEXT")]
    example: Option<String>,
    /// Take what they print for what they should print
    #[arg(long)]
    write: bool,
}

/// Runs them and prints a summary.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> ExitCode {
    let mut summary = Summary::default();
    summary.part("examples", || check(workspace, options));
    summary.finish()
}

/// Builds and runs all, also after a failure.
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
                Ok(_) => fail(&mut counts, &name, "prints another text than examples/printed says"),
                Err(problem) => fail(&mut counts, &name, &format!("{}: {problem}", printed.display())),
            },
            Err(problem) => fail(&mut counts, &name, &format!("{problem:#}")),
        }
    }
    ensure!(counts != Counts::default(), "there is no such example");
    println!("\n{} passed, {} failed", counts.passed, counts.failed);
    Ok(Outcome::of(true, counts))
}

fn fail(counts: &mut Counts, name: &str, problem: &str) {
    println!("FAILED {name}: {problem}");
    counts.failed += 1;
}

/// The names of the examples that there are in any form.
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

/// Runs both forms and returns what both print.
fn example(workspace: &Workspace, executables: &[Executable], name: &str) -> Result<String> {
    let seen = FORMS.map(|form| {
        println!("\n== wandb-export/examples/{form}/{name}.rs");
        let wanted = format!("{form}_{name}");
        let mut found = executables.iter();
        let found = found.find(|built| built.kind == Kind::Example && built.name == wanted);
        let program = found.with_context(|| format!("wandb-export/Cargo.toml has no example {wanted}"))?;
        let mut found = executables.iter();
        let server = found.find(|built| built.kind == Kind::Program && built.name == "wandb-local-server");
        let server = server.context("cargo built no local server")?;
        Seen::of(&program.path, &server.path, &workspace.root.join("xtask/fixtures/examples"))
    });
    let [blocking, r#async] = seen;
    same(blocking?, &r#async?)
}

/// What both print, if it is the same.
fn same(one: Seen, other: &Seen) -> Result<String> {
    ensure!(one.printed == other.printed, "the blocking and the async form print different things");
    ensure!(one.files.keys().eq(other.files.keys()), "the two forms leave different files");
    for (path, bytes) in &one.files {
        ensure!(other.files.get(path) == Some(bytes), "the two forms write {} differently", path.display());
    }
    Ok(one.printed)
}

/// What there is to see after a program has run.
#[derive(Debug)]
struct Seen {
    printed: String,
    /// The files it left in its folder.
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl Seen {
    fn of(program: &Path, server: &Path, runs: &Path) -> Result<Self> {
        let server = LocalServer::start(server, ["--fixtures".as_ref(), runs.as_os_str()])?;
        let home = tempfile::tempdir().context("cannot make a temporary directory")?;
        let folder = tempfile::tempdir().context("cannot make a temporary directory")?;
        let mut command = Command::new(program);
        command.current_dir(folder.path()).env("HOME", home.path()).env("NO_PROXY", "127.0.0.1,localhost");
        for name in ["WANDB_ENTITY", "WANDB_PROJECT", "NETRC", "COLUMNS"] {
            command.env_remove(name);
        }
        command.env("WANDB_BASE_URL", &server.base_url).env("WANDB_API_KEY", &server.api_key);
        let ended = process::run(&mut command)?;
        ensure!(ended.status.success(), "it failed: {}", ended.status);
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

    fn seen(printed: &str, files: &[(&str, &str)]) -> Seen {
        let files = files.iter().map(|&(path, text)| (path.into(), text.into()));
        Seen { printed: printed.to_owned(), files: files.collect() }
    }

    #[test]
    fn forms_that_do_the_same_pass() {
        let files = [("a.csv", "1"), ("b/c", "2")];
        assert_eq!(same(seen("text", &files), &seen("text", &files)).unwrap(), "text");
    }

    #[test]
    fn forms_that_differ_in_anything_fail() {
        let problem = |other: &Seen| same(seen("text", &[("a", "1")]), other).unwrap_err().to_string();
        assert!(problem(&seen("other", &[("a", "1")])).contains("print different things"));
        assert!(problem(&seen("text", &[])).contains("leave different files"));
        assert!(problem(&seen("text", &[("a", "2")])).contains("write a differently"));
    }

    #[test]
    fn every_example_is_there_in_both_forms() {
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
