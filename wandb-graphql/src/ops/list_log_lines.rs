//! `RunLogLines`: what a run has printed.

use bytes::Bytes;
use http::Response;
use wandb_core::RunPath;
use wandb_core::operation::{AnswerError, Endpoint, Lacks, Operation, PageSize, Paged};
use wandb_core::transport::Request;

use super::log_fields::{LogLineConnection, LogPage};
use super::page::first;
use crate::envelope::{RequestOf, data, missing, post};
use crate::schema::sdl as schema;

/// Lists the lines that a run has printed, page by page, the first ones first (`run.logLines`).
///
/// ```
/// use wandb_graphql::ops::ListLogLines;
///
/// let lines = ListLogLines::new("team/project/run".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListLogLines {
    path: RunPath,
    page_size: PageSize,
    after: Option<String>,
}

impl ListLogLines {
    /// The lines asked for at once.
    pub const PAGE_SIZE: PageSize = PageSize::fixed(5_000);

    /// All lines of the run at `path`.
    pub fn new(path: RunPath) -> Self {
        Self { path, page_size: Self::PAGE_SIZE, after: None }
    }

    /// Those after a cursor that another page has named.
    #[must_use]
    pub fn after(self, cursor: impl Into<String>) -> Self {
        Self { after: Some(cursor.into()), ..self }
    }
}

#[derive(cynic::QueryVariables, Debug)]
struct Variables<'a> {
    entity: &'a str,
    project: &'a str,
    run: &'a str,
    cursor: Option<&'a str>,
    per_page: i32,
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
    #[arguments(after: $cursor, first: $per_page)]
    log_lines: Option<LogLineConnection>,
}

impl Operation for ListLogLines {
    type Answer = LogPage;

    fn name(&self) -> &'static str {
        "RunLogLines"
    }

    fn subject(&self) -> String {
        match &self.after {
            None => format!("{}, what it printed first", self.path),
            Some(cursor) => format!("{}, what it printed after {cursor}", self.path),
        }
    }

    fn request(&self, endpoint: &Endpoint, lacks: &Lacks) -> Result<Request, AnswerError> {
        let variables = Variables {
            entity: self.path.entity(),
            project: self.path.project(),
            run: self.path.run(),
            cursor: self.after.as_deref(),
            per_page: first(self.page_size),
        };
        post::<Query, _>(RequestOf::new(self, variables), endpoint, lacks)
    }

    fn answer(&self, response: Response<Bytes>) -> Result<LogPage, AnswerError> {
        let what = || format!("run {}", self.path);
        let query: Query = data(&response, what)?;
        let run = query.project.and_then(|project| project.run).ok_or_else(|| missing(what()))?;
        match run.log_lines {
            Some(lines) => lines.into_page(self.after.as_deref(), response.body()),
            None => Ok(LogPage::default()),
        }
    }
}

impl Paged for ListLogLines {
    type Item = String;

    fn next(&self, answer: &LogPage) -> Option<Self> {
        Some(self.clone().after(answer.next.clone()?))
    }

    fn items(answer: LogPage) -> Vec<String> {
        answer.lines
    }

    fn smaller(&self) -> Option<Self> {
        Some(Self { page_size: self.page_size.halved()?, ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{answer, request};

    fn list() -> ListLogLines {
        ListLogLines::new("team/my project/abc".parse().unwrap())
    }

    #[test]
    fn a_request() {
        insta::assert_snapshot!(request(&list(), &[]));
    }

    #[test]
    fn lines_lose_the_line_feed_at_their_end_and_nothing_else() {
        let body = r#"{"data": {"project": {"run": {"logLines": {
            "pageInfo": {"endCursor": "c", "hasNextPage": true},
            "edges": [{"node": {"line": "a\n"}, "cursor": "1"}, {"node": {"line": " b\r"}, "cursor": "2"},
                      {"node": {"line": null}, "cursor": "3"}, {"node": {"line": "\n\n"}, "cursor": "c"}]}}}}}"#;
        let page = answer(&list(), body).unwrap();
        assert_eq!(page.lines, ["a", " b\r", "", "\n"]);
        let second = list().next(&page).unwrap();
        assert_eq!(second.subject(), "team/my project/abc, what it printed after c");
    }

    #[test]
    fn a_run_that_printed_nothing_has_no_lines() {
        let page = answer(&list(), r#"{"data": {"project": {"run": {"logLines": null}}}}"#).unwrap();
        assert_eq!((page.lines.len(), list().next(&page)), (0, None));
    }
}
