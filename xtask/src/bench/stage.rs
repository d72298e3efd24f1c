//! What every work needs: the built programs, a folder for what they write, measuring, checking.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

use super::work::Sample;
use crate::programs::{self, Programs};
use crate::python;
use crate::workspace::Workspace;

/// The stage that works are performed on.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) programs: Programs,
    /// Python with the SDK and the rest, if there is one.
    pub(crate) python: Option<PathBuf>,
    /// Python with the last SDK that reads and writes logs in Python, if a work needs it and there is one.
    pub(crate) datastore: Option<PathBuf>,
    pub(crate) scripts: PathBuf,
    /// Recorded runs.
    pub(crate) fixtures: PathBuf,
    /// Works are to be small.
    pub(crate) quick: bool,
    /// This program, which starts what is measured.
    pub(crate) own: PathBuf,
    scratch: TempDir,
    /// The sum and the columns of the first output of each data.
    seen: RefCell<HashMap<String, (f64, Value)>>,
}

/// A turn and what its program said.
#[derive(Debug)]
pub(crate) struct Turned {
    pub(crate) sample: Sample,
    pub(crate) output: String,
}

/// What an output is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// Rows of a history with the usual columns.
    History,
    /// Rows of a history with many columns, of which three were asked for.
    WideHistory,
    /// A row for each run, with its name.
    Runs,
    /// A folder of files.
    Folder,
}

impl Stage {
    /// Builds the programs.
    pub(crate) fn set(workspace: &Workspace, quick: bool, build: &[&str]) -> Result<Self> {
        let programs = programs::build(workspace, build)?;
        let folder = workspace.target.join("bench");
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self {
            programs,
            python: None,
            datastore: None,
            scripts: workspace.root.join("xtask/bench"),
            fixtures: workspace.root.join("xtask/fixtures"),
            quick,
            own: std::env::current_exe().context("cannot tell where this program is")?,
            scratch: tempfile::tempdir_in(folder).context("cannot make a temporary directory")?,
            seen: RefCell::default(),
        })
    }

    /// Adds the Python with the SDK and the libraries that check outputs.
    pub(crate) fn add_python(&mut self, workspace: &Workspace) {
        match python::environment(workspace, "bench") {
            Ok(python) => self.python = Some(python),
            Err(problem) => {
                println!("left out: what needs Python ({problem:#}). No output is checked.");
            }
        }
    }

    /// Adds the Python with the last SDK that reads and writes logs in Python.
    pub(crate) fn add_datastore(&mut self, workspace: &Workspace) {
        match python::other_environment(workspace, "bench", "datastore") {
            Ok(python) => self.datastore = Some(python),
            Err(problem) => println!("left out: what needs the SDK's log in Python ({problem:#})."),
        }
    }

    /// One size for measuring, another for a quick look.
    pub(crate) fn size<T>(&self, full: T, quick: T) -> T {
        if self.quick { quick } else { full }
    }

    pub(crate) fn home(&self) -> &Path {
        self.scratch.path()
    }

    /// An empty folder, gone when it is dropped.
    pub(crate) fn folder(&self) -> Result<TempDir> {
        tempfile::tempdir_in(self.scratch.path()).context("cannot make a temporary directory")
    }

    /// An empty folder that stays until the bench ends, for works that make thousands of files. Some file systems look at
    /// every file that was removed in the last minutes when they make a new one, so that whoever comes next would be measured
    /// clearing up.
    pub(crate) fn lasting_folder(&self) -> Result<PathBuf> {
        self.folder().map(TempDir::keep)
    }

    /// A script of the bench in Python, which must be there.
    pub(crate) fn script(&self, name: &str, home: &Path) -> Result<Command> {
        self.script_with(self.python.as_deref(), name, home)
    }

    /// The same with the last SDK that reads and writes logs in Python.
    pub(crate) fn datastore_script(&self, name: &str, home: &Path) -> Result<Command> {
        self.script_with(self.datastore.as_deref(), name, home)
    }

    fn script_with(&self, python: Option<&Path>, name: &str, home: &Path) -> Result<Command> {
        let mut command = python::isolated(python.context("there is no Python")?, home);
        command.arg(self.scripts.join(name));
        Ok(command)
    }

    /// Runs a command that must succeed, and measures it.
    pub(crate) fn measure(&self, command: &Command) -> Result<Turned> {
        // What an earlier turn has left to be written is not this one's to wait for.
        let _ = Command::new("sync").status();
        let report = self.scratch.path().join("report.json");
        let mut own = Command::new(&self.own);
        own.arg("bench-child").arg("--report").arg(&report).arg("--");
        own.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => own.env(name, value),
                None => own.env_remove(name),
            };
        }
        let ended = own.stdin(Stdio::null()).output().context("cannot start this program")?;
        let said = String::from_utf8_lossy(&ended.stderr);
        ensure!(ended.status.success(), "`{}` failed: {}", crate::process::shown(command), said.trim());
        let report: Value = serde_json::from_str(&std::fs::read_to_string(&report)?)?;
        let sample = Sample {
            seconds: report["seconds"].as_f64().context("a report without a time")?,
            peak_mib: report["peak_kib"].as_f64().map(|kib| kib / 1024.0),
            cpu_seconds: report["cpu_seconds"].as_f64(),
            value: None,
        };
        Ok(Turned { sample, output: String::from_utf8_lossy(&ended.stdout).into_owned() })
    }

    /// What an output of this data is to have in sum, where that is known beforehand.
    pub(crate) fn expect(&self, data: &str, sum: f64, columns: &[&str]) {
        self.seen.borrow_mut().insert(data.to_owned(), (sum, columns.into()));
    }

    /// Asks the script that looks into outputs.
    pub(crate) fn ask(&self, arguments: &[&std::ffi::OsStr]) -> Result<Value> {
        let output = self.script("check.py", self.home())?.args(arguments).output()?;
        ensure!(output.status.success(), "check.py failed: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).context("check.py did not print JSON")
    }

    /// Looks whether an output holds so many rows, and the same as the other outputs of the same data.
    pub(crate) fn check(&self, kind: Kind, path: &Path, data: &str, rows: u64) -> Result<()> {
        if self.python.is_none() {
            return Ok(());
        }
        let (what, how) = match kind {
            Kind::History => ("table", ""),
            Kind::WideHistory => ("table", "wide"),
            Kind::Runs => ("rows", ""),
            Kind::Folder => ("folder", ""),
        };
        let found = self.ask(&[what.as_ref(), path.as_os_str(), how.as_ref()])?;
        ensure!(found["rows"] == rows, "{} holds {found} and not {rows} rows", path.display());
        ensure!(found["ascending"] != false, "the steps in {} are not in order", path.display());
        let sum = found["sum"].as_f64().context("a check without a sum")?;
        let mut seen = self.seen.borrow_mut();
        let (expected, columns) =
            &*seen.entry(data.to_owned()).or_insert_with(|| (sum, found["columns"].clone()));
        let near = (sum - expected).abs() <= 1e-9 * expected.abs().max(1.0);
        ensure!(
            *columns == found["columns"],
            "{} holds the columns {} where others have {columns}",
            path.display(),
            found["columns"]
        );
        ensure!(near, "{} holds a sum of {sum} where others have {expected}", path.display());
        Ok(())
    }
}
