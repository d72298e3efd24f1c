//! What wraps every GraphQL request and answer.

mod classify;
mod message;
mod request;
mod response;

#[cfg(test)]
mod tests;

pub(crate) use classify::asks_for_less;
pub(crate) use request::{RequestOf, post, post_mutation};
pub(crate) use response::{data, missing};
