//! Which errors end more than what they are of.

use std::io;

use crate::error::Error;
use crate::sink::SinkError;
use crate::table::TableError;

/// Whether an error is one of the disk or of the key, which no other run can do without.
pub(super) fn is_fatal(error: &Error) -> bool {
    match error {
        Error::Request(error) => matches!(**error, wandb_core::error::Error::Unauthorized { .. }),
        Error::NoApiKey { .. }
        | Error::Auth(_)
        | Error::Io { .. }
        | Error::Mirror { .. }
        | Error::Sink(
            SinkError::Io { .. }
            | SinkError::Closed { .. }
            | SinkError::Failed { .. }
            | SinkError::Table(TableError::Spool { .. }),
        )
        | Error::Table(TableError::Spool { .. }) => true,
        _ => false,
    }
}

/// Whether an error is one that no other project can do without: of the key, or of a disk that takes nothing more.
pub(super) fn is_of_all_projects(error: &Error) -> bool {
    match error {
        Error::Mirror { .. } => false,
        Error::Io { source, .. } => is_of_the_disk(source.kind()),
        error => is_fatal(error),
    }
}

/// Whether an error is that of the whole disk.
fn is_of_the_disk(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(kind, QuotaExceeded | ReadOnlyFilesystem | StorageFull)
}
