//! Follows a run on a server.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::TryStreamExt;
use wandb_core::client::Client;
use wandb_core::{Row, RunPath};
use wandb_graphql::Filter;
use wandb_graphql::ops::Detail;

use super::ServerHistory;
use crate::error::Error;
use crate::issue::Issue;
use crate::source::RunsQuery;
use crate::source::history::{Follower, HistoryQuery, batch_to_rows};
use crate::source::list_reader::Issues;
use crate::source::server::runs;

/// Poll interval, about as long as the SDK's upload interval.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// Maximum number of consecutive polls without new rows although the server reports steps; see [`ServerFollower::end_poll`].
const MAX_STALE_POLLS: u32 = 3;

/// A reader that polls a run for new rows.
pub(in crate::source::server) struct ServerFollower {
    client: Client,
    path: RunPath,
    query: HistoryQuery,
    /// The rows of this poll, and how many were read.
    reader: Option<(ServerHistory, u64)>,
    is_over: bool,
    /// Whether this poll has returned new rows, and rows that were returned before.
    has_new_rows: bool,
    has_old_rows: bool,
    /// Number of consecutive polls without progress.
    stale_polls: u32,
    issues: Vec<Issue>,
}

impl Follower for ServerFollower {
    fn next_batch(&mut self) -> BoxFuture<'_, Result<Option<Vec<Row>>, Error>> {
        self.next().boxed()
    }

    fn issues(&self) -> &[Issue] {
        &self.issues
    }
}

impl ServerFollower {
    pub(in crate::source::server) fn new(client: Client, path: RunPath, query: HistoryQuery) -> Self {
        Self {
            client,
            path,
            query,
            reader: None,
            is_over: false,
            has_new_rows: false,
            has_old_rows: false,
            stale_polls: 0,
            issues: Vec::new(),
        }
    }

    async fn next(&mut self) -> Result<Option<Vec<Row>>, Error> {
        loop {
            if let Some((reader, read)) = &mut self.reader {
                match next_rows(&self.client, reader).await {
                    Ok(Some(mut rows)) => {
                        *read += rows.len() as u64;
                        // A server whose last step moves back sends old rows again.
                        let before = rows.len();
                        let first = self.query.min_step;
                        rows.retain(|row| {
                            row.step().is_none_or(|step| first.is_none_or(|first| first <= step))
                        });
                        self.has_old_rows |= rows.len() < before;
                        if rows.is_empty() {
                            continue;
                        }
                        self.has_new_rows = true;
                        self.continue_after(rows.iter().filter_map(Row::step).max());
                        return Ok(Some(rows));
                    }
                    Ok(None) => {}
                    Err(error) => {
                        // The next call requests the unread rows again.
                        (self.reader, self.is_over) = (None, false);
                        return Err(error);
                    }
                }
                let last_step_at_start = reader.last_step_at_start();
                self.end_poll(last_step_at_start)?;
                self.continue_after(last_step_at_start);
                let next = self.query.min_step;
                self.is_over |= self.query.max_step.is_some_and(|end| next.is_some_and(|next| end <= next));
                if let Some((reader, read)) = self.reader.take() {
                    self.issues.extend(reader.finish(read, true).await?.issues);
                }
                if !self.is_over {
                    self.client.sleep(POLL_INTERVAL).await;
                }
            }
            if self.is_over {
                return Ok(None);
            }
            // Check for the end of the run first, so that rows logged between the two requests are not missed.
            let is_over = has_ended(self.client.clone(), self.path.clone()).await?;
            let reader = ServerHistory::open(&self.client, &self.path, self.query.clone()).await?;
            self.reader = Some((reader, 0));
            self.is_over = is_over;
        }
    }

    /// Ends a poll of a run whose last step was `last`.
    ///
    /// # Errors
    /// If too many consecutive polls return no rows, although the server reports new steps with rows, or reports a
    /// last step before those already returned.
    fn end_poll(&mut self, last: Option<i64>) -> Result<(), Error> {
        let (has_new_rows, has_old_rows) =
            (std::mem::take(&mut self.has_new_rows), std::mem::take(&mut self.has_old_rows));
        let next = self.query.min_step.unwrap_or(0);
        let has_gone_back = last.is_some_and(|last| last.saturating_add(1) < next);
        let has_none_of_all = self.query.keys.is_empty() && last.is_some_and(|last| next <= last);
        let is_stale = !has_new_rows && (has_old_rows || has_gone_back || has_none_of_all);
        self.stale_polls = if is_stale { self.stale_polls + 1 } else { 0 };
        if self.stale_polls < MAX_STALE_POLLS {
            return Ok(());
        }
        (self.reader, self.is_over) = (None, true);
        Err(Error::EndlessList { list: format!("rows of {}", self.path) })
    }

    /// Continues after `step`. All rows up to it have been returned or do not exist.
    fn continue_after(&mut self, step: Option<i64>) {
        let next = step.map(|step| step.saturating_add(1));
        self.query.min_step = self.query.min_step.max(next);
    }
}

/// Returns whether a run has ended and logs nothing more.
async fn has_ended(client: Client, path: RunPath) -> Result<bool, Error> {
    let filter = Filter::ids([path.run()]);
    let query = RunsQuery { filter, detail: Detail::Light, limit: Some(1), ..RunsQuery::default() };
    let runs = runs::list(client, path.project_path().clone(), query, Issues::default());
    let found: Vec<_> = runs.try_collect().await?;
    let Some(run) = found.iter().flat_map(|found| &found.runs).next() else {
        // The read then fails with the reason.
        return Ok(true);
    };
    Ok(run.state.as_ref().is_some_and(wandb_core::model::RunState::is_over))
}

/// Returns the next rows, at least one. `None` at the end.
async fn next_rows(client: &Client, reader: &mut ServerHistory) -> Result<Option<Vec<Row>>, Error> {
    while let Some(batch) = reader.batches.try_next().await? {
        if batch.row_count() > 0 {
            return batch_to_rows(client, batch).await.map(Some);
        }
    }
    Ok(None)
}
