//! `RunLogLines`: the console log of a run.

use bytes::Bytes;
use http::Response;
use wandb_core::RunPath;
use wandb_core::operation::{
    AnswerError, Endpoint, Field, Operation, PageSize, Paged, UnreadableEntry, UnsupportedFields,
};
use wandb_core::transport::Request;

use super::entry;
use super::log_fields::{
    IMPROVED, LINE_COUNT, LINE_NUMBER, LogLine, LogLineConnection, LogPage, convert_refused_pagination,
};
use super::page::{NextPage, PagePosition, page_size_argument};
use super::path_query::{run_list_data, run_request};
use crate::PageGuard;
use crate::schema::sdl as schema;

/// Lists the console log of a run page by page, oldest lines first (`run.logLines`).
///
/// The server ends a page at its size budget, and may then report it as the last one. So another page follows while the
/// run's `logLineCount` exceeds the number of the last line, as in the Python SDK
/// (`core/internal/wbapi/runhandler.go`). Like other lists, this one ends even if the server repeats pages.
/// [`LogTally`](crate::LogTally) reports whether lines are missing.
///
/// A server that rejects `useImprovedPagination` is asked for its newest [`TAIL`](Self::TAIL) lines instead, the most
/// that it returns.
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
    position: PagePosition,
    /// How many of the latest pages in a row had no new line.
    stalls: u32,
    /// The number of the next expected line.
    reached: u64,
}

impl ListLogLines {
    /// Default number of lines per page.
    pub const PAGE_SIZE: PageSize = PageSize::fixed(5_000);

    /// The number of lines that a server without improved pagination returns.
    pub const TAIL: u64 = 10_000;

    /// Lists all log lines of the run at `path`.
    pub fn new(path: RunPath) -> Self {
        Self { path, page_size: Self::PAGE_SIZE, position: PagePosition::default(), stalls: 0, reached: 0 }
    }

    /// Sets the number of lines per page.
    #[must_use]
    pub fn page_size(self, page_size: PageSize) -> Self {
        Self { page_size, ..self }
    }

    /// The request for the page after `page`; `None` at the end.
    fn step(&self, page: &LogPage) -> Result<Option<Self>, AnswerError> {
        if page.is_tail {
            return Ok(None);
        }
        let reached = self.end_of(page);
        let stalls = if reached.is_some() { 0 } else { self.stalls + 1 };
        let is_short = reached.zip(page.total).is_some_and(|(reached, total)| reached < total);
        let next_page = match &page.cursor {
            Some(cursor) if page.claims_more || is_short => NextPage::After(cursor.clone()),
            None if page.claims_more => NextPage::WithoutCursor,
            _ => NextPage::End,
        };
        let entries = entry::total_entries(page.lines.len(), page.null_entries, &page.unreadable);
        let position = self.position.advance(&next_page, entries);
        if !page.claims_more {
            // The server reports the last page. If its line count disagrees, `LogTally` reports missing lines.
            let position = position.ok().flatten().filter(|_| stalls < MAX_STALLS);
            return Ok(position.map(|position| self.moved_to(position, stalls, reached)));
        }
        if stalls >= MAX_STALLS {
            return Err(AnswerError::Pages { message: PageGuard::MESSAGE });
        }
        Ok(position?.map(|position| self.moved_to(position, stalls, reached)))
    }

    fn moved_to(&self, position: PagePosition, stalls: u32, reached: Option<u64>) -> Self {
        Self { position, stalls, reached: reached.unwrap_or(self.reached), ..self.clone() }
    }

    /// The number of the line expected after `page`; `None` if the page has no new lines.
    fn end_of(&self, page: &LogPage) -> Option<u64> {
        match page.last_number() {
            Some(last) => Some(last.saturating_add(1)).filter(|reached| *reached > self.reached),
            None if page.lines.is_empty() => None,
            None => Some(self.reached + page.lines.len() as u64),
        }
    }
}

/// Maximum number of pages in a row without a new line.
const MAX_STALLS: u32 = 3;

