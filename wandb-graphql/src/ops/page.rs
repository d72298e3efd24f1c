//! The position of the next page of a list.

use std::fmt::Display;

use wandb_core::operation::{AnswerError, Argument, PageSize};

use crate::schema::sdl as schema;

#[derive(cynic::QueryFragment, Debug)]
pub(super) struct PageInfo {
    end_cursor: Option<String>,
    has_next_page: Option<bool>,
}

/// The page size as a GraphQL `Int`.
pub(super) fn page_size_argument(page_size: PageSize) -> i32 {
    i32::try_from(page_size.initial()).unwrap_or(i32::MAX)
}

/// The paging arguments of the list `field` that a request can do without.
///
/// Without `first`, the server chooses the page size. Only the first page works without `after`.
pub(super) fn paging_arguments(
    on_type: &'static str,
    field: &'static str,
    after: Option<&str>,
) -> Vec<Argument> {
    let mut arguments = vec![Argument::new(on_type, field, "first")];
    if after.is_none() {
        arguments.push(Argument::new(on_type, field, "after"));
    }
    arguments
}

impl PageInfo {
    /// Returns the cursor after the page, and whether the server reports more pages.
    ///
    /// `last` is the cursor of the last item. Empty cursors are ignored.
    pub(super) fn parts(self, last: Option<String>) -> (Option<String>, bool) {
        let is_named = |cursor: &String| !cursor.is_empty();
        let end = self.end_cursor.filter(is_named).or(last.filter(is_named));
        let has_more = self.has_next_page.unwrap_or(end.is_some());
        (end, has_more)
    }

    /// The server's answer about the next page. `last` is the cursor of this page's last item.
    pub(super) fn next_page(self, last: Option<String>) -> NextPage {
        let is_explicit = self.has_next_page.is_some();
        match self.parts(last) {
            (_, false) => NextPage::End,
            (Some(cursor), true) if is_explicit => NextPage::After(cursor),
            (Some(cursor), true) => NextPage::Maybe(cursor),
            (None, true) => NextPage::WithoutCursor,
        }
    }
}

/// The server's answer about the next page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum NextPage {
    /// There is no next page.
    #[default]
    End,
    /// The next page starts after this cursor.
    After(String),
    /// There may be a next page, which would start after this cursor. The server does not say.
    Maybe(String),
    /// There is a next page, but the server gives no cursor.
    WithoutCursor,
}

impl NextPage {
    /// The cursor, if the server gives one.
    #[cfg(test)]
    pub(super) fn cursor(&self) -> Option<&str> {
        match self {
            Self::After(cursor) | Self::Maybe(cursor) => Some(cursor),
            Self::End | Self::WithoutCursor => None,
        }
    }
}

/// The position in a list of pages. Detects lists that do not end.
///
/// Keeps only one earlier cursor: Brent's algorithm detects a cycle within three times its length.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct PagePosition {
    /// The cursor of the page to request next.
    after: Option<String>,
    checkpoint: Option<String>,
    /// How many pages were read since the checkpoint.
    since: u32,
    /// The number of pages after which the checkpoint moves.
    span: u32,
    /// How many pages were read.
    pages: u32,
    /// How many of the latest pages in a row were empty.
    empty: u32,
}

/// Maximum number of pages of a list.
const MAX_PAGES: u32 = 100_000;

/// Maximum number of empty pages in a row.
const MAX_EMPTY: u32 = 3;

impl PagePosition {
    pub(crate) fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// Names the list and the page, for messages.
    pub(super) fn subject(&self, list: impl Display) -> String {
        match &self.after {
            None => format!("{list}, first page"),
            Some(cursor) => format!("{list}, page after {cursor}"),
        }
    }

