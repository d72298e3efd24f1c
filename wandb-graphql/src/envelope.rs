//! What wraps every GraphQL request and answer.

mod classify;
mod entry_errors;
mod message;
mod place;
mod query_text;
mod request;
mod response;
mod token;

#[cfg(test)]
mod tests;

pub(crate) use classify::asks_for_less;
pub(crate) use entry_errors::EntryErrors;
pub(crate) use place::{ends_with, list_at};
pub(crate) use request::{RequestOf, post, post_mutation};
pub(crate) use response::{data, list_data, list_of_rows, missing};
