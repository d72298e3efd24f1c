//! Ends lists whose pages have no new entries.

use crate::SeenKeys;

/// Tracks the entries of a list to detect pages without new ones.
///
/// A server may return new cursors forever but repeat the entries, or send none. A list ends after three pages in a row
/// without a new entry, or once most of its pages had none. Repeated cursors are detected separately, by the operations
/// that list pages. Keeps 16 bytes per entry.
///
/// ```
/// use wandb_graphql::PageGuard;
///
/// let mut guard = PageGuard::default();
/// assert!(guard.admit("a") && guard.admit("b"));
/// assert!(guard.end_page(), "two new entries");
/// for _ in 0..2 {
///     assert!(!guard.admit("a") && guard.end_page());
/// }
/// assert!(!guard.admit("b") && !guard.end_page(), "the third page without a new entry");
/// ```
#[derive(Debug, Clone, Default)]
pub struct PageGuard {
    seen: SeenKeys,
    /// Whether this page has a new entry.
    has_new_entry: bool,
    pages: u64,
    /// Pages in a row without a new entry.
    stale_in_a_row: u32,
    stale: u64,
}

/// The number of pages in a row without a new entry that ends a list. One is normal at the end of some lists, and two
/// happen while a list changes.
const MAX_STALE_IN_A_ROW: u32 = 3;

/// How many pages without a new entry a list may have before their share among all pages matters.
const SPARE_STALE: u64 = 10;

impl PageGuard {
    /// The error message for a list that this guard ends.
    pub const MESSAGE: &'static str = "several pages in a row have no new entries";

    /// Records an entry by its unique key. Returns `false` if it is not new.
    pub fn admit(&mut self, key: &str) -> bool {
        let is_new = self.seen.insert(key);
        self.has_new_entry |= is_new;
        is_new
    }

    /// Records an entry without a key, which counts as new.
    pub fn admit_unkeyed(&mut self) {
        self.has_new_entry = true;
    }

    /// Ends a page. Returns `false` if the list should end here.
    pub fn end_page(&mut self) -> bool {
        self.pages += 1;
        if std::mem::take(&mut self.has_new_entry) {
            self.stale_in_a_row = 0;
            return true;
        }
        self.stale_in_a_row += 1;
        self.stale += 1;
        let is_mostly_stale = self.stale > SPARE_STALE && self.stale * 2 > self.pages;
        self.stale_in_a_row < MAX_STALE_IN_A_ROW && !is_mostly_stale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts the pages until the guard ends a list in which every `new_entry_every`-th page has a new entry.
    fn pages(new_entry_every: u64) -> u64 {
        let mut guard = PageGuard::default();
        for page in 0..1_000 {
            if page % new_entry_every == 0 {
                guard.admit(&page.to_string());
            }
            if !guard.end_page() {
                return page + 1;
            }
        }
        1_000
    }

    #[test]
    fn list_ends_if_most_pages_have_no_new_entry() {
        assert_eq!(pages(1), 1_000);
        assert_eq!(pages(2), 1_000, "every other page");
        assert!(pages(3) < 20);
        assert_eq!(pages(4), 4);
    }
}
