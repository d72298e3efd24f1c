//! HTTP: the two ports, connections, faults on the wire.

mod api;
mod body;
mod connection;
mod file_stream;
mod graphql;
mod range;
mod storage;

pub(crate) use connection::{Site, serve};
