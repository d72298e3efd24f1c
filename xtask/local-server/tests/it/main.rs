//! The server over plain HTTP.
#![expect(clippy::unwrap_used, reason = "tests")]

mod client;
mod graphql;
