//! Ends lists whose pages bring nothing new.

use crate::Seen;

/// Watches the pages of a list: which entries are new, and whether the list still gets anywhere.
///
/// A server may name ever new cursors and yet send the same entries, or none. A list ends after three pages in a row
/// without a new entry, or once most of its pages were such. The cursors themselves are watched where the pages are asked
/// for. Sixteen bytes of each entry are kept.
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
    seen: Seen,
    /// Whether this page has brought something.
    is_fruitful: bool,
    pages: u64,
    /// Pages without a new entry: in a row, and in all.
    barren_in_a_row: u32,
    barren: u64,
}

/// Pages without a new entry that end a list when they follow each other. One is usual at the end of some lists, and two
/// happen while a list changes.
const MOST_BARREN_IN_A_ROW: u32 = 3;

/// Pages without a new entry that a list may have before it matters how many there are among all.
const SPARE_BARREN: u64 = 10;

impl PageGuard {
    /// What is wrong with a list that ends here.
    pub const MESSAGE: &'static str = "page after page holds nothing new";

    /// Notes an entry by what tells it from others; `false` if it came before.
    pub fn admit(&mut self, key: &str) -> bool {
        let is_new = self.seen.insert(key);
        self.is_fruitful |= is_new;
        is_new
    }

    /// Notes an entry without a key, which counts as new.
    pub fn admit_unkeyed(&mut self) {
        self.is_fruitful = true;
    }

    /// Ends a page; `false` if the list gets nowhere.
    pub fn end_page(&mut self) -> bool {
        self.pages += 1;
        if std::mem::take(&mut self.is_fruitful) {
            self.barren_in_a_row = 0;
            return true;
        }
        self.barren_in_a_row += 1;
        self.barren += 1;
        let is_mostly_barren = self.barren > SPARE_BARREN && self.barren * 2 > self.pages;
        self.barren_in_a_row < MOST_BARREN_IN_A_ROW && !is_mostly_barren
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts the pages before the guard ends a list in which every `fruitful_every`-th page has a new entry.
    fn pages(fruitful_every: u64) -> u64 {
        let mut guard = PageGuard::default();
        for page in 0..1_000 {
            if page % fruitful_every == 0 {
                guard.admit(&page.to_string());
            }
            if !guard.end_page() {
                return page + 1;
            }
        }
        1_000
    }

    #[test]
    fn lists_end_when_most_pages_are_barren() {
        assert_eq!(pages(1), 1_000);
        assert_eq!(pages(2), 1_000, "every other page");
        assert!(pages(3) < 20);
        assert_eq!(pages(4), 4);
    }
}
