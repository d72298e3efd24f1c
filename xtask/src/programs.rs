//! Builds the programs that the tasks run.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use crate::artifacts::{self, TargetKind};
use crate::workspace::{Workspace, cargo};

/// The packages and features of `cargo xtask test`, to reuse its build. The selection decides with which features the
/// dependencies are built.
pub(crate) const AS_TESTED: &[&str] =
    &["--workspace", "--exclude", "xtask", "--all-features", "--bins", "--tests"];

/// The same, with the examples instead of the tests.
pub(crate) const EXAMPLES_AS_TESTED: &[&str] =
    &["--workspace", "--exclude", "xtask", "--all-features", "--bins", "--examples"];

/// Only the programs, as a user would build them.
pub(crate) const AS_USED: &[&str] = &["-p", "wandb-export", "-p", "wandb-local-server", "--bins"];

/// Only the programs, optimized.
pub(crate) const OPTIMIZED: &[&str] =
    &["-p", "wandb-export", "-p", "wandb-local-server", "--bins", "--release"];

/// Paths of the built programs.
#[derive(Debug)]
pub(crate) struct Programs {
    /// `wandb-export`.
    pub(crate) export: PathBuf,
    /// `wandb-local-server`.
    pub(crate) server: PathBuf,
}

/// Builds examples as well, and returns their folder.
pub(crate) fn build_examples(workspace: &Workspace, names: &[&str]) -> Result<PathBuf> {
    let mut command = cargo();
    command.current_dir(&workspace.root).arg("build").args(AS_TESTED);
    command.args(names.iter().flat_map(|name| ["--example", name]));
    let (succeeded, executables) = artifacts::build(&mut command)?;
    ensure!(succeeded, "the examples do not build");
    let example = executables.iter().find(|built| built.kind == TargetKind::Example);
    let folder = example.and_then(|built| built.path.parent());
    folder.map(Path::to_owned).context("cargo built no examples")
}

/// Builds both programs.
pub(crate) fn build(workspace: &Workspace, selection: &[&str]) -> Result<Programs> {
    let mut command = cargo();
    command.current_dir(&workspace.root).arg("build").args(selection);
    let (succeeded, executables) = artifacts::build(&mut command)?;
    ensure!(succeeded, "the programs do not build");
    let find = |name: &str| {
        let found = executables.iter().find(|built| built.kind == TargetKind::Program && built.name == name);
        found.map(|built| built.path.clone()).with_context(|| format!("cargo built no {name}"))
    };
    Ok(Programs { export: find("wandb-export")?, server: find("wandb-local-server")? })
}
