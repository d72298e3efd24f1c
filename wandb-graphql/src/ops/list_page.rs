//! A page of a list, and what all operations that list something have in common.

use wandb_core::operation::{PageSize, UnreadableEntry};

use super::entry::{Connection, Edge, PageItems};
use super::page::NextPage;
use crate::envelope::EntryErrors;

/// A page of a list.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ListPage<T> {
    /// The items, in order.
    pub items: Vec<T>,
    /// The server's count, if it has one: of the entries on all pages, or of all files of a run.
    pub total: Option<u64>,
    /// How many entries were null.
    pub null_entries: u64,
    /// The unreadable entries.
    pub unreadable: Vec<UnreadableEntry>,
    pub(crate) next_page: NextPage,
    /// The size of the next page, if the bytes of this page limit it.
    pub(crate) next_size: Option<PageSize>,
}

impl<T> ListPage<T> {
    /// Reads the page in `connection`. `errors` are the answer's errors, `read` converts a node to an item.
    pub(super) fn read<C: Connection>(
        connection: C,
        errors: &EntryErrors,
        read: impl FnMut(<C::Edge as Edge>::Node) -> Result<T, UnreadableEntry>,
    ) -> Self {
        let total = connection.total().and_then(|total| u64::try_from(total).ok());
        let (edges, page_info) = connection.into_parts();
        let PageItems { items, null_entries, unreadable, last } = PageItems::read(edges, errors, read);
        let next_page = page_info.next_page(last);
        Self { items, total, null_entries, unreadable, next_page, next_size: None }
    }

    /// Adds the server's count, which is signed in the schema.
    pub(super) fn with_total(self, total: Option<i32>) -> Self {
        Self { total: total.and_then(|total| u64::try_from(total).ok()), ..self }
    }

    /// Whether this is the last page.
    pub fn is_last(&self) -> bool {
        self.next_page == NextPage::End
    }

    /// How many entries the page had in total.
    pub(crate) fn entries(&self) -> usize {
        super::entry::total_entries(self.items.len(), self.null_entries, &self.unreadable)
    }
}

/// Implements [`Paged`](wandb_core::operation::Paged) for an operation whose answer is a [`ListPage`].
///
/// The operation has the field `position` and the methods `size` and `page_size`. The key identifies an item. The last word is
/// `counted` if the page has the server's count of the entries that the operation selects.
macro_rules! paged_list {
    ($list:ident of $item:ident $(, key: $key:expr)? $(; $counted:ident)?) => {
        impl wandb_core::operation::Paged for $list {
            type Item = $item;

            fn next(&self, page: &ListPage<$item>) -> Option<Self> {
                let position = self.position.advance(&page.next_page, page.entries()).ok()??;
                let next = Self { position, ..self.clone() };
                Some(match page.next_size {
                    Some(size) => next.page_size(size),
                    None => next,
                })
            }

            fn broken(&self, page: &ListPage<$item>) -> Option<AnswerError> {
                self.position.advance(&page.next_page, page.entries()).err()
            }

            fn null_entries(page: &ListPage<$item>) -> u64 {
                page.null_entries
            }

            fn unreadable(page: &ListPage<$item>) -> &[wandb_core::operation::UnreadableEntry] {
                &page.unreadable
            }

            $(fn total(page: &ListPage<$item>) -> Option<u64> {
                let $counted = page.total;
                $counted
            })?

            $(fn key(item: &$item) -> Option<String> {
                let key: fn(&$item) -> String = $key;
                Some(key(item))
            })?

            fn items(page: ListPage<$item>) -> Vec<$item> {
                page.items
            }

            fn smaller(&self) -> Option<Self> {
                Some(self.clone().page_size(self.size().halved()?))
            }
        }
    };
}

pub(super) use paged_list;
