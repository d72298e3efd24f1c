//! Finding Python, keeping virtual environments with pinned packages, and running scripts in them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::process;
use crate::workspace::Workspace;

/// The oldest Python that the pinned SDK runs on.
const OLDEST: (u32, u32) = (3, 10);

/// The Python of a task's virtual environment, which is made anew when the pinned requirements or the Python change.
/// The requirements lie in the task's folder of scripts, the environment in its part of the target folder.
pub(crate) fn environment(workspace: &Workspace, task: &str) -> Result<PathBuf> {
    kept(workspace, task, "")
}

/// The Python of another environment of a task, for what cannot be installed beside the rest. It is kept as the task's
/// own is, with `requirements-NAME.txt`.
pub(crate) fn other_environment(workspace: &Workspace, task: &str, name: &str) -> Result<PathBuf> {
    kept(workspace, task, &format!("-{name}"))
}

fn kept(workspace: &Workspace, task: &str, suffix: &str) -> Result<PathBuf> {
    let (python, version) =
        find().with_context(|| format!("`cargo xtask {task}` cannot start its scripts"))?;
    let scripts = workspace.root.join("xtask").join(task);
    let requirements = scripts.join(format!("requirements{suffix}.txt"));
    let pinned = std::fs::read_to_string(&requirements)
        .with_context(|| format!("cannot read {}", requirements.display()))?;
    let environment = workspace.target.join(task).join(format!("venv{suffix}"));
    let made_from = format!("# Python {version}\n{pinned}");
    let stamp = environment.join("made-from.txt");
    let inside = environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    if std::fs::read_to_string(&stamp).is_ok_and(|text| text == made_from) && inside.exists() {
        println!("using the virtual environment {}", environment.display());
        return Ok(inside);
    }
    println!("making the virtual environment {} with Python {version}", environment.display());
    must_run(Command::new(&python).args(["-m", "venv", "--clear"]).arg(&environment))?;
    must_run(
        Command::new(&inside)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
            .arg(&requirements),
    )?;
    std::fs::write(&stamp, made_from).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(inside)
}

/// Python without the user's own settings of W&B, and with a home of its own.
pub(crate) fn isolated(python: &Path, home: &Path) -> Command {
    let mut command = Command::new(python);
    without_settings(&mut command, home);
    for (name, folder) in
        [("DIR", "logs"), ("CACHE_DIR", "cache"), ("CONFIG_DIR", "config"), ("DATA_DIR", "data")]
    {
        command.env(format!("WANDB_{name}"), home.join(folder));
    }
    command.env("WANDB_ERROR_REPORTING", "false").env("WANDB_SILENT", "true");
    command.env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONUTF8", "1");
    command
}

/// Hides the user's own settings of W&B from a program, and proxies from what it asks of this machine.
pub(crate) fn without_settings(command: &mut Command, home: &Path) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("WANDB_") {
            command.env_remove(name);
        }
    }
    command.env("HOME", home).env("NETRC", home.join("netrc"));
    command.env("NO_PROXY", "127.0.0.1,localhost").env("no_proxy", "127.0.0.1,localhost");
}

fn must_run(command: &mut Command) -> Result<()> {
    let ended = process::run(command)?;
    anyhow::ensure!(ended.status.success(), "`{}` failed: {}", process::shown(command), ended.status);
    Ok(())
}

/// A Python that is new enough and can make virtual environments, and its version.
fn find() -> Result<(PathBuf, String)> {
    let mut seen = Vec::new();
    let chosen = std::env::var_os("PYTHON").map(PathBuf::from);
    for candidate in chosen.into_iter().chain(["python3", "python"].map(PathBuf::from)) {
        match ask(&candidate) {
            Ok(version) => return Ok((candidate, version)),
            Err(problem) => seen.push(format!("  {}: {problem:#}", candidate.display())),
        }
    }
    bail!(
        "they need Python {}.{} or newer with its venv module, and found none:\n{}\n\
         Install one (Debian, Ubuntu: apt install python3 python3-venv; elsewhere: https://www.python.org/downloads),\n\
         or name it in the variable PYTHON. `cargo xtask test --skip-python` leaves out the tests that need it.",
        OLDEST.0,
        OLDEST.1,
        seen.join("\n")
    )
}

fn ask(python: &Path) -> Result<String> {
    let question = "import sys, venv, ensurepip; print('%d.%d.%d' % sys.version_info[:3])";
    let output = Command::new(python).args(["-c", question]).output().context("cannot be started")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{}", said.lines().last().unwrap_or("failed without a word"));
    }
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    check(&version)?;
    Ok(version)
}

fn check(version: &str) -> Result<()> {
    let mut numbers = version.split('.').map_while(|number| number.parse::<u32>().ok());
    match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) if (major, minor) >= OLDEST => Ok(()),
        _ => bail!("version {version} is too old"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        for version in ["3.10.0", "3.14.1", "4.0.0"] {
            check(version).unwrap();
        }
        for version in ["3.9.19", "2.7.18", "", "three"] {
            assert!(check(version).unwrap_err().to_string().contains("too old"), "{version}");
        }
    }

    #[test]
    fn a_python_that_is_not_there_is_told() {
        let problem = ask(Path::new("no-such-python")).unwrap_err().to_string();
        assert_eq!(problem, "cannot be started");
    }
}
