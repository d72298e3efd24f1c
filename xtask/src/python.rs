//! Finds Python, maintains virtual environments with pinned packages, and runs scripts in them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::process;
use crate::workspace::Workspace;

/// The minimum Python version of the pinned SDK.
const MIN_VERSION: (u32, u32) = (3, 10);

/// Returns the Python of a task's virtual environment. The environment is rebuilt when the pinned requirements or the
/// Python version change. The requirements are in the task's folder of scripts, the environment in its part of the
/// target folder.
pub(crate) fn environment(workspace: &Workspace, task: &str) -> Result<PathBuf> {
    ensure_environment(workspace, task, "")
}

/// Returns the Python of another environment of a task, for packages that conflict with the rest. It is like
/// [`environment`], but with `requirements-NAME.txt`.
pub(crate) fn named_environment(workspace: &Workspace, task: &str, name: &str) -> Result<PathBuf> {
    ensure_environment(workspace, task, &format!("-{name}"))
}

fn ensure_environment(workspace: &Workspace, task: &str, suffix: &str) -> Result<PathBuf> {
    let (python, version) =
        find_python().with_context(|| format!("`cargo xtask {task}` cannot start its scripts"))?;
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
    println!("creating the virtual environment {} with Python {version}", environment.display());
    run_checked(Command::new(&python).args(["-m", "venv", "--clear"]).arg(&environment))?;
    run_checked(
        Command::new(&inside)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
            .arg(&requirements),
    )?;
    std::fs::write(&stamp, made_from).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(inside)
}

/// A Python command without the user's W&B settings, and with its own home folder.
pub(crate) fn isolated(python: &Path, home: &Path) -> Command {
    let mut command = Command::new(python);
    remove_user_settings(&mut command, home);
    for (name, folder) in
        [("DIR", "logs"), ("CACHE_DIR", "cache"), ("CONFIG_DIR", "config"), ("DATA_DIR", "data")]
    {
        command.env(format!("WANDB_{name}"), home.join(folder));
    }
    command.env("WANDB_ERROR_REPORTING", "false").env("WANDB_SILENT", "true");
    command.env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONUTF8", "1");
    command
}

/// Hides the user's W&B settings from a program, and bypasses proxies for local addresses.
pub(crate) fn remove_user_settings(command: &mut Command, home: &Path) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("WANDB_") {
            command.env_remove(name);
        }
    }
    command.env("HOME", home).env("NETRC", home.join("netrc"));
    command.env("NO_PROXY", "127.0.0.1,localhost").env("no_proxy", "127.0.0.1,localhost");
}

fn run_checked(command: &mut Command) -> Result<()> {
    let ended = process::run(command)?;
    anyhow::ensure!(
        ended.status.success(),
        "`{}` failed: {}",
        process::display_command(command),
        ended.status
    );
    Ok(())
}

/// Finds a Python that is new enough and can create virtual environments. Returns its path and version.
fn find_python() -> Result<(PathBuf, String)> {
    let mut problems = Vec::new();
    let chosen = std::env::var_os("PYTHON").map(PathBuf::from);
    for candidate in chosen.into_iter().chain(["python3", "python"].map(PathBuf::from)) {
        match query_version(&candidate) {
            Ok(version) => return Ok((candidate, version)),
            Err(problem) => problems.push(format!("  {}: {problem:#}", candidate.display())),
        }
    }
    bail!(
        "no Python {}.{} or newer with the venv module was found:\n{}\n\
         hint: install one (Debian, Ubuntu: apt install python3 python3-venv; elsewhere: https://www.python.org/downloads),\n\
         or set the variable PYTHON to its path. `cargo xtask test --skip-python` skips the tests that need it",
        MIN_VERSION.0,
        MIN_VERSION.1,
        problems.join("\n")
    )
}

fn query_version(python: &Path) -> Result<String> {
    let question = "import sys, venv, ensurepip; print('%d.%d.%d' % sys.version_info[:3])";
    let output = Command::new(python).args(["-c", question]).output().context("cannot start it")?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        bail!("{}", stderr.lines().last().unwrap_or("failed without an error message"));
    }
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    check_version(&version)?;
    Ok(version)
}

fn check_version(version: &str) -> Result<()> {
    let mut numbers = version.split('.').map_while(|number| number.parse::<u32>().ok());
    match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) if (major, minor) >= MIN_VERSION => Ok(()),
        _ => bail!("version {version} is too old"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        for version in ["3.10.0", "3.14.1", "4.0.0"] {
            check_version(version).unwrap();
        }
        for version in ["3.9.19", "2.7.18", "", "three"] {
            assert!(check_version(version).unwrap_err().to_string().contains("too old"), "{version}");
        }
    }

    #[test]
    fn missing_python_is_an_error() {
        let problem = query_version(Path::new("no-such-python")).unwrap_err().to_string();
        assert_eq!(problem, "cannot start it");
    }
}
