//! Where the next page begins.

use wandb_core::operation::{AnswerError, Argument, PageSize};

use crate::schema::sdl as schema;

#[derive(cynic::QueryFragment, Debug)]
pub(super) struct PageInfo {
    end_cursor: Option<String>,
    has_next_page: Option<bool>,
}

/// How many items to ask for, as a GraphQL `Int`.
pub(super) fn first(page_size: PageSize) -> i32 {
    i32::try_from(page_size.initial()).unwrap_or(i32::MAX)
}

/// The arguments of the list `field` that a page can do without. The server then chooses how long it is. Only the first
/// page can be asked for without a cursor.
pub(super) fn paged(on_type: &'static str, field: &'static str, after: Option<&str>) -> Vec<Argument> {
    let mut arguments = vec![Argument::new(on_type, field, "first")];
    if after.is_none() {
        arguments.push(Argument::new(on_type, field, "after"));
    }
    arguments
}

impl PageInfo {
    /// Returns the cursor behind the page, and whether the server says that there are more pages. `last` is the cursor of the
    /// last item. Empty cursors are ignored.
    pub(super) fn parts(self, last: Option<String>) -> (Option<String>, bool) {
        let is_named = |cursor: &String| !cursor.is_empty();
        let end = self.end_cursor.filter(is_named).or(last.filter(is_named));
        let goes_on = self.has_next_page.unwrap_or(end.is_some());
        (end, goes_on)
    }

    /// What the server says of the next page. `last` is the cursor of this page's last item.
    pub(super) fn onward(self, last: Option<String>) -> Onward {
        let is_said = self.has_next_page.is_some();
        match self.parts(last) {
            (_, false) => Onward::End,
            (Some(cursor), true) if is_said => Onward::After(cursor),
            (Some(cursor), true) => Onward::Perhaps(cursor),
            (None, true) => Onward::Nowhere,
        }
    }
}

/// What the server says of the page behind a page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Onward {
    /// There is none.
    #[default]
    End,
    /// It begins behind this cursor.
    After(String),
    /// The server does not say whether there is one. It would begin behind this cursor.
    Perhaps(String),
    /// There is one, but the server does not say where.
    Nowhere,
}

impl Onward {
    /// The cursor that the server names.
    #[cfg(test)]
    pub(super) fn cursor(&self) -> Option<&str> {
        match self {
            Self::After(cursor) | Self::Perhaps(cursor) => Some(cursor),
            Self::End | Self::Nowhere => None,
        }
    }
}

/// The pages of a list so far, by which it is seen that they lead to an end.
///
/// Of all cursors only one is kept: Brent's algorithm finds a circle within three times its length.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Trail {
    /// The cursor of the page that is asked for next.
    after: Option<String>,
    checkpoint: Option<String>,
    /// How many pages came since the checkpoint.
    since: u32,
    /// After how many pages the checkpoint moves.
    span: u32,
    /// How many pages came.
    pages: u32,
    /// How many pages without an entry came just now.
    empty: u32,
}

/// The most pages of a list.
const MOST_PAGES: u32 = 100_000;

/// Pages without any entry that may follow each other.
const MOST_EMPTY: u32 = 3;

