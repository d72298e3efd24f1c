//! HTTP: the two ports, connections, faults on the wire.

mod api;
mod body;
mod connection;
mod file_stream;
mod graphql;
mod in_process;
mod range;
mod storage;

pub(crate) use connection::{Site, serve};
pub(crate) use in_process::answer;
