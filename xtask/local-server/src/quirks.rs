//! Optional behaviours of the public service and of older servers.

use crate::bad_nodes::BadNode;

/// Behaviour that differs between servers. The default is that of the current public service.
#[derive(Debug, Clone)]
pub struct Quirks {
    /// Number of log lines kept for a run; older ones are dropped. Default: 100 000.
    pub log_lines_kept: usize,
    /// Maximum bytes of log lines in a page with `useImprovedPagination`. A page truncated by this limit claims to be
    /// the last one. Default: 1 MiB.
    pub log_page_bytes: usize,
    /// Whether the error for an unknown argument omits the type of the field, as on older servers. Default: no.
    pub untyped_arguments: bool,
    /// Number of runs that move from the end of a project's list to its front, one after each page, as if the sort
    /// field changed while a client reads. Cursors become offsets, so some runs appear twice and others are missed.
    /// `runCount` stays correct. Default: 0.
    pub moving_runs: usize,
    /// Ids of runs that are counted but never listed. Default: none.
    pub hidden_runs: Vec<String>,
    /// Null entries in lists, as the field's name and the interval: with `("runs", 3)` every third entry of `runs` is
    /// null. Lists: `runs`, `files`, `models`, `sweeps`, `logLines`, `artifactTypes`, `artifactCollections`, `artifacts`,
    /// `outputArtifacts`, `inputArtifacts`, `artifactMemberships`, `projects`, `usedBy`. Default: none.
    pub null_entries: Vec<(&'static str, usize)>,
    /// Nodes that violate the schema. Default: none.
    pub bad_nodes: Vec<BadNode>,
    /// How the paging of every list never ends. Default: it ends normally.
    pub endless_lists: Option<EndlessList>,
    /// Whether the aliases of an artifact include its version, such as `v3`. Default: yes.
    pub version_aliases: bool,
    /// Whether organizations can search their registries by more fields, and order versions. Default: yes.
    pub advanced_registry_search: bool,
}

/// A way for paging to never end. Every page has `hasNextPage: true`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndlessList {
    /// The cursors repeat: A, B, A, …
    Circle,
    /// The cursor is missing.
    NoCursor,
    /// The cursor is an empty string, which requests the first page.
    EmptyCursor,
    /// The cursors change, but every page has the entries of the first.
    Repeats,
}

impl EndlessList {
    const PREFIX: &'static str = "endless:";

    /// Returns the number of pages before the one after `after`, and the cursor of that page.
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
            version_aliases: true,
            advanced_registry_search: true,
        }
    }
}
