//! What is asked of the lines that a run has printed.

use bytes::Bytes;
use wandb_core::operation::AnswerError;

use super::page::PageInfo;
use crate::schema::sdl as schema;

/// A page of what a run has printed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogPage {
    /// The lines, in order, without the line feeds at their ends.
    pub lines: Vec<String>,
    /// The cursor after which the next page begins, if there is one.
    pub next: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(super) struct LogLineConnection {
    edges: Vec<LogLineEdge>,
    page_info: PageInfo,
}

#[derive(cynic::QueryFragment, Debug)]
struct LogLineEdge {
    node: Option<LogLine>,
    cursor: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
struct LogLine {
    line: Option<String>,
}

impl LogLineConnection {
    /// The page that was asked for after the cursor `after`, in the answer `body`.
    pub(super) fn into_page(self, after: Option<&str>, body: &Bytes) -> Result<LogPage, AnswerError> {
        let last = self.edges.last().and_then(|edge| edge.cursor.clone());
        let next = self.page_info.next(last, after, body)?;
        let text = |edge: LogLineEdge| {
            let mut line = edge.node?.line.unwrap_or_default();
            if line.ends_with('\n') {
                line.pop();
            }
            Some(line)
        };
        Ok(LogPage { lines: self.edges.into_iter().filter_map(text).collect(), next })
    }
}
