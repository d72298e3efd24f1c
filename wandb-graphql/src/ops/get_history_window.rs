//! `HistoryPage`, `SampledHistoryPage`: all rows of a window of steps.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use http::{Response, StatusCode};
use wandb_core::RunPath;
use wandb_core::internal::{RowEncoding, read_rows};
use wandb_core::operation::{AnswerError, Endpoint, Operation, UnsupportedFields};
use wandb_core::page::Page;
use wandb_core::transport::Request;

use super::path_query::{run_data, run_request};
use super::sampled::{SpecsRun, SpecsVariables, key_lists, read, specs};
use crate::envelope::{find_list, is_time_limit, only_closers_follow};
use crate::row::{STEP, rows};
use crate::schema::{Int64, JsonText, sdl as schema};
use crate::{HistoryRow, HistoryWindow, Samples, Selection};

/// Reads all rows of a window of steps (`HistoryPage`, or with keys `SampledHistoryPage`, in the Python SDK).
///
/// The rows are ordered by step and lie within the window. A step that was logged twice has two rows. The server sends
/// all rows if there are at most `samples`, and a sample of them otherwise (wandb/wandb PR #12010).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetHistoryWindow {
    path: RunPath,
    steps: Range<i64>,
    selection: Arc<Selection>,
    samples: Samples,
}

impl GetHistoryWindow {
    /// Reads all rows, with all keys, of `steps` (end exclusive), if there are at most as many rows as steps.
    pub fn new(path: RunPath, steps: Range<i64>) -> Self {
        let width = if steps.is_empty() { 0 } else { steps.end.abs_diff(steps.start) };
        Self { path, steps, selection: Arc::default(), samples: Samples::enough_for(width) }
    }

    /// Sets the maximum number of rows in the answer. Default: the number of steps.
    #[must_use]
    pub fn samples(self, samples: Samples) -> Self {
        Self { samples, ..self }
    }

    /// Reads only the rows that have certain keys.
    #[must_use]
    pub fn select(self, selection: Selection) -> Self {
        Self { selection: Arc::new(selection), ..self }
    }

    pub(super) fn with_shared_selection(self, selection: Arc<Selection>) -> Self {
        Self { selection, ..self }
    }

    /// The last step of the window, inclusive.
    fn last(&self) -> i64 {
        self.steps.end.saturating_sub(1)
    }

    fn width(&self) -> u64 {
        if self.steps.is_empty() { 0 } else { self.steps.end.abs_diff(self.steps.start) }
    }
}

#[derive(cynic::QueryVariables, Debug)]
struct Variables {
    min_step: Int64,
    max_step: Int64,
    page_size: i32,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(variables = "Variables")]
struct Run {
    #[arguments(minStep: $min_step, maxStep: $max_step, samples: $page_size)]
    history: Option<Vec<Option<JsonText>>>,
}

impl Operation for GetHistoryWindow {
    type Answer = HistoryWindow;

    fn name(&self) -> &'static str {
        if self.selection.keys().is_some() { "SampledHistoryPage" } else { "HistoryPage" }
    }

    fn subject(&self) -> String {
        format!("{}, steps {} to {}", self.path, self.steps.start, self.last())
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        let samples = self.samples;
        if let Some(specs) = specs(&self.selection, (self.steps.start, self.last()), samples)? {
            return run_request::<SpecsRun, _>(
                self,
                &self.path,
                SpecsVariables { specs },
                endpoint,
                unsupported,
            );
        }
        let variables = Variables {
            min_step: Int64(self.steps.start),
            max_step: Int64(self.steps.end),
            page_size: samples.get(),
        };
        run_request::<Run, _>(self, &self.path, variables, endpoint, unsupported)
    }

    fn answer(&self, response: Response<Bytes>) -> Result<HistoryWindow, AnswerError> {
        let (head, body) = response.into_parts();
        let body = match self.pages(head.status, body) {
            Ok(pages) => return Ok(HistoryWindow::Pages(pages)),
            Err(body) => body,
        };
        let response = Response::from_parts(head, body);
        let rows = self.rows(&response).map_err(|error| match error {
            // A smaller window may finish within the server's time limit.
            AnswerError::Failed { message } if self.width() > 1 && is_time_limit(&message) => {
                AnswerError::TooLarge { message }
            }
            error => error,
        })?;
        Ok(HistoryWindow::Rows(sort_rows(rows, &self.steps)))
    }
}

impl GetHistoryWindow {
    /// Reads the rows by column, if the body holds only well-formed rows in order; otherwise returns the body.
    ///
    /// The pages point into the body, so it is taken by value to avoid a copy.
    fn pages(&self, status: StatusCode, body: Bytes) -> Result<Vec<Page>, Bytes> {
        let (path, form, inner) = match &*self.selection {
            Selection::Everything => (["data", "project", "run", "history"], RowEncoding::Text, 0),
            Selection::AllOf(_) => (["data", "project", "run", "sampledHistory"], RowEncoding::Inline, 1),
            // The answer has a separate list for each key.
            Selection::AnyOf(_) => return Err(body),
        };
        let Some(at) = find_list(&body, &path).filter(|_| status.is_success()) else { return Err(body) };
        let text = String::from_utf8(body.into()).map_err(|error| Bytes::from(error.into_bytes()))?;
        let text = Arc::new(text);
        let closers: &[u8] = if inner > 0 { b"]}}}}" } else { b"}}}}" };
        match read_rows(&text, at + inner, form, self.steps.clone()) {
            Some(read) if only_closers_follow(text.as_bytes(), read.end, closers) => Ok(read.pages),
            _ => Err(Arc::unwrap_or_clone(text).into()),
        }
    }

    fn rows(&self, response: &Response<Bytes>) -> Result<Vec<HistoryRow>, AnswerError> {
        let malformed = |message: String| AnswerError::malformed(message, response.body());
        if let Some(lists) = key_lists(&self.selection, STEP) {
            let run: SpecsRun = run_data(response, &self.path)?;
            return read(run.sampled_history, lists.len()).map_err(malformed);
        }
        let run: Run = run_data(response, &self.path)?;
        run.history.map(rows).ok_or_else(|| malformed("it holds a run without history".to_owned()))
    }
}

/// Sorts the rows of a window by step.
///
/// Drops rows outside the window, which a server may send. Keeps all rows of a step, even equal ones: a resumed run or
/// several processes can log a step more than once. A row without a step stays after the row before it.
pub(super) fn sort_rows(rows: Vec<HistoryRow>, window: &Range<i64>) -> Vec<HistoryRow> {
    let mut place = window.start;
    let mut placed: Vec<(i64, HistoryRow)> = Vec::with_capacity(rows.len());
    for row in rows {
        match row.step() {
            Some(step) if !window.contains(&step) => continue,
            Some(step) => place = step,
            None => {}
        }
        placed.push((place, row));
    }
    placed.sort_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, row)| row).collect()
}

#[cfg(test)]
mod tests;
