//! Operations: requests to a server, as pure values.
//!
//! An [`Operation`] builds its request and parses its answer. It opens no connection, waits for nothing and reads no
//! clock, so its tests are plain assertions on text. The [`Client`](crate::client::Client) executes it: [`call`] for
//! a single answer, [`pages`] for a [`Paged`] operation whose answer determines the next request, [`windows`] for a
//! [`Windowed`] one whose requests are known ahead.
//!
//! [`call`]: crate::client::Client::call
//! [`pages`]: crate::client::Client::pages
//! [`windows`]: crate::client::Client::windows

mod answer_error;
mod effect;
mod endpoint;
mod field;
mod page_size;
mod sent_body;
mod unreadable_entry;

use std::ops::Range;

use bytes::Bytes;

pub use answer_error::AnswerError;
pub use effect::Effect;
pub use endpoint::Endpoint;
pub use field::{Argument, Field, UnsupportedFields};
pub use page_size::PageSize;
pub use sent_body::SentBody;
pub use unreadable_entry::UnreadableEntry;

use crate::client::HeldBytes;
use crate::transport::Request;

/// A request to a server, and the parser of its answer.
///
/// `request` and `answer` are pure functions: equal values give equal requests, and equal responses equal answers.
pub trait Operation: Send + Sync {
    /// The parsed answer.
    type Answer: Send;

    /// The operation's name in logs and error messages; the server may see it (`operationName`).
    fn name(&self) -> &'static str;

    /// The subject of the request, in the user's terms: `team/project/run, steps 0 to 999`.
    fn subject(&self) -> String;

    /// The operation's effect on the server, which decides whether the client may retry it.
    fn effect(&self) -> Effect {
        Effect::Reads
    }

    /// The fields that this operation can omit if the server's schema lacks them.
    fn optional_fields(&self) -> &'static [Field] {
        &[]
    }

    /// The arguments that this operation can omit if the server's schema lacks them: without them it either means the
    /// same, or its answer shows the difference.
    fn optional_arguments(&self) -> Vec<Argument> {
        Vec::new()
    }

    /// Builds the request to `endpoint`, without the optional fields and arguments in `unsupported`. The client adds
    /// the credentials.
    ///
    /// # Errors
    /// Fails with [`AnswerError::InvalidRequest`] if the operation is not possible on such a server.
    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError>;

    /// Parses the server's response.
    ///
    /// The client already handles rejected keys, rate limits, overload and responses that are not JSON; all other
    /// statuses get here. The client adds the [`SentBody`] to the response's extensions.
    fn answer(&self, response: http::Response<Bytes>) -> Result<Self::Answer, AnswerError>;
}

/// An operation whose answer determines the next request: a page with a cursor.
pub trait Paged: Operation + Sized {
    /// An item of a page.
    type Item: Send;

    /// Returns the request for the page after `answer`, or `None` at the end.
    fn next(&self, answer: &Self::Answer) -> Option<Self>;

    /// Returns an error if no page follows `answer` although the list has not ended. The client returns this error
    /// after the page.
    fn broken(&self, answer: &Self::Answer) -> Option<AnswerError> {
        let _ = answer;
        None
    }

    /// The number of null entries of a page.
    fn null_entries(answer: &Self::Answer) -> u64 {
        let _ = answer;
        0
    }

    /// The server's count of the entries that this operation lists on all pages, if the page has one.
    fn total(answer: &Self::Answer) -> Option<u64> {
        let _ = answer;
        None
    }

    /// The entries of a page that cannot be parsed. The client retries a page once if an entry [may
    /// pass](UnreadableEntry::may_pass).
    fn unreadable(answer: &Self::Answer) -> &[UnreadableEntry] {
        let _ = answer;
        &[]
    }

    /// Returns a key that is unique in the list, if items have one.
    fn key(item: &Self::Item) -> Option<String> {
        let _ = item;
        None
    }

    /// Returns the items of a page, in order.
    fn items(answer: Self::Answer) -> Vec<Self::Item>;

    /// Returns the request for a page half as large, unless it is at the minimum. Servers reject, or fail at, large
    /// pages.
    fn smaller(&self) -> Option<Self> {
        None
    }
}

/// An operation whose answer holds one long list, which is parsed while it arrives.
///
/// [`stream_list`](crate::client::Client::stream_list) passes on the items, and leaves an empty list to
/// [`answer`](Operation::answer).
pub trait Streamed: Operation {
    /// An item of the list.
    type Item: Send + 'static;

    /// The fields that lead to the list in the body of a response.
    fn list_path(&self) -> &'static [&'static str];

    /// The maximum number of items of an answer. More are an error.
    fn most_items(&self) -> u64;

    /// Parses some elements of the list, given as a JSON list.
    ///
    /// # Errors
    /// Fails with [`AnswerError::Malformed`] if they are not valid items.
    fn items(&self, elements: &[u8]) -> Result<Vec<Self::Item>, AnswerError>;
}

/// A range of steps that is requested in windows, several at a time.
///
/// The windows cover the range without gap or overlap, whatever their size. Their answers are returned in order.
pub trait Windowed: Send + Sync {
    /// The operation for one window.
    type Part: Operation;

    /// The whole range, end exclusive.
    fn steps(&self) -> Range<i64>;

    /// The number of steps per window: initial and maximum.
    fn page_size(&self) -> PageSize;

    /// Returns the operation for one window, end exclusive.
    fn part(&self, steps: Range<i64>) -> Self::Part;

    /// The number of rows in an answer, which shows the density of the range.
    fn rows(&self, answer: &<Self::Part as Operation>::Answer) -> u64;

    /// The maximum number of rows in an answer to a window of `width` steps that is trusted to be complete.
    ///
    /// A server silently thins out answers that it considers too large, so an answer with more rows is requested
    /// again in halves.
    fn trusted_rows(&self, width: u64) -> u64;

    /// The expected bytes per row of an answer, if known beforehand. It limits the width of the first windows.
    fn row_bytes(&self) -> Option<u64> {
        None
    }

    /// The memory in bytes that an answer takes in addition to the text of the response.
    fn own_bytes(&self, answer: &<Self::Part as Operation>::Answer) -> u64 {
        let _ = answer;
        0
    }

    /// Lets an answer hold its bytes of the client's [memory](crate::client::ClientBuilder::memory) until its rows
    /// have been used. Otherwise they are released as soon as the answer has arrived.
    fn hold(&self, answer: &mut <Self::Part as Operation>::Answer, held: HeldBytes) {
        let _ = (answer, held);
    }
}

impl<O: Operation + ?Sized> Operation for &O {
    type Answer = O::Answer;

    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn subject(&self) -> String {
        (**self).subject()
    }

    fn effect(&self) -> Effect {
        (**self).effect()
    }

    fn optional_fields(&self) -> &'static [Field] {
        (**self).optional_fields()
    }

    fn optional_arguments(&self) -> Vec<Argument> {
        (**self).optional_arguments()
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        (**self).request(endpoint, unsupported)
    }

    fn answer(&self, response: http::Response<Bytes>) -> Result<Self::Answer, AnswerError> {
        (**self).answer(response)
    }
}
