//! What an error means for the rest of a mirror.

use std::io;

use wandb_core::error::Error as RequestError;

use crate::error::Error;
use wandb_tables::SinkError;
use wandb_tables::TableError;

/// Whether an error is one of the disk, of the key or of the time, which no other run can do without.
pub(super) fn is_fatal(error: &Error) -> bool {
    match error {
        Error::Request(error) => matches!(**error, RequestError::Unauthorized { .. }) || error.is_final(),
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

/// Whether nothing more can be asked for now: the time is up, or the server wants to be left alone.
pub(super) fn is_final(error: &Error) -> bool {
    matches!(error, Error::Request(error) if error.is_final())
}

/// Whether the server has answered, but not what it was asked.
pub(super) fn is_refusal(error: &Error) -> bool {
    let Error::Request(error) = error else { return false };
    matches!(**error, RequestError::Answer { .. } | RequestError::Status { .. })
}

/// What the server lacks, according to an error.
pub(super) fn unsupported(error: &Error) -> String {
    let lacking = match error {
        Error::Request(error) => match error.lacks() {
            Some(lacks) => lacks.to_string(),
            None => return error.to_string(),
        },
        Error::Unsupported { lacking, .. } => lacking.clone(),
        _ => return error.with_causes(),
    };
    format!("the server does not have {lacking}")
}
