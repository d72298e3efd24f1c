//! Sources on disk: the traits that each one implements.
//!
//! Their methods may block. `api` calls them on threads.

mod lines;
mod sampled_rows;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use wandb_core::model::{Run, Sweep};
use wandb_core::{BaseUrl, ProjectPath, Row, RunPath};
use wandb_runlog::Selection;
use wandb_tables::Batch;

pub(super) use lines::{LineReader, read_error};
pub(crate) use sampled_rows::{RowRequest, SampledRows};

use super::{FoundFile, RunFacts};
use crate::error::Error;
use crate::issue::Issue;

/// Looks for runs of one source at a path. `None` if there are none.
pub(super) type FindRuns = fn(&Path) -> Result<Option<Box<dyn RunFolder>>, Error>;

/// A path with runs: a file or a folder.
pub(crate) trait RunFolder: fmt::Debug + Send + Sync {
    /// Returns the project that stands for the path, with all its runs.
    fn project(&self) -> Result<DiskProject, Error>;

    /// Returns the runs that `names` may select: a run's id, with its project and entity before it if given. Default:
    /// the runs whose paths end with these names.
    fn select(&self, names: &[String]) -> Result<Vec<Arc<dyn RunEntry>>, Error> {
        let runs = self.project()?.runs;
        let is_named = |run: &&Arc<dyn RunEntry>| run.paths().iter().any(|path| ends_with(path, names));
        Ok(runs.iter().filter(is_named).cloned().collect())
    }

    /// Returns the project and the fields of one of its sweeps, if known.
    fn sweep(&self, _id: &str) -> Result<(DiskProject, Option<Sweep>), Error> {
        Ok((self.project()?, None))
    }
}

/// A project on disk.
#[derive(Debug, Clone)]
pub(crate) struct DiskProject {
    pub(crate) path: ProjectPath,
    /// The runs, which are read one by one.
    pub(crate) runs: Arc<[Arc<dyn RunEntry>]>,
    /// The issues of the project as a whole.
    pub(crate) issues: Vec<Issue>,
    /// The server that the runs belong to, if known.
    pub(crate) server: Option<BaseUrl>,
}

/// A folder of which all runs are known.
impl RunFolder for DiskProject {
    fn project(&self) -> Result<DiskProject, Error> {
        Ok(self.clone())
    }
}

/// A run that was found but not read. Some sources find several runs under one id.
pub(crate) trait RunEntry: fmt::Debug + Send + Sync {
    /// Reads the runs.
    fn read(&self) -> Result<Vec<DiskRun>, Error>;

    /// Returns the paths of the runs, without those that cannot be read. Default: reads them.
    fn paths(&self) -> Vec<RunPath> {
        self.read().into_iter().flatten().map(|run| run.facts.path).collect()
    }

    /// Opens the run for reading its rows, without its facts. `None` if that is not faster than reading the run.
    fn open_rows(&self) -> Result<Option<DiskRun>, Error> {
        Ok(None)
    }

    /// Returns a run with only its creation time, if that is known without reading the run.
    fn outline(&self) -> Option<Run> {
        None
    }

    /// Returns a run that stands in for one that cannot be read, so that the others can be listed.
    fn placeholder(&self, error: Error) -> Result<DiskRun, Error> {
        Err(error)
    }
}

/// A run on disk.
#[derive(Debug, Clone)]
pub(crate) struct DiskRun {
    pub(crate) facts: RunFacts,
    pub(crate) data: Arc<dyn RunData>,
}

/// The data of a run on disk.
pub(crate) trait RunData: fmt::Debug + Send + Sync {
    /// Opens rows that the run logged.
    fn rows(&self, selection: &Selection) -> Result<Box<dyn RowReader>, Error>;

    /// Opens the system metrics of the machine.
    fn system_metrics(&self) -> Result<Box<dyn RowReader>, Error> {
        Err(Error::usage("a run of this kind has no system metrics"))
    }

    /// Returns the issues that concern the rows and that reading them does not find.
    fn history_issues(&self) -> Vec<Issue> {
        Vec::new()
    }

    /// Opens a run that is still being written, to follow its rows.
    fn follow(&self, _selection: Selection) -> Result<Box<dyn Tail>, Error> {
        Err(Error::usage("a run of this kind gets no new rows, so it cannot be followed"))
    }

    /// Lists the files.
    fn files(&self) -> Result<Vec<FoundFile>, Error> {
        Ok(Vec::new())
    }

    /// Returns the issues of the files.
    fn file_issues(&self) -> Result<Vec<Issue>, Error> {
        Ok(Vec::new())
    }

    /// Opens the console output.
    fn console(&self) -> Result<LineBatches, Error> {
        Ok(Box::new(std::iter::empty()))
    }

    /// Returns the issues of the console output.
    fn console_issues(&self) -> Result<Vec<Issue>, Error> {
        Ok(Vec::new())
    }
}

/// The kind of rows.
#[derive(Debug, Clone)]
pub(crate) enum RowKind {
    /// Rows that the run logged.
    Logged(Selection),
    /// System metrics of the machine.
    System,
}

/// Reads rows in batches.
pub(crate) trait RowReader: Send {
    /// Returns the next rows, or `None` at the end.
    fn next(&mut self) -> Result<Option<Batch>, Error>;

    /// Returns the issues found so far.
    fn issues(&self) -> &[Issue] {
        &[]
    }
}

/// Batches of lines, at least one each, without line breaks.
pub(crate) type LineBatches = Box<dyn Iterator<Item = Result<Vec<String>, Error>> + Send>;

/// Follows the rows of a run that is still being written.
pub(crate) trait Tail: Send {
    /// Reads new rows, if there are any.
    fn poll(&mut self) -> Result<PollResult, Error>;

    /// Returns the issues found so far.
    fn issues(&self) -> &[Issue];
}

/// The result of one poll.
#[derive(Debug)]
pub(crate) enum PollResult {
    /// New rows, at least one.
    Rows(Vec<Row>),
    /// No new rows yet.
    Pending,
    /// The run has ended and all its rows were returned.
    Ended,
}

/// Returns whether a path ends with these names.
pub(super) fn ends_with(path: &RunPath, names: &[String]) -> bool {
    let parts = [path.entity(), path.project(), path.run()];
    parts.iter().rev().zip(names.iter().rev()).all(|(part, name)| part == name)
}