    /// Moves on from a page with this number of entries. Returns `None` at the end.
    ///
    /// # Errors
    /// If the pages do not end.
    pub(crate) fn advance(&self, next_page: &NextPage, entries: usize) -> Result<Option<Self>, AnswerError> {
        let broken = |message| Err(AnswerError::Pages { message });
        let cursor = match next_page {
            NextPage::End => return Ok(None),
            NextPage::WithoutCursor => return broken("the server reports another page, but gives no cursor"),
            // If the server does not say, an empty or a repeated page is the end. This costs at most one extra request.
            NextPage::Maybe(cursor) if entries == 0 || self.after.as_ref() == Some(cursor) => {
                return Ok(None);
            }
            NextPage::After(cursor) | NextPage::Maybe(cursor) => Some(cursor.clone()),
        };
        if cursor == self.after || cursor == self.checkpoint {
            return broken("the cursors repeat");
        }
        let mut next = Self { after: cursor, pages: self.pages + 1, since: self.since + 1, ..self.clone() };
        next.empty = if entries == 0 { self.empty + 1 } else { 0 };
        if next.empty >= MAX_EMPTY {
            return broken("several pages in a row are empty");
        }
        if next.pages >= MAX_PAGES {
            return broken("there are too many pages");
        }
        if next.since >= next.span {
            next.checkpoint.clone_from(&next.after);
            (next.since, next.span) = (0, next.span.max(1).saturating_mul(2));
        }
        Ok(Some(next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts the pages with this number of entries, and returns the error that ends them.
    fn pages(entries: usize, next_page: impl Fn(usize) -> NextPage) -> (usize, Option<String>) {
        let mut position = PagePosition::default();
        for page in 0.. {
            match position.advance(&next_page(page), entries) {
                Ok(Some(next)) => position = next,
                Ok(None) => return (page + 1, None),
                Err(error) => return (page + 1, Some(error.to_string())),
            }
        }
        (0, None)
    }

    fn after(cursor: usize) -> NextPage {
        NextPage::After(cursor.to_string())
    }

    #[test]
    fn pages_follow_to_the_end() {
        assert_eq!(pages(1, |page| if page < 1_000 { after(page) } else { NextPage::End }), (1_001, None));
        let info =
            |end: Option<&str>, more| PageInfo { end_cursor: end.map(Into::into), has_next_page: Some(more) };
        let after_b = NextPage::After("b".to_owned());
        assert_eq!(info(Some("b"), true).next_page(Some("a".to_owned())), after_b);
        assert_eq!(
            info(None, true).next_page(Some("a".to_owned())),
            NextPage::After("a".to_owned()),
            "older servers only give cursors of items"
        );
        assert_eq!(info(None, true).next_page(None), NextPage::WithoutCursor);
        assert_eq!(
            info(Some(""), true).next_page(Some(String::new())),
            NextPage::WithoutCursor,
            "it would start over"
        );
        assert_eq!(info(Some("b"), false).next_page(None), NextPage::End);
    }

    #[test]
    fn page_without_has_next_may_not_be_the_last() {
        let next_page = |end: Option<&str>, last: Option<&str>| {
            let info = PageInfo { end_cursor: end.map(Into::into), has_next_page: None };
            info.next_page(last.map(Into::into))
        };
        assert_eq!(next_page(Some("c"), None), NextPage::Maybe("c".to_owned()));
        assert_eq!(next_page(None, Some("d")), NextPage::Maybe("d".to_owned()));
        assert_eq!(next_page(None, None), NextPage::End);
        let maybe = |page: usize| NextPage::Maybe(page.min(3).to_string());
        assert_eq!(pages(1, maybe), (5, None), "the last cursor repeats");
        assert_eq!(pages(0, maybe), (1, None), "an empty page");
    }

    #[test]
    fn pages_without_an_end_are_errors() {
        let (count, error) = pages(1, |_| NextPage::WithoutCursor);
        assert_eq!((count, error.unwrap().contains("no cursor")), (1, true));
        let (count, error) = pages(0, after);
        assert_eq!((count, error.unwrap().contains("empty")), (3, true));
        let (count, error) = pages(1, after);
        assert_eq!((count, error.unwrap().contains("too many")), (MAX_PAGES as usize, true));
    }

    #[test]
    fn every_cycle_of_cursors_is_detected() {
        for (start, circle) in [(0, 1), (0, 2), (5, 3), (100, 70), (1, 1_000)] {
            let cursor = |page: usize| if page < start { page } else { start + (page - start) % circle };
            let (count, error) = pages(1, |page| after(cursor(page)));
            assert_eq!(
                error.as_deref(),
                Some("its pages do not lead to the end of the list: the cursors repeat")
            );
            assert!(count <= 3 * (start + circle) + 3, "{start} {circle}: {count}");
        }
    }

    #[test]
    fn page_size_fits_an_int() {
        assert_eq!(page_size_argument(PageSize::fixed(50)), 50);
        assert_eq!(page_size_argument(PageSize::fixed(u64::MAX)), i32::MAX);
    }
}
