//! The console output of a run.

use std::sync::Arc;

use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use wandb_core::RunPath;
use wandb_core::client::Client;
use wandb_core::error::Error as RequestError;
use wandb_core::operation::AnswerError;
use wandb_graphql::ops::{ListLogLines, LogPage};
use wandb_graphql::{LogTally, PageGuard};

use super::Run;
use super::list_reader::{Issues, ListReader};
use crate::error::Error;
use crate::issue::Issue;
use crate::local::{self, LocalRun};

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
        let client = self.client().clone();
        let issues = Issues::default();
        let lines = match self.on_disk() {
            Some(run) => on_disk(client, Arc::clone(run), issues.clone()),
            None => on_server(&client, self.path().clone(), issues.clone()),
        };
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

fn on_server(
    client: &Client,
    path: RunPath,
    issues: Issues,
) -> BoxStream<'static, Result<Vec<String>, Error>> {
    let pages = LogPages::new(client, path.clone(), Some(ListLogLines::new(path)));
    let next = move |mut pages: LogPages| {
        let issues = issues.clone();
        async move {
            let lines = pages.next_lines().await?;
            if lines.is_none() {
                issues.add(pages.issues());
            }
            Ok(lines.map(|lines| (lines, pages)))
        }
    };
    stream::try_unfold(pages, next).boxed()
}

/// Reads the log of a run page by page. A log with invalid or repeating pages ends with an issue.
pub(crate) struct LogPages {
    path: RunPath,
    pages: BoxStream<'static, Result<LogPage, RequestError>>,
    tally: LogTally,
    /// The problem with the pages, if any.
    broken: Option<&'static str>,
    is_over: bool,
}

impl LogPages {
    /// Reads the log of the run at `path` with the requests of `rest`.
    pub(crate) fn new(client: &Client, path: RunPath, rest: Option<ListLogLines>) -> Self {
        let client = client.clone();
        let pages = stream::iter(rest).flat_map(move |pages| client.pages(pages)).boxed();
        Self { path, pages, tally: LogTally::default(), broken: None, is_over: false }
    }

    /// Takes a page fetched elsewhere and returns its new lines.
    pub(crate) fn take(&mut self, page: LogPage) -> Vec<String> {
        let lines = self.tally.take(page);
        if self.tally.is_repeating() {
            (self.broken, self.is_over) = (Some(PageGuard::MESSAGE), true);
        }
        lines
    }

    /// Returns the next lines, possibly none. `None` at the end.
    pub(crate) async fn next_lines(&mut self) -> Result<Option<Vec<String>>, Error> {
        if self.is_over {
            return Ok(None);
        }
        match self.pages.try_next().await {
            Ok(Some(page)) => return Ok(Some(self.take(page))),
            Ok(None) => {}
            Err(RequestError::Answer { source: AnswerError::Pages { message }, .. }) => {
                (self.broken, self.is_over) = (Some(message), true);
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        }
        self.is_over = true;
        Ok(Some(self.tally.finish()))
    }

    #[cfg(feature = "mirror")]
    pub(crate) fn tally(&self) -> &LogTally {
        &self.tally
    }

    /// Returns the issues of the log, after it has been read to its end.
    pub(crate) fn issues(&self) -> Vec<Issue> {
        let mut issues = Vec::new();
        if let Some(detail) = self.broken {
            let (list, received) = (format!("log lines of {}", self.path), self.tally.received());
            issues.push(Issue::ListBroken { list, received, detail: detail.to_owned() });
        }
        issues.extend(issues_of(&self.path, &self.tally));
        issues
    }
}

/// Reads the lines of a run on disk. Opens the files lazily, with the first read.
fn on_disk(
    client: Client,
    run: Arc<LocalRun>,
    issues: Issues,
) -> BoxStream<'static, Result<Vec<String>, Error>> {
    let opening = client.clone();
    let open = async move {
        let read = move || Ok::<_, Error>((run.console()?, run.console_issues()?));
        let (console, found) = opening.work(read).await?;
        issues.add(found);
        Ok::<_, Error>(console)
    };
    let next = move |mut console: local::Console| {
        let client = client.clone();
        async move {
            let (lines, console) = client.work(move || (console.next_lines(), console)).await;
            Ok::<_, Error>(lines?.map(|lines| (lines, console)))
        }
    };
    stream::once(open).map_ok(move |console| stream::try_unfold(console, next.clone())).try_flatten().boxed()
}

/// Returns the issues of a log that was read to its end.
fn issues_of(run: &RunPath, tally: &LogTally) -> Vec<Issue> {
    let mut issues = Vec::new();
    let list = format!("log lines of {run}");
    issues.extend(Issue::of_entries(&list, tally.unreadable()));
    issues.extend(Issue::null_entries(list, tally.null_entries(), tally.unreadable()));
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
