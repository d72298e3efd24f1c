//! Where the next page begins.

use bytes::Bytes;
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
    /// The cursor behind the page, or `last`, that of its last item; and whether the server says that there is more.
    pub(super) fn parts(self, last: Option<String>) -> (Option<String>, bool) {
        let end = self.end_cursor.or(last);
        let goes_on = self.has_next_page.unwrap_or(end.is_some());
        (end, goes_on)
    }

    /// The cursor after which the next page begins, if there is one. `last` is the cursor of this page's last item,
    /// `after` the one that this page was asked for with, `body` the answer.
    ///
    /// # Errors
    /// If the server says that there is more, but not where, or sends the reader round in circles.
    pub(super) fn next(
        self,
        last: Option<String>,
        after: Option<&str>,
        body: &Bytes,
    ) -> Result<Option<String>, AnswerError> {
        let end = self.end_cursor.or(last);
        // A server that does not say it is asked once more than needed, at the most.
        let goes_on = self.has_next_page.unwrap_or(end.is_some() && end.as_deref() != after);
        if !goes_on {
            return Ok(None);
        }
        let malformed = |message| Err(AnswerError::malformed(message, body));
        match end {
            None => malformed("it says that there are more pages, but not where"),
            Some(next) if Some(next.as_str()) == after => malformed("its next page is this page"),
            next => Ok(next),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(
        end: Option<&str>,
        more: bool,
        last: Option<&str>,
        after: Option<&str>,
    ) -> Result<Option<String>, String> {
        let info = PageInfo { end_cursor: end.map(Into::into), has_next_page: Some(more) };
        info.next(last.map(Into::into), after, &Bytes::new()).map_err(|error| error.to_string())
    }

    #[test]
    fn the_next_page_begins_after_this_one() {
        assert_eq!(next(Some("b"), true, Some("a"), Some("0")), Ok(Some("b".to_owned())));
        assert_eq!(
            next(None, true, Some("a"), None),
            Ok(Some("a".to_owned())),
            "older servers mark items only"
        );
        assert_eq!(next(Some("b"), false, Some("b"), Some("b")), Ok(None));
    }

    #[test]
    fn a_page_that_does_not_say_is_not_the_last() {
        let next = |end: Option<&str>, last: Option<&str>| {
            let info = PageInfo { end_cursor: end.map(Into::into), has_next_page: None };
            info.next(last.map(Into::into), Some("b"), &Bytes::new()).unwrap()
        };
        assert_eq!(next(Some("c"), None).as_deref(), Some("c"));
        assert_eq!(next(None, Some("d")).as_deref(), Some("d"));
        assert_eq!((next(Some("b"), None), next(None, None)), (None, None));
    }

    #[test]
    fn pages_that_lead_nowhere_are_errors() {
        assert!(next(None, true, None, None).unwrap_err().contains("but not where"));
        assert!(next(Some("a"), true, None, Some("a")).unwrap_err().contains("its next page is this page"));
    }

    #[test]
    fn the_page_size_fits_an_int() {
        assert_eq!(first(PageSize::fixed(50)), 50);
        assert_eq!(first(PageSize::fixed(u64::MAX)), i32::MAX);
    }
}
