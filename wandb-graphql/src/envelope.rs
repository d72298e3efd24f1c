//! The envelope around every GraphQL request and response.

mod classify;
mod entry_errors;
mod list_position;
mod message;
mod query_text;
mod request;
mod response;
mod token;

#[cfg(test)]
mod tests;

pub(crate) use classify::is_time_limit;
pub(crate) use entry_errors::EntryErrors;
pub(crate) use list_position::{find_list, only_closers_follow};
pub(crate) use request::{RequestSpec, post, post_mutation};
pub(crate) use response::{data, list_data, list_of_rows, not_found};
