//! `cargo xtask demo`: the main commands on local and on recorded runs. Needs only a Rust toolchain.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, ensure};

use crate::process;
use crate::programs;
use crate::python;
use crate::server::LocalServer;
use crate::workspace::Workspace;

/// Commands on local runs, executed in their folder, without a server or an API key.
const ON_DISK: &[&[&str]] = &[
    &["runs", "./0.31.0", "--filter", r#"{"state": "finished"}"#, "--light"],
    &["run", "./0.31.0/scalars"],
    &["history", "./0.31.0/scalars", "--samples", "10", "--keys", "loss,acc"],
    &["compare", "./0.31.0/scalars", "./0.12.21/scalars"],
    &["files", "./0.31.0/scalars"],
    &["command", "./0.31.0/scalars"],
];

/// Commands on local runs that write a file, and the file.
const ON_DISK_WRITTEN: &[(&[&str], &str)] = &[
    (&["history", "./0.31.0/blocks", "--all"], "on-disk.parquet"),
    (&["history", "./0.31.0/scalars", "--all", "--stream", "system"], "on-disk-system.csv"),
    (&["history", "./0.10.8/scalars", "--all"], "on-disk.jsonl"),
];

/// Commands whose output is shown.
const SHOWN: &[&[&str]] = &[
    &["whoami"],
    &["projects", "local-team"],
    &["runs", "local-team/demo", "--filter", r#"{"config.lr": {"$gt": 0.0005}}"#, "--order", "-created_at"],
    &["run", "local-team/demo/scalars"],
    &["history", "local-team/demo/scalars", "--samples", "10"],
    &["compare", "local-team/demo/scalars", "local-team/demo/config-types"],
    &["files", "local-team/demo/scalars"],
    &["files", "local-team/demo/scalars", "--name", "config.yaml", "--download", "--replace"],
    &["command", "local-team/demo/scalars"],
    &["set", "summary", "local-team/demo/scalars", "best.accuracy=0.9", "--dry-run"],
];

/// Commands that write a file, and the file.
const WRITTEN: &[(&[&str], &str)] = &[
    (&["history", "local-team/demo/scalars", "--all"], "scalars.csv"),
    (&["history", "local-team/demo/nested", "--all", "--transport", "async"], "nested.jsonl"),
    (&["history", "local-team/demo/non-finite", "--all", "--transport", "blocking"], "non-finite.jsonl"),
    (&["history", "local-team/demo/scalars", "--stream", "system"], "system.csv"),
    (&["history", "local-team/demo/long", "--all"], "long.parquet"),
    (&["project", "local-team/demo"], "runs.csv"),
];

/// Maximum number of lines and of characters per line that are shown of a file.
const HEAD: (usize, usize) = (4, 150);

/// Builds the programs, serves the recording, and runs the commands.
pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    let programs = programs::build(workspace, programs::AS_USED)?;
    let folder = workspace.target.join("demo");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let home = tempfile::tempdir().context("cannot create a temporary directory")?;
    println!("\nLocal runs of the SDK need no server.");
    let on_disk = |arguments: &[&str]| {
        let mut command = Command::new(&programs.export);
        python::remove_user_settings(&mut command, home.path());
        command.args(arguments).current_dir(workspace.root.join("xtask/fixtures/offline"));
        command
    };
    for arguments in ON_DISK {
        succeed(&mut on_disk(arguments))?;
    }
    for (arguments, file) in ON_DISK_WRITTEN {
        let file = folder.join(file);
        succeed(on_disk(arguments).arg("--output").arg(&file))?;
        show(&file)?;
    }
    let recording = workspace.root.join("xtask/fixtures/recording.tar.zst");
    let server = LocalServer::start(&programs.server, ["--fixtures".as_ref(), recording.as_os_str()])?;
    println!("\nA local server with recorded runs is listening on {}.", server.base_url);
    let command = |arguments: &[&str]| {
        let mut command = Command::new(&programs.export);
        command.args(arguments).env("HOME", home.path()).env("WANDB_BASE_URL", &server.base_url);
        command.env("WANDB_API_KEY", &server.api_key).env("NO_PROXY", "127.0.0.1,localhost");
        command.current_dir(&folder);
        command
    };
    for arguments in SHOWN {
        succeed(&mut command(arguments))?;
    }
    for (arguments, file) in WRITTEN {
        succeed(command(arguments).args(["--output", file]))?;
        show(&folder.join(file))?;
    }
    println!("\nThe files are in {}.", folder.display());
    Ok(ExitCode::SUCCESS)
}

fn succeed(command: &mut Command) -> Result<()> {
    let ended = process::run(command)?;
    ensure!(ended.status.success(), "`{}` failed: {}", process::display_command(command), ended.status);
    Ok(())
}

/// Prints the size of a file and, if it is text, its first lines.
fn show(file: &Path) -> Result<()> {
    let bytes = std::fs::read(file).with_context(|| format!("{} was not written", file.display()))?;
    let name = file.file_name().unwrap_or(file.as_os_str());
    println!("-> {} ({} bytes)", name.to_string_lossy(), bytes.len());
    if let Ok(text) = std::str::from_utf8(&bytes) {
        print!("{}", head(text));
    }
    Ok(())
}

/// Returns the first lines, truncated to a width.
fn head(text: &str) -> String {
    let (lines, width) = HEAD;
    let mut shown: Vec<_> = text.lines().take(lines).map(|line| cut(line, width)).collect();
    let left = text.lines().count().saturating_sub(lines);
    if left > 0 {
        shown.push(format!("   … {left} more lines\n"));
    }
    shown.concat()
}

fn cut(line: &str, width: usize) -> String {
    let start: String = line.chars().take(width).collect();
    let more = if start.len() < line.len() { "…" } else { "" };
    format!("   {start}{more}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_limits_lines_and_width() {
        assert_eq!(head("a\nb\n"), "   a\n   b\n");
        let wide = "é".repeat(HEAD.1 + 1);
        assert_eq!(head(&wide), format!("   {}…\n", "é".repeat(HEAD.1)));
        assert!(head("1\n2\n3\n4\n5\n6\n").ends_with("   4\n   … 2 more lines\n"));
    }
}
