//! The console output of a run.

use futures_util::stream::BoxStream;

use super::Run;
use crate::error::Error;
use crate::issue::Issue;
use crate::source::list_reader::{Issues, ListReader};

/// A reader of a run's console output.
///
/// ```no_run
/// # async fn example() -> Result<(), wandb_export::Error> {
/// let run = wandb_export::Api::offline().run("./wandb/latest-run").await?;
/// let mut console = run.console();
/// while let Some(lines) = console.next_lines().await? {
///     println!("{} more lines", lines.len());
/// }
/// for issue in console.issues() {
///     eprintln!("{issue}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Console(ListReader<String>);

impl Run {
    /// Opens the run's console output, line by line in order (query `RunLogLines`). For a run on disk, progress bars
    /// show their last state, and lines of standard output and standard error are ordered by when each line began.
    ///
    /// A server keeps about the newest 100 000 lines of a run. Servers before version 0.77 return the newest 10 000.
    /// [`Console::issues`] reports missing lines; the run's file `output.log` may have them.
    pub fn console(&self) -> Console {
        let issues = Issues::default();
        let lines = self.source().console(issues.clone());
        Console(ListReader::new(lines, issues))
    }
}

impl Console {
    /// Returns the next lines, at least one, without line breaks. `None` at the end.
    pub async fn next_lines(&mut self) -> Result<Option<Vec<String>>, Error> {
        self.0.next_batch().await
    }

    /// Returns the issues found so far, such as missing lines. Complete once [`next_lines`](Self::next_lines) has
    /// returned `None`.
    pub fn issues(&self) -> Vec<Issue> {
        self.0.issues()
    }

    /// Streams the remaining lines. Does not report missing lines; see [`issues`](Self::issues).
    ///
    /// ```no_run
    /// # async fn example(run: wandb_export::Run) -> Result<(), wandb_export::Error> {
    /// use futures_util::TryStreamExt;
    ///
    /// let lines: Vec<String> = run.console().into_lines().try_collect().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_lines(self) -> BoxStream<'static, Result<String, Error>> {
        self.0.into_stream()
    }
}
