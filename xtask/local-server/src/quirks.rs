//! Ways of the real service, and of older servers, that a test may choose.

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
    /// Lists with null entries, by the field's name, and how many entries there are to each null one: every third entry
    /// of `runs` is null with `("runs", 3)`. Also for rows: `history`, `sampledHistory`, `events`. Default: none.
    pub null_entries: Vec<(&'static str, usize)>,
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
            null_entries: Vec::new(),
        }
    }
}