impl Trail {
    pub(crate) fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// The way on from a page with so many entries; `None` at the end.
    ///
    /// # Errors
    /// If the pages do not lead to an end.
    pub(crate) fn step(&self, onward: &Onward, entries: usize) -> Result<Option<Self>, AnswerError> {
        let broken = |message| Err(AnswerError::Pages { message });
        let cursor = match onward {
            Onward::End => return Ok(None),
            Onward::Nowhere => return broken("the server says that there are more pages, but not where"),
            // A server that does not say it is asked once more than needed, at the most.
            Onward::Perhaps(cursor) if entries == 0 || self.after.as_ref() == Some(cursor) => {
                return Ok(None);
            }
            Onward::After(cursor) | Onward::Perhaps(cursor) => Some(cursor.clone()),
        };
        if cursor == self.after || cursor == self.checkpoint {
            return broken("they lead in a circle");
        }
        let mut next = Self { after: cursor, pages: self.pages + 1, since: self.since + 1, ..self.clone() };
        next.empty = if entries == 0 { self.empty + 1 } else { 0 };
        if next.empty >= MOST_EMPTY {
            return broken("page after page is empty");
        }
        if next.pages >= MOST_PAGES {
            return broken("there are too many");
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

    /// How many pages with so many entries come, and why they end.
    fn pages(entries: usize, onward: impl Fn(usize) -> Onward) -> (usize, Option<String>) {
        let mut trail = Trail::default();
        for page in 0.. {
            match trail.step(&onward(page), entries) {
                Ok(Some(next)) => trail = next,
                Ok(None) => return (page + 1, None),
                Err(error) => return (page + 1, Some(error.to_string())),
            }
        }
        (0, None)
    }

    fn after(cursor: usize) -> Onward {
        Onward::After(cursor.to_string())
    }

    #[test]
    fn pages_follow_to_the_end() {
        assert_eq!(pages(1, |page| if page < 1_000 { after(page) } else { Onward::End }), (1_001, None));
        let info =
            |end: Option<&str>, more| PageInfo { end_cursor: end.map(Into::into), has_next_page: Some(more) };
        let after_b = Onward::After("b".to_owned());
        assert_eq!(info(Some("b"), true).onward(Some("a".to_owned())), after_b);
        assert_eq!(
            info(None, true).onward(Some("a".to_owned())),
            Onward::After("a".to_owned()),
            "older servers mark items only"
        );
        assert_eq!(info(None, true).onward(None), Onward::Nowhere);
        assert_eq!(info(Some(""), true).onward(Some(String::new())), Onward::Nowhere, "it would begin anew");
        assert_eq!(info(Some("b"), false).onward(None), Onward::End);
    }

    #[test]
    fn a_page_that_does_not_say_is_not_the_last() {
        let onward = |end: Option<&str>, last: Option<&str>| {
            let info = PageInfo { end_cursor: end.map(Into::into), has_next_page: None };
            info.onward(last.map(Into::into))
        };
        assert_eq!(onward(Some("c"), None), Onward::Perhaps("c".to_owned()));
        assert_eq!(onward(None, Some("d")), Onward::Perhaps("d".to_owned()));
        assert_eq!(onward(None, None), Onward::End);
        let perhaps = |page: usize| Onward::Perhaps(page.min(3).to_string());
        assert_eq!(pages(1, perhaps), (5, None), "the last cursor again");
        assert_eq!(pages(0, perhaps), (1, None), "nothing came");
    }

    #[test]
    fn pages_that_lead_nowhere_are_errors() {
        let (count, error) = pages(1, |_| Onward::Nowhere);
        assert_eq!((count, error.unwrap().contains("but not where")), (1, true));
        let (count, error) = pages(0, after);
        assert_eq!((count, error.unwrap().contains("empty")), (3, true));
        let (count, error) = pages(1, after);
        assert_eq!((count, error.unwrap().contains("too many")), (MOST_PAGES as usize, true));
    }

    #[test]
    fn every_circle_of_cursors_is_found() {
        for (start, circle) in [(0, 1), (0, 2), (5, 3), (100, 70), (1, 1_000)] {
            let cursor = |page: usize| if page < start { page } else { start + (page - start) % circle };
            let (count, error) = pages(1, |page| after(cursor(page)));
            assert_eq!(
                error.as_deref(),
                Some("its pages do not lead to the end of the list: they lead in a circle")
            );
            assert!(count <= 3 * (start + circle) + 3, "{start} {circle}: {count}");
        }
    }

    #[test]
    fn the_page_size_fits_an_int() {
        assert_eq!(first(PageSize::fixed(50)), 50);
        assert_eq!(first(PageSize::fixed(u64::MAX)), i32::MAX);
    }
}
