//! Finds the source that a path leads to.

use super::on_disk::OnDisk;
use super::server::{Connection, ServerPath};
use super::{LocalPath, Source};
use crate::error::Error;

/// Returns the source that a path leads to: a place on disk, or else the server.
pub(crate) fn resolve(connection: &Connection, path: &str) -> Box<dyn Source> {
    match LocalPath::parse(path) {
        Some(place) => Box::new(OnDisk::new(connection.client().clone(), place)),
        None => Box::new(ServerPath::new(connection.clone(), path)),
    }
}

/// Rejects a path that does not lead to the server.
pub(crate) fn server_only(path: &str) -> Result<(), Error> {
    LocalPath::parse(path).map_or(Ok(()), |place| Err(Error::only_on_a_server(&place)))
}