/// Marks the `last` argument, used if the server rejects [`IMPROVED`].
const TAIL_FORM: Field = Field::new("Run.logLines", "last");

const OPTIONAL_FIELDS: &[Field] = &[IMPROVED, TAIL_FORM, LINE_COUNT, LINE_NUMBER];

#[derive(cynic::QueryVariables, Debug)]
struct Variables<'a> {
    cursor: Option<&'a str>,
    per_page: i32,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(variables = "Variables")]
struct Run {
    #[expect(dead_code, reason = "a selection needs at least one field")]
    id: cynic::Id,
    #[cynic(feature = "Run.logLineCount")]
    log_line_count: Option<i32>,
    #[arguments(after: $cursor, first: $per_page, useImprovedPagination: true)]
    #[cynic(feature = "Run.logLines.useImprovedPagination")]
    log_lines: Option<LogLineConnection>,
    #[arguments(last: 10000)]
    #[cynic(rename = "logLines", alias, feature = "Run.logLines.last")]
    newest: Option<LogLineConnection>,
}

impl Operation for ListLogLines {
    type Answer = LogPage;

    fn name(&self) -> &'static str {
        "RunLogLines"
    }

    fn subject(&self) -> String {
        self.position.subject(format_args!("{}, log", self.path))
    }

    fn optional_fields(&self) -> &'static [Field] {
        OPTIONAL_FIELDS
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        let variables =
            Variables { cursor: self.position.after(), per_page: page_size_argument(self.page_size) };
        let mut unsupported = unsupported.clone();
        if !unsupported.contains(&IMPROVED) {
            unsupported.insert(TAIL_FORM);
        }
        run_request::<Run, _>(self, &self.path, variables, endpoint, &unsupported)
    }

    fn answer(&self, response: Response<Bytes>) -> Result<LogPage, AnswerError> {
        let (run, errors): (Run, _) = run_list_data(&response, &self.path)
            .map_err(|error| convert_refused_pagination(error, response.body()))?;
        let total = run.log_line_count;
        Ok(match run.newest {
            Some(newest) => {
                LogPage { is_tail: true, ..LogPage::from_connection(Some(newest), total, &errors) }
            }
            None => LogPage::from_connection(run.log_lines, total, &errors),
        })
    }
}

impl Paged for ListLogLines {
    type Item = LogLine;

    fn next(&self, page: &LogPage) -> Option<Self> {
        self.step(page).ok()?
    }

    fn broken(&self, page: &LogPage) -> Option<AnswerError> {
        self.step(page).err()
    }

    fn null_entries(page: &LogPage) -> u64 {
        page.null_entries
    }

    fn unreadable(answer: &LogPage) -> &[UnreadableEntry] {
        &answer.unreadable
    }

