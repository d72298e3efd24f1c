//! HTTP: the two ports, their connections, and fault injection.

mod api;
mod artifact_files;
mod body;
mod connection;
mod file_stream;
mod graphql;
mod in_process;
mod range;
mod storage;

pub(crate) use connection::{PortContext, serve};
pub(crate) use in_process::answer;
