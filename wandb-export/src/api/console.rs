//! What a run has printed.

use std::sync::Arc;

use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use wandb_core::RunPath;
use wandb_core::client::Client;
use wandb_core::error::Error as RequestError;
use wandb_graphql::LogTally;
use wandb_graphql::ops::{ListLogLines, LogPage};

use super::Run;
use crate::error::Error;
use crate::issue::Issue;
use crate::local::{self, LocalRun};

/// The output of a run, read some lines at a time.
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
pub struct Console {
    source: Source,
    issues: Vec<Issue>,
}

enum Source {
    Server { path: RunPath, pages: BoxStream<'static, Result<LogPage, RequestError>>, tally: LogTally },
    Closed { client: Client, run: Arc<LocalRun> },
    Disk { client: Client, console: local::Console },
    Ended,
}

impl Run {
    /// The lines that the run has printed, in order, to be read (query `RunLogLines`). Of a run on disk progress bars
    /// have their last state, and lines of standard error and standard output come in the order in which they were
    /// begun.
    ///
    /// A server keeps about 100 000 lines of a run, the newest ones. One before version 0.77 gives the newest 10 000.
    /// [`Console::issues`] says what is missing; the run's file `output.log` may have it.
    pub fn console(&self) -> Console {
        let client = self.client().clone();
        let source = match self.on_disk() {
            Some(run) => Source::Closed { client, run: Arc::clone(run) },
            None => Source::Server {
                path: self.path().clone(),
                pages: client.pages(ListLogLines::new(self.path().clone())).boxed(),
                tally: LogTally::default(),
            },
        };
        Console { source, issues: Vec::new() }
    }
}

impl Console {
    /// The next lines, at least one, without their line breaks; `None` at the end.
    pub async fn next_lines(&mut self) -> Result<Option<Vec<String>>, Error> {
        loop {
            match std::mem::replace(&mut self.source, Source::Ended) {
                Source::Ended => return Ok(None),
                Source::Closed { client, run } => {
                    let open = move || Ok::<_, Error>((run.console()?, run.console_issues()?));
                    let (console, issues) = client.work(open).await?;
                    self.issues = issues;
                    self.source = Source::Disk { client, console };
                }
                Source::Disk { client, mut console } => {
                    let (lines, console) = client.work(move || (console.next_lines(), console)).await;
                    let lines = lines?;
                    if lines.is_some() {
                        self.source = Source::Disk { client, console };
                    }
                    return Ok(lines);
                }
                Source::Server { path, mut pages, mut tally } => {
                    let Some(page) = pages.try_next().await? else {
                        self.issues = issues_of(&path, &tally);
                        return Ok(None);
                    };
                    let lines = tally.take(page);
                    self.source = Source::Server { path, pages, tally };
                    if !lines.is_empty() {
                        return Ok(Some(lines));
                    }
                }
            }
        }
    }

    /// What is missing from the output. Complete once [`next_lines`](Self::next_lines) has returned `None`.
    pub fn issues(&self) -> &[Issue] {
        &self.issues
    }

    /// The lines that are left, one by one. What is missing is not said; see [`issues`](Self::issues).
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
        let next = |mut console: Self| async move {
            let lines = console.next_lines().await?;
            Ok::<_, Error>(lines.map(|lines| (stream::iter(lines.into_iter().map(Ok)), console)))
        };
        stream::try_unfold(self, next).try_flatten().boxed()
    }
}

/// What is missing from a log that was read to its end.
pub(crate) fn issues_of(run: &RunPath, tally: &LogTally) -> Vec<Issue> {
    let mut issues = Vec::new();
    if tally.null_entries() > 0 {
        issues.push(Issue::NullEntries { list: format!("log lines of {run}"), count: tally.null_entries() });
    }
    if tally.is_short() {
        issues.push(Issue::LogLinesMissing {
            run: run.clone(),
            counted: tally.counted(),
            received: tally.received(),
            first: tally.first(),
        });
    }
    issues
}

impl std::fmt::Debug for Console {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Console").field("issues", &self.issues).finish_non_exhaustive()
    }
}