    fn items(page: LogPage) -> Vec<LogLine> {
        page.lines
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

    /// A page with lines of these numbers.
    fn page(numbers: std::ops::Range<u64>, total: Option<u64>, more: bool, cursor: Option<&str>) -> LogPage {
        let line = |number| LogLine { number: Some(number), text: number.to_string() };
        LogPage {
            lines: numbers.map(line).collect(),
            total,
            claims_more: more,
            cursor: cursor.map(str::to_owned),
            ..LogPage::default()
        }
    }

    #[test]
    fn log_request() {
        insta::assert_snapshot!(request(&list(), &[]));
    }

    #[test]
    fn refused_pagination_asks_for_the_newest_lines() {
        insta::assert_snapshot!(request(&list(), &[IMPROVED]));
        for message in [
            r#"Unknown argument \"useImprovedPagination\" on field \"logLines\""#,
            r#"Unknown argument \"useImprovedPagination\" on field \"logLines\" of type \"Run\"."#,
            r#"Unknown argument \"useImprovedPagination\" on field \"Run.logLines\"."#,
        ] {
            let body = format!(r#"{{"errors": [{{"message": "{message}"}}]}}"#);
            assert_eq!(
                answer(&list(), &body),
                Err(AnswerError::UnsupportedFields([IMPROVED].into_iter().collect())),
                "{message}"
            );
        }
        let body = r#"{"data": {"project": {"run": {"id": "r", "logLineCount": 3, "newest": {
            "pageInfo": {"endCursor": "x", "hasNextPage": true}, "edges": [{"cursor": "x", "node": {"number": 2, "line": "c\n"}}]}}}}}"#;
        let newest = answer(&list(), body).unwrap();
        assert!(newest.is_tail && newest.lines[0].number == Some(2), "{newest:?}");
        assert_eq!(list().next(&newest), None);
    }

    #[test]
    fn only_the_final_line_feed_is_removed() {
        let body = r#"{"data": {"project": {"run": {"id": "r", "logLines": {
            "pageInfo": {"endCursor": "c", "hasNextPage": true},
            "edges": [{"node": {"line": "a\n"}, "cursor": "1"}, {"node": {"line": " b\r"}, "cursor": "2"},
                      {"node": {"line": null}, "cursor": "3"}, {"node": {"line": "\n\n"}, "cursor": "c"},
                      {"node": null, "cursor": "c"}]}}}}}"#;
        let page = answer(&list(), body).unwrap();
        let texts: Vec<_> = page.lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!((texts, page.null_entries), (vec!["a", " b\r", "", "\n"], 1));
        let second = list().next(&page).unwrap();
        assert_eq!(second.subject(), "team/my project/abc, log, page after c");
    }

    #[test]
    fn run_without_output_has_no_lines() {
        let body = r#"{"data": {"project": {"run": {"id": "r", "logLineCount": null, "logLines": null}}}}"#;
        let page = answer(&list(), body).unwrap();
        assert_eq!((page.lines.len(), list().next(&page)), (0, None));
    }

    #[test]
    fn pages_follow_up_to_the_line_count() {
        let cut = page(0..3, Some(5), false, Some("a"));
        let second = list().next(&cut).expect("the server says that the first page was the last");
        assert_eq!(second.next(&page(3..5, Some(5), false, Some("b"))), None);
        assert!(
            list().next(&page(0..3, None, true, Some("a"))).is_some(),
            "without a count, the server decides"
        );
        assert_eq!(list().next(&page(0..3, None, false, Some("a"))), None);
        let without_cursor = page(0..3, Some(5), true, None);
        assert!(
            list().next(&without_cursor).is_none() && list().broken(&without_cursor).is_some(),
            "nothing follows without a cursor"
        );
    }

    #[test]
    fn pages_of_a_broken_server_end() {
        let same_cursor = page(0..3, Some(5), true, Some("a"));
        assert_eq!(list().next(&same_cursor).unwrap().next(&page(3..4, Some(5), true, Some("a"))), None);
        let mut cursors = (0..).map(|number| number.to_string());
        let repeated = std::iter::successors(Some(list()), |list| {
            list.next(&page(0..3, Some(1_000), true, cursors.next().as_deref()))
        });
        assert_eq!(repeated.take(100).count(), 4);
        let circle = std::iter::successors(Some((0, list())), |(number, list)| {
            let next =
                list.next(&page(*number..number + 1, None, true, Some(["a", "b"][(*number % 2) as usize])))?;
            Some((number + 1, next))
        });
        assert!(circle.take(100).count() < 8, "the cursors repeat");
        let mut cursors = (0..).map(|number| number.to_string());
        let empty = std::iter::successors(Some(list()), |list| {
            list.next(&page(0..0, Some(1_000), true, cursors.next().as_deref()))
        });
        assert_eq!(empty.take(100).count(), 3);
        let mut numbers = 0..;
        let endless = std::iter::successors(Some(list()), |list| {
            let number = numbers.next()?;
            list.next(&page(number..number + 1, None, true, Some(&number.to_string())))
        });
        assert_eq!(endless.take(200_000).count(), 100_000);
    }
}
