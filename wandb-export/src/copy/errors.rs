//! Classifies errors by their scope: a run, a project or the whole mirror.

use std::io;

use wandb_core::error::Error as RequestError;
use wandb_mirror::Disk;
use wandb_tables::SinkError;
use wandb_tables::TableError;

use crate::error::Error;

/// Returns whether an error of the disk, the key or the deadline would also fail every other run.
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

/// Returns whether an error would also fail every other project: a refused key or a full disk.
pub(super) fn is_global(error: &Error) -> bool {
    match error {
        Error::Mirror { .. } => false,
        Error::Io { source, .. } => is_disk_wide(source.kind()),
        error => is_fatal(error),
    }
}

/// Returns whether an error concerns the whole disk.
fn is_disk_wide(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(kind, QuotaExceeded | ReadOnlyFilesystem | StorageFull)
}

/// Returns whether no more requests can be sent: the deadline has passed, or the server demands a long pause.
pub(super) fn is_final(error: &Error) -> bool {
    matches!(error, Error::Request(error) if error.is_final())
}

/// Returns whether the server answered, but refused the request.
pub(super) fn is_refusal(error: &Error) -> bool {
    let Error::Request(error) = error else { return false };
    matches!(**error, RequestError::Answer { .. } | RequestError::Status { .. })
}

/// Returns the error for a file of the mirror that cannot be written.
pub(super) fn writing(disk: &Disk, here: &str, error: io::Error) -> Error {
    disk.writing(here, error).into()
}

/// Describes what the server lacks, according to an error.
pub(super) fn describe_unsupported(error: &Error) -> String {
    let lacking = match error {
        Error::Request(error) => match error.unsupported() {
            Some(unsupported) => unsupported.to_string(),
            None => return error.with_causes(),
        },
        Error::Unsupported { lacking, .. } => lacking.clone(),
        _ => return error.with_causes(),
    };
    format!("the server does not have {lacking}")
}
