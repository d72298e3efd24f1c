//! Ways of the real service, and of older servers, that a test may choose.

use crate::bad_nodes::BadNode;

/// How the server behaves where servers differ. The default is the current public service.
#[derive(Debug, Clone)]
pub struct Quirks {
    /// Log lines of a run that the server keeps; the oldest ones are dropped. Default: 100 000.
    pub log_lines_kept: usize,
    /// Bytes of log lines that a page may hold with `useImprovedPagination`. A page that is cut by this says that it is
    /// the last one. Default: 1 MiB.
    pub log_page_bytes: usize,
    /// Whether an unknown argument is refused without the name of the field's type, as older servers do. Default: no.
    pub untyped_arguments: bool,
    /// How many runs move from the end of the project's list to its front, one after each page that is asked for, as when
    /// the order's field changes meanwhile. Cursors are offsets then, so that some runs come twice and others are missed.
    /// `runCount` stays right. Default: 0.
    pub moving_runs: usize,
    /// Ids of runs that are counted and never listed. Default: none.
    pub hidden_runs: Vec<String>,
    /// Lists with null entries, by the field's name, and how many entries there are to each null one: every third entry
    /// of `runs` is null with `("runs", 3)`. Lists: `runs`, `files`,
    /// `models`, `sweeps`, `logLines`. Default: none.
    pub null_entries: Vec<(&'static str, usize)>,
    /// Nodes that are not as the schema says. Default: none.
    pub bad_nodes: Vec<BadNode>,
    /// How the pages of every list lead nowhere, if they do. Default: they lead to its end.
    pub endless_lists: Option<EndlessList>,
}

/// How the pages of a list lead nowhere. Each says `hasNextPage: true`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndlessList {
    /// The cursors come again: A, B, A, …
    Circle,
    /// There is no cursor.
    NoCursor,
    /// The cursor is an empty text, which asks for the first page.
    EmptyCursor,
    /// The cursors are new and the entries are those of the first page.
    Repeats,
}

impl EndlessList {
    const PREFIX: &'static str = "endless:";

    /// How many pages come before the one that `after` asks for, and the cursor of that page.
    pub(crate) fn turn(self, after: Option<&str>) -> (usize, Option<String>) {
        let turn = after.and_then(|after| after.strip_prefix(Self::PREFIX)?.parse().ok()).unwrap_or(0);
        let named = |turn: usize| Some(format!("{}{turn}", Self::PREFIX));
        match self {
            Self::Circle => (turn, named(1 + turn % 2)),
            Self::NoCursor => (0, None),
            Self::EmptyCursor => (0, Some(String::new())),
            Self::Repeats => (0, named(turn + 1)),
        }
    }
}

impl Quirks {
    /// Whether the entry at `index` of the list is null.
    pub(crate) fn is_null(&self, list: &str, index: usize) -> bool {
        self.null_entries.iter().any(|(name, every)| *name == list && index % every == every - 1)
    }
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            log_lines_kept: 100_000,
            log_page_bytes: 1 << 20,
            untyped_arguments: false,
            moving_runs: 0,
            hidden_runs: Vec::new(),
            null_entries: Vec::new(),
            bad_nodes: Vec::new(),
            endless_lists: None,
        }
    }
}
