//! Runs cargo builds and finds the executables they produce.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::process;

/// The kind of an executable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TargetKind {
    /// A binary target.
    Program,
    /// An example target.
    Example,
}

/// An executable built by cargo.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Executable {
    pub(crate) kind: TargetKind,
    /// Name of the target.
    pub(crate) name: String,
    /// Path of the executable.
    pub(crate) path: PathBuf,
}

/// Runs a cargo command that builds. Returns whether it succeeded, and the executables.
pub(crate) fn build(command: &mut Command) -> Result<(bool, Vec<Executable>)> {
    println!("\n$ {}", process::display_command(command));
    let output = command
        .arg("--message-format=json-render-diagnostics")
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    Ok((output.status.success(), executables(&String::from_utf8_lossy(&output.stdout))))
}

fn executables(messages: &str) -> Vec<Executable> {
    messages.lines().filter_map(|line| executable(&serde_json::from_str(line).ok()?)).collect()
}

fn executable(message: &Value) -> Option<Executable> {
    let target = &message["target"];
    let is =
        |kind: &str| target["kind"].as_array().is_some_and(|kinds| kinds.iter().any(|found| found == kind));
    let kind = match message["profile"]["test"].as_bool()? {
        false if is("bin") => TargetKind::Program,
        false if is("example") => TargetKind::Example,
        _ => return None,
    };
    Some(Executable {
        kind,
        name: target["name"].as_str()?.to_owned(),
        path: PathBuf::from(message["executable"].as_str()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executables_are_read_from_cargo_messages() {
        let messages = r#"
{"reason":"compiler-artifact","manifest_path":"/m","target":{"kind":["lib"],"name":"a"},"profile":{"test":false},"executable":null}
{"reason":"compiler-artifact","manifest_path":"/m","target":{"kind":["lib"],"name":"a"},"profile":{"test":true},"executable":"/x/a-1"}
{"reason":"compiler-artifact","manifest_path":"/m","target":{"kind":["bin"],"name":"b"},"profile":{"test":false},"executable":"/x/b"}
{"reason":"compiler-artifact","manifest_path":"/m","target":{"kind":["test"],"name":"it"},"profile":{"test":true},"executable":"/x/it-2"}
{"reason":"compiler-artifact","manifest_path":"/m","target":{"kind":["example"],"name":"e"},"profile":{"test":false},"executable":"/x/e"}
{"reason":"build-finished","success":true}
not json"#;
        let found: Vec<_> = executables(messages).into_iter().map(|it| (it.kind, it.name)).collect();
        assert_eq!(found, [(TargetKind::Program, "b".to_owned()), (TargetKind::Example, "e".to_owned())]);
    }
}
