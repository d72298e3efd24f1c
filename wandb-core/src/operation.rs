//! Operations: what can be asked of a server, as pure values.
//!
//! An [`Operation`] builds its request and parses its answer. It opens nothing, waits for nothing and reads no
//! clock, so its tests are plain assertions on text. The [`Client`](crate::client::Client) moves it: [`call`] for
//! one answer, [`pages`] for a [`Paged`] operation whose answer names the next request, [`windows`] for a
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
pub use field::{Argument, Field, Lacks};
pub use page_size::PageSize;
pub use sent_body::SentBody;
pub use unreadable_entry::UnreadableEntry;

use crate::client::HeldBytes;
use crate::transport::Request;

/// One thing to ask of a server.
///
/// `request` and `answer` are pure: the same value gives the same request, and the same response the same answer.
pub trait Operation: Send + Sync {
    /// What the server's answer becomes.
    type Answer: Send;

    /// The operation's name, as logs and error messages give it and the server may see it (`operationName`).
    fn name(&self) -> &'static str;

    /// What is asked about, in the user's terms: `team/project/run, steps 0 to 999`.
    fn subject(&self) -> String;

    /// What the operation does to the server, which decides whether the client may repeat it by itself.
    fn effect(&self) -> Effect {
        Effect::Reads
    }

    /// The fields that this operation can do without, should the server's schema lack them.
    fn optional_fields(&self) -> &'static [Field] {
        &[]
    }

    /// The arguments that this operation can do without, should the server's schema lack them: as it is, it means the
    /// same without them, or its answer shows what became of it.
    fn optional_arguments(&self) -> Vec<Argument> {
        Vec::new()
    }

    /// The request to send to `endpoint`, without what `lacks` holds and is optional. The client adds the credentials.
    ///
    /// # Errors
    /// [`AnswerError::Unaskable`] where the operation cannot be put to such a server.
    fn request(&self, endpoint: &Endpoint, lacks: &Lacks) -> Result<Request, AnswerError>;

    /// Reads the server's response, whose status may be any that the client does not handle for every operation
    /// alike (it handles refused keys, rate limits, overload and answers that are not JSON). The client adds the
    /// [`SentBody`] to the response's extensions.
    fn answer(&self, response: http::Response<Bytes>) -> Result<Self::Answer, AnswerError>;
}

/// An operation whose answer says what to ask next: a page with a cursor.
pub trait Paged: Operation + Sized {
    /// What a page holds many of.
    type Item: Send;

    /// The request for the page after `answer`, or `None` at the end.
    fn next(&self, answer: &Self::Answer) -> Option<Self>;

    /// Why no page follows `answer` although the list has not ended, if so. The client hands this error on after the
    /// page.
    fn broken(&self, answer: &Self::Answer) -> Option<AnswerError> {
        let _ = answer;
        None
    }

    /// How many entries of a page were null.
    fn null_entries(answer: &Self::Answer) -> u64 {
        let _ = answer;
        0
    }

    /// The entries of a page that cannot be read. The client asks once more for a page with an entry that
    /// [may pass](UnreadableEntry::may_pass).
    fn unreadable(answer: &Self::Answer) -> &[UnreadableEntry] {
        let _ = answer;
        &[]
    }

    /// What tells an item from every other one of the list, if anything does.
    fn key(item: &Self::Item) -> Option<String> {
        let _ = item;
        None
    }

    /// The items of a page, in order.
    fn items(answer: Self::Answer) -> Vec<Self::Item>;

    /// The same request for a page half as large, where it can be smaller: servers refuse, or fail at, too much.
    fn smaller(&self) -> Option<Self> {
        None
    }
}

/// An operation whose answer holds one long list, which can be read while it arrives.
///
/// [`stream_list`](crate::client::Client::stream_list) hands out the items, and leaves an empty list to
/// [`answer`](Operation::answer).
pub trait Streamed: Operation {
    /// What the list holds.
    type Item: Send + 'static;

    /// The fields that lead to the list in the body of a response.
    fn list_path(&self) -> &'static [&'static str];

    /// The most items that an answer may hold; one with more is an error.
    fn most_items(&self) -> u64;

    /// Reads some elements of the list, which make a JSON list of their own.
    ///
    /// # Errors
    /// [`AnswerError::Malformed`] if they are not what the list holds.
    fn items(&self, elements: &[u8]) -> Result<Vec<Self::Item>, AnswerError>;
}

/// A range of steps that is asked for in windows, several at a time.
///
/// The windows cover the range without gap or overlap, whatever their size; their answers are handed on in order.
pub trait Windowed: Send + Sync {
    /// The operation that asks for one window.
    type Part: Operation;

    /// The whole range, end exclusive.
    fn steps(&self) -> Range<i64>;

    /// How many steps a window spans, to begin with and at the most.
    fn page_size(&self) -> PageSize;

    /// The operation for one window, end exclusive.
    fn part(&self, steps: Range<i64>) -> Self::Part;

    /// How many rows an answer holds; it tells how densely the range is filled.
    fn rows(&self, answer: &<Self::Part as Operation>::Answer) -> u64;

    /// The most rows that an answer to a window of `width` steps may hold and be trusted to be whole. A server thins out
    /// what it thinks too much without saying so, so an answer with more rows is asked for again in halves.
    fn trusted_rows(&self, width: u64) -> u64;

    /// The bytes that a row takes in an answer, where that is known beforehand. The first windows are made no wider than
    /// it allows.
    fn row_bytes(&self) -> Option<u64> {
        None
    }

    /// The bytes that an answer takes in memory beside the text of the response.
    fn own_bytes(&self, answer: &<Self::Part as Operation>::Answer) -> u64 {
        let _ = answer;
        0
    }

    /// Lets an answer hold its bytes of the client's [memory](crate::client::ClientBuilder::memory) until its rows have
    /// been used. Otherwise they are released as soon as the answer has arrived.
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

    fn request(&self, endpoint: &Endpoint, lacks: &Lacks) -> Result<Request, AnswerError> {
        (**self).request(endpoint, lacks)
    }

    fn answer(&self, response: http::Response<Bytes>) -> Result<Self::Answer, AnswerError> {
        (**self).answer(response)
    }
}
