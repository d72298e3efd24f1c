//! The requested fields of log lines.

use bytes::Bytes;
use wandb_core::operation::{AnswerError, Field, UnreadableEntry, UnsupportedFields};

use super::entry::{Connection, PageItems, connection};
use crate::envelope::EntryErrors;
use crate::schema::sdl as schema;

/// A line of a run's console log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogLine {
    /// The number of the line in the whole log, counted from 0; `None` if the server gives none.
    pub number: Option<u64>,
    /// The text without its final line feed.
    pub text: String,
}

/// A page of a run's console log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogPage {
    /// The lines, in order.
    pub lines: Vec<LogLine>,
    /// The number of lines in the whole log (`logLineCount`); `None` if the server gives none.
    pub total: Option<u64>,
    /// How many entries were null.
    pub null_entries: u64,
    /// The unreadable entries.
    pub unreadable: Vec<UnreadableEntry>,
    /// Whether these are the newest lines, the only ones that a server without improved pagination returns.
    pub is_tail: bool,
    /// The cursor after the last line.
    pub(super) cursor: Option<String>,
    /// Whether the server reports another page.
    pub(super) claims_more: bool,
}

/// The argument that makes servers respect `first` and `after`. Servers before 0.77 reject it.
pub(super) const IMPROVED: Field = Field::new("Run.logLines", "useImprovedPagination");

pub(super) const LINE_COUNT: Field = Field::new("Run", "logLineCount");

pub(super) const LINE_NUMBER: Field = Field::new("LogLine", "number");

connection!(LogLineConnection, edges: [LogLineEdge!]!, node: LogLineFields, cursor);

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "LogLine")]
pub(super) struct LogLineFields {
    #[cynic(feature = "LogLine.number")]
    number: Option<i32>,
    line: Option<String>,
}

impl LogPage {
    /// Reads a page. `total` is the run's `logLineCount`, `errors` are the answer's errors.
    pub(super) fn from_connection(
        connection: Option<LogLineConnection>,
        total: Option<i32>,
        errors: &EntryErrors,
    ) -> Self {
        let total = total.and_then(|total| u64::try_from(total).ok());
        let Some(connection) = connection else { return Self { total, ..Self::default() } };
        let (edges, page_info) = connection.into_parts();
        let PageItems { items: mut lines, null_entries, unreadable, last } =
            PageItems::read(edges, errors, |fields: LogLineFields| Ok(LogLine::from(fields)));
        let (cursor, claims_more) = page_info.parts(last);
        if lines.iter().all(|line| line.number.is_some()) {
            lines.sort_by_key(|line| line.number);
        }
        Self { lines, total, null_entries, unreadable, is_tail: false, cursor, claims_more }
    }

    /// The greatest line number.
    pub(super) fn last_number(&self) -> Option<u64> {
        self.lines.iter().filter_map(|line| line.number).max()
    }
}

impl From<LogLineFields> for LogLine {
    fn from(fields: LogLineFields) -> Self {
        let mut text = fields.line.unwrap_or_default();
        if text.ends_with('\n') {
            text.pop();
        }
        Self { number: fields.number.and_then(|number| u64::try_from(number).ok()), text }
    }
}

/// Converts the error of a server that rejects [`IMPROVED`] to the lack of it.
///
/// Such a server names the argument and the field, but not always the type. Others reject the whole field.
pub(super) fn convert_refused_pagination(error: AnswerError, body: &Bytes) -> AnswerError {
    if !String::from_utf8_lossy(body).contains(IMPROVED.name()) {
        return error;
    }
    let lacking = match error {
        AnswerError::UnsupportedFields(lacking) => lacking,
        AnswerError::Refused { .. } => UnsupportedFields::nothing(),
        error => return error,
    };
    let fields = lacking.iter().filter(|field| field.name() != "logLines" && **field != IMPROVED);
    let mut unsupported: UnsupportedFields = fields.cloned().chain([IMPROVED]).collect();
    let others = lacking.arguments().filter(|argument| argument.name() != IMPROVED.name());
    unsupported.extend(&others.cloned().collect());
    AnswerError::UnsupportedFields(unsupported)
}
