//! Reads the console output of a run on a server.

use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use wandb_core::RunPath;
use wandb_core::client::Client;
use wandb_core::error::Error as RequestError;
use wandb_core::operation::AnswerError;
use wandb_graphql::ops::{ListLogLines, LogPage};
use wandb_graphql::{LogTally, PageGuard};

use crate::error::Error;
use crate::issue::Issue;
use crate::source::list_reader::Issues;

/// Reads the lines of a run, in batches.
pub(super) fn read_lines(
    client: &Client,
    path: &RunPath,
    issues: Issues,
) -> BoxStream<'static, Result<Vec<String>, Error>> {
    let pages = LogPages::new(client, path.clone(), Some(ListLogLines::new(path.clone())));
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
        issues.extend(tally_issues(&self.path, &self.tally));
        issues
    }
}

/// Returns the issues of a log that was read to its end.
fn tally_issues(run: &RunPath, tally: &LogTally) -> Vec<Issue> {
    let mut issues = Vec::new();
    let list = format!("log lines of {run}");
    issues.extend(Issue::from_unreadable_entries(&list, tally.unreadable()));
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
