//! The environment of all workloads: built programs, a folder for output, measuring, checking.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

use super::workload::Sample;
use crate::programs::{self, Programs};
use crate::python;
use crate::workspace::Workspace;

/// The environment in which workloads run.
#[derive(Debug)]
pub(crate) struct BenchEnv {
    pub(crate) programs: Programs,
    /// Python with the current SDK and the libraries that check outputs, if available.
    pub(crate) python: Option<PathBuf>,
    /// Python with the last SDK that reads and writes logs in Python, if a workload needs it and it is available.
    pub(crate) datastore: Option<PathBuf>,
    pub(crate) scripts: PathBuf,
    /// Recorded runs.
    pub(crate) fixtures: PathBuf,
    /// Whether to run small workloads.
    pub(crate) quick: bool,
    /// Path of this program, which starts the measured ones.
    pub(crate) own: PathBuf,
    scratch: TempDir,
    /// The sum and the columns of the first output of each data set.
    first_outputs: RefCell<HashMap<String, (f64, Value)>>,
}

/// The sample of a turn, and the program's output.
#[derive(Debug)]
pub(crate) struct TurnResult {
    pub(crate) sample: Sample,
    pub(crate) output: String,
}

/// The kind of an output.
#[derive(Debug, Clone, Copy)]
pub(crate) enum OutputKind {
    /// Rows of a history with the usual columns.
    History,
    /// Rows of a history with many columns, of which three were requested.
    WideHistory,
    /// A row per run, with its name.
    Runs,
    /// A folder of files.
    Folder,
}

impl BenchEnv {
    /// Builds the programs and creates the environment.
    pub(crate) fn new(workspace: &Workspace, quick: bool, build: &[&str]) -> Result<Self> {
        let programs = programs::build(workspace, build)?;
        let folder = workspace.target.join("bench");
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(Self {
            programs,
            python: None,
            datastore: None,
            scripts: workspace.root.join("xtask/bench"),
            fixtures: workspace.root.join("xtask/fixtures"),
            quick,
            own: std::env::current_exe().context("cannot find the path of this program")?,
            scratch: tempfile::tempdir_in(folder).context("cannot create a temporary directory")?,
            first_outputs: RefCell::default(),
        })
    }

    /// Adds the Python with the SDK and the libraries that check outputs.
    pub(crate) fn add_python(&mut self, workspace: &Workspace) {
        match python::environment(workspace, "bench") {
            Ok(python) => self.python = Some(python),
            Err(problem) => {
                println!(
                    "warning: parties that need Python are left out, and no output is checked: {problem:#}"
                );
            }
        }
    }

    /// Adds the Python with the last SDK that reads and writes logs in Python.
    pub(crate) fn add_datastore(&mut self, workspace: &Workspace) {
        match python::named_environment(workspace, "bench", "datastore") {
            Ok(python) => self.datastore = Some(python),
            Err(problem) => {
                println!("warning: parties that need the SDK's Python log reader are left out: {problem:#}");
            }
        }
    }

    /// Returns the full size, or the quick one with `--quick`.
    pub(crate) fn size<T>(&self, full: T, quick: T) -> T {
        if self.quick { quick } else { full }
    }

    pub(crate) fn home(&self) -> &Path {
        self.scratch.path()
    }

    /// Creates an empty folder that is removed when dropped.
    pub(crate) fn folder(&self) -> Result<TempDir> {
        tempfile::tempdir_in(self.scratch.path()).context("cannot create a temporary directory")
    }

    /// Creates an empty folder that is kept until the bench ends, for workloads that write thousands of files. When
    /// some file systems create a file, they look at every file removed in the last minutes, which would slow down the
    /// next turn.
    pub(crate) fn kept_folder(&self) -> Result<PathBuf> {
        self.folder().map(TempDir::keep)
    }

    /// Builds a command for a Python script of the bench. Fails without Python.
    pub(crate) fn script(&self, name: &str, home: &Path) -> Result<Command> {
        self.script_with(self.python.as_deref(), name, home)
    }

    /// Like [`script`](Self::script), with the last SDK that reads and writes logs in Python.
    pub(crate) fn datastore_script(&self, name: &str, home: &Path) -> Result<Command> {
        self.script_with(self.datastore.as_deref(), name, home)
    }

    fn script_with(&self, python: Option<&Path>, name: &str, home: &Path) -> Result<Command> {
        let mut command = python::isolated(python.context("Python is missing")?, home);
        command.arg(self.scripts.join(name));
        Ok(command)
    }

    /// Runs and measures a command. Fails if the command does.
    pub(crate) fn measure(&self, command: &Command) -> Result<TurnResult> {
        // Flushes the writes of earlier turns, so that this one does not wait for them.
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
        let stderr = String::from_utf8_lossy(&ended.stderr);
        ensure!(
            ended.status.success(),
            "`{}` failed: {}",
            crate::process::display_command(command),
            stderr.trim()
        );
        let report: Value = serde_json::from_str(&std::fs::read_to_string(&report)?)?;
        let sample = Sample {
            seconds: report["seconds"].as_f64().context("the report has no time")?,
            peak_mib: report["peak_kib"].as_f64().map(|kib| kib / 1024.0),
            cpu_seconds: report["cpu_seconds"].as_f64(),
            value: None,
        };
        Ok(TurnResult { sample, output: String::from_utf8_lossy(&ended.stdout).into_owned() })
    }

    /// Sets the expected sum and columns of a data set, if they are known in advance.
    pub(crate) fn expect(&self, data: &str, sum: f64, columns: &[&str]) {
        self.first_outputs.borrow_mut().insert(data.to_owned(), (sum, columns.into()));
    }

    /// Runs the script that reads outputs.
    pub(crate) fn ask(&self, arguments: &[&std::ffi::OsStr]) -> Result<Value> {
        let output = self.script("check.py", self.home())?.args(arguments).output()?;
        ensure!(output.status.success(), "check.py failed: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).context("check.py did not print JSON")
    }

    /// Checks that an output has this number of rows, and the same sum and columns as other outputs of the same data.
    pub(crate) fn check(&self, kind: OutputKind, path: &Path, data: &str, rows: u64) -> Result<()> {
        if self.python.is_none() {
            return Ok(());
        }
        let (what, how) = match kind {
            OutputKind::History => ("table", ""),
            OutputKind::WideHistory => ("table", "wide"),
            OutputKind::Runs => ("rows", ""),
            OutputKind::Folder => ("folder", ""),
        };
        let found = self.ask(&[what.as_ref(), path.as_os_str(), how.as_ref()])?;
        ensure!(found["rows"] == rows, "{} has {found} instead of {rows} rows", path.display());
        ensure!(found["ascending"] != false, "the steps in {} are not in ascending order", path.display());
        let sum = found["sum"].as_f64().context("check.py printed no sum")?;
        let mut first_outputs = self.first_outputs.borrow_mut();
        let (expected, columns) =
            &*first_outputs.entry(data.to_owned()).or_insert_with(|| (sum, found["columns"].clone()));
        let near = (sum - expected).abs() <= 1e-9 * expected.abs().max(1.0);
        ensure!(
            *columns == found["columns"],
            "{} has the columns {} instead of {columns}",
            path.display(),
            found["columns"]
        );
        ensure!(near, "{} has a sum of {sum} instead of {expected}", path.display());
        Ok(())
    }
}
