//! Tests the server over plain HTTP.
#![expect(clippy::unwrap_used, reason = "tests")]

mod artifacts;
mod client;
mod exports;
mod faults;
mod filters;
mod graphql;
mod lists;
mod matching;
mod recordings;
mod storage;
mod traffic;
mod writes;
