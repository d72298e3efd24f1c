//! Finds the source that a path leads to.

use super::on_disk::DiskSource;
use super::server::{Connection, ServerPath};
use super::{LocalPath, Source};
use crate::error::Error;

/// Returns the source that a path leads to: a path on disk, or else the server.
pub(crate) fn resolve(connection: &Connection, path: &str) -> Box<dyn Source> {
    match LocalPath::parse(path) {
        Some(path) => Box::new(DiskSource::new(connection.client().clone(), path)),
        None => Box::new(ServerPath::new(connection.clone(), path)),
    }
}

/// Rejects a path that does not lead to the server.
pub(crate) fn reject_local_path(path: &str) -> Result<(), Error> {
    LocalPath::parse(path).map_or(Ok(()), |path| Err(Error::only_on_a_server(&path)))
}
