//! The interface of operations: requests to a server, as pure values.
//!
//! [`ops`](crate::ops) has the operations of this library. Programs can add others: an [`Operation`] builds its request
//! and parses the answer, and the [`Client`](crate::client::Client) does the rest.

pub use wandb_core::operation::{
    AnswerError, Argument, Effect, Endpoint, Field, Operation, PageSize, Paged, SentBody, Streamed,
    UnreadableEntry, UnsupportedFields, Windowed,
};
