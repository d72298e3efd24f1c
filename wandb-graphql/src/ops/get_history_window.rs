//! `HistoryPage`, `SampledHistoryPage`: every row of a few steps.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use http::{Response, StatusCode};
use wandb_core::RunPath;
use wandb_core::operation::{AnswerError, Endpoint, Lacks, Operation};
use wandb_core::page::{Form, Page, read_rows};
use wandb_core::transport::Request;

use super::sample_history::{SpecsQuery, SpecsVariables};
use super::sampled::{key_lists, read, specs};
use crate::envelope::{RequestOf, asks_for_less, data, ends_with, list_at, missing, post};
use crate::row::{STEP, rows};
use crate::schema::{Int64, JsonText, sdl as schema};
use crate::{HistoryRow, HistoryWindow, Samples, Selection};

/// Reads every row of a window of steps (`HistoryPage`, or with keys `SampledHistoryPage`, in the Python SDK).
///
/// The answer's rows are in order of steps and within the window. A step that was logged twice has two rows. The server
/// sends all rows if they are no more than `samples`, and a sample of them otherwise (wandb/wandb PR #12010).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetHistoryWindow {
    path: RunPath,
    steps: Range<i64>,
    selection: Arc<Selection>,
    samples: Samples,
}

impl GetHistoryWindow {
    /// Every row of the steps (end exclusive) of the run at `path`, with everything it holds, as long as there are no
    /// more rows than steps.
    pub fn new(path: RunPath, steps: Range<i64>) -> Self {
        let width = if steps.is_empty() { 0 } else { steps.end.abs_diff(steps.start) };
        Self { path, steps, selection: Arc::default(), samples: Samples::enough_for(width) }
    }

    /// The most rows that the server sends. Default: the number of steps.
    #[must_use]
    pub fn samples(self, samples: Samples) -> Self {
        Self { samples, ..self }
    }

    /// Only the rows that hold certain keys.
    #[must_use]
    pub fn select(self, selection: Selection) -> Self {
        Self { selection: Arc::new(selection), ..self }
    }

    pub(super) fn shared(self, selection: Arc<Selection>) -> Self {
        Self { selection, ..self }
    }

    /// The last step of the window, included.
    fn last(&self) -> i64 {
        self.steps.end.saturating_sub(1)
    }

    fn width(&self) -> u64 {
        if self.steps.is_empty() { 0 } else { self.steps.end.abs_diff(self.steps.start) }
    }
}

#[derive(cynic::QueryVariables, Debug)]
struct Variables<'a> {
    entity: &'a str,
    project: &'a str,
    run: &'a str,
    min_step: Int64,
    max_step: Int64,
    page_size: i32,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(variables = "Variables")]
struct Query {
    #[arguments(name: $project, entityName: $entity)]
    project: Option<Project>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(variables = "Variables")]
struct Project {
    #[arguments(name: $run)]
    run: Option<Run>,
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

    fn request(&self, endpoint: &Endpoint, lacks: &Lacks) -> Result<Request, AnswerError> {
        let (entity, project, run) = (self.path.entity(), self.path.project(), self.path.run());
        let samples = self.samples;
        if let Some(specs) = specs(&self.selection, (self.steps.start, self.last()), samples)? {
            let variables = SpecsVariables { entity, project, run, specs };
            return post::<SpecsQuery, _>(RequestOf::new(self, variables), endpoint, lacks);
        }
        let variables = Variables {
            entity,
            project,
            run,
            min_step: Int64(self.steps.start),
            max_step: Int64(self.steps.end),
            page_size: samples.get(),
        };
        post::<Query, _>(RequestOf::new(self, variables), endpoint, lacks)
    }

    fn answer(&self, response: Response<Bytes>) -> Result<HistoryWindow, AnswerError> {
        let (head, body) = response.into_parts();
        let body = match self.pages(head.status, body) {
            Ok(pages) => return Ok(HistoryWindow::Pages(pages)),
            Err(body) => body,
        };
        let response = Response::from_parts(head, body);
        let rows = self.rows(&response).map_err(|error| match error {
            // A server that runs out of time over many steps may manage fewer.
            AnswerError::Failed { message } if self.width() > 1 && asks_for_less(&message) => {
                AnswerError::TooMuch { message }
            }
            error => error,
        })?;
        Ok(HistoryWindow::Rows(in_order(rows, &self.steps)))
    }
}

impl GetHistoryWindow {
    /// The rows column by column, where the body holds them and nothing else, in order and without flaw; otherwise the
    /// body. Pages point into it, so that it is taken over without a copy.
    fn pages(&self, status: StatusCode, body: Bytes) -> Result<Vec<Page>, Bytes> {
        let (path, form, inner) = match &*self.selection {
            Selection::Everything => (["data", "project", "run", "history"], Form::Text, 0),
            Selection::AllOf(_) => (["data", "project", "run", "sampledHistory"], Form::Inline, 1),
            // What each key has is in a list of its own.
            Selection::AnyOf(_) => return Err(body),
        };
        let Some(at) = list_at(&body, &path).filter(|_| status.is_success()) else { return Err(body) };
        let text = String::from_utf8(body.into()).map_err(|error| Bytes::from(error.into_bytes()))?;
        let text = Arc::new(text);
        let closers: &[u8] = if inner > 0 { b"]}}}}" } else { b"}}}}" };
        match read_rows(&text, at + inner, form, self.steps.clone()) {
            Some(read) if ends_with(text.as_bytes(), read.end, closers) => Ok(read.pages),
            _ => Err(Arc::unwrap_or_clone(text).into()),
        }
    }

    fn rows(&self, response: &Response<Bytes>) -> Result<Vec<HistoryRow>, AnswerError> {
        let what = || format!("run {}", self.path);
        let malformed = |message: String| AnswerError::malformed(message, response.body());
        if let Some(lists) = key_lists(&self.selection, STEP) {
            let query: SpecsQuery = data(response, what)?;
            let run = query.project.and_then(|project| project.run).ok_or_else(|| missing(what()))?;
            return read(run.sampled_history, lists.len()).map_err(malformed);
        }
        let query: Query = data(response, what)?;
        let run = query.project.and_then(|project| project.run).ok_or_else(|| missing(what()))?;
        run.history.map(rows).ok_or_else(|| malformed("it holds a run without history".to_owned()))
    }
}

/// The rows of the window in order of steps.
///
/// A server may answer with rows outside the window. All rows of a step are kept, also equal ones: a run that was resumed
/// or that several processes write to can have logged a step several times. A row without a step stays behind the one
/// before it.
pub(super) fn in_order(rows: Vec<HistoryRow>, window: &Range<i64>) -> Vec<HistoryRow> {
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
