//! Building the programs that tasks start.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::process;
use crate::workspace::{Workspace, cargo};

/// The packages and features of `cargo test`, so that its build is used again instead of a second one beside it:
/// what is chosen decides with which features the dependencies are built.
pub(crate) const AS_TESTED: &[&str] =
    &["--workspace", "--exclude", "xtask", "--all-features", "--bins", "--tests"];

/// The programs alone, as a user would build them.
pub(crate) const AS_USED: &[&str] = &["-p", "wandb-export", "-p", "wandb-local-server", "--bins"];

/// Where the built programs lie.
#[derive(Debug)]
pub(crate) struct Programs {
    /// `wandb-export`.
    pub(crate) export: PathBuf,
    /// `wandb-local-server`.
    pub(crate) server: PathBuf,
}

/// Builds both programs.
pub(crate) fn build(workspace: &Workspace, selection: &[&str]) -> Result<Programs> {
    let mut command = cargo();
    command.current_dir(&workspace.root).arg("build").args(selection);
    println!("\n$ {}", process::shown(&command));
    let output = command
        .arg("--message-format=json-render-diagnostics")
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    ensure!(output.status.success(), "the programs do not build");
    let mut executables = executables(&String::from_utf8_lossy(&output.stdout));
    let mut take = |name: &str| executables.remove(name).with_context(|| format!("cargo built no {name}"));
    Ok(Programs { export: take("wandb-export")?, server: take("wandb-local-server")? })
}

/// Paths of the programs (not of the tests) in cargo's messages.
fn executables(messages: &str) -> BTreeMap<String, PathBuf> {
    let parsed = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let programs = parsed.filter(|message| {
        message["target"]["kind"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "bin"))
            && message["profile"]["test"] == Value::Bool(false)
    });
    programs
        .filter_map(|message| {
            let name = message["target"]["name"].as_str()?.to_owned();
            Some((name, PathBuf::from(message["executable"].as_str()?)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_programs_are_taken_from_cargos_messages() {
        let messages = r#"
{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"a"},"profile":{"test":false},"executable":null}
{"reason":"compiler-artifact","target":{"kind":["bin"],"name":"a"},"profile":{"test":true},"executable":"/x/a-12"}
{"reason":"compiler-artifact","target":{"kind":["bin"],"name":"a"},"profile":{"test":false},"executable":"/x/a"}
{"reason":"build-finished","success":true}
not json"#;
        let found = executables(messages);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [("a".to_owned(), PathBuf::from("/x/a"))]);
    }
}
