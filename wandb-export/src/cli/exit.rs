//! Maps outcomes and errors to exit codes.

use std::process::ExitCode;

use super::interrupt::Interrupted;
use super::output::say;
use crate::error::{Error, ErrorKind};

/// Outcome of a command that did not fail, ordered from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// The output is complete.
    Done,
    /// Everything requested by name is there, but the server lacks something else that belongs to the output.
    Unsupported,
    /// Something requested is missing. It has been reported on stderr.
    Incomplete,
}

/// Error of a failed command, with an optional hint.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: Error,
    pub(super) hint: Option<String>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, hint: None }
    }
}

const DONE: u8 = 0;
const FAILED: u8 = 1;
const USAGE: u8 = 2;
const NOT_FOUND: u8 = 3;
const UNAUTHORIZED: u8 = 4;
const INCOMPLETE: u8 = 5;
/// The exit code that shells report for a program ended by SIGINT.
const INTERRUPTED: u8 = 130;

/// Prints the error and hint of a failed command, and returns the exit code. With `strict`, [`Outcome::Unsupported`]
/// counts as incomplete.
pub(super) fn to_exit_code(result: Result<Result<Outcome, Failure>, Interrupted>, strict: bool) -> ExitCode {
    let code = match result {
        Ok(Ok(Outcome::Unsupported)) if strict => INCOMPLETE,
        Ok(Ok(Outcome::Done | Outcome::Unsupported)) => DONE,
        Ok(Ok(Outcome::Incomplete)) => INCOMPLETE,
        // The reader closed the pipe, as `head` does.
        Ok(Err(Failure { error: Error::Sink(error), .. })) if error.is_closed() => DONE,
        Ok(Err(Failure { error, hint })) => {
            say(&format!("error: {}", error.with_causes()));
            let hint = hint.or_else(|| hint_for(&error).map(str::to_owned));
            if let Some(hint) = hint {
                say(&format!("hint: {hint}"));
            }
            error_code(&error)
        }
        Err(Interrupted) => {
            say("interrupted: unfinished files were not written");
            INTERRUPTED
        }
    };
    ExitCode::from(code)
}

/// Returns a hint for an error that any command can end with.
fn hint_for(error: &Error) -> Option<&'static str> {
    use wandb_core::error::Error as RequestError;
    let Error::Request(error) = error else { return None };
    match **error {
        RequestError::Deferred { .. } => Some(
            "run the command again then, or let it wait with --max-wait; printed rows and finished downloads are kept, \
             unfinished files were not written",
        ),
        RequestError::OutOfTime { .. } => Some(
            "run the command again with a longer --timeout; printed rows and finished downloads are kept, unfinished files \
             were not written",
        ),
        _ => None,
    }
}

fn error_code(error: &Error) -> u8 {
    match error.kind() {
        ErrorKind::Usage => USAGE,
        ErrorKind::NotFound => NOT_FOUND,
        ErrorKind::Unauthorized => UNAUTHORIZED,
        ErrorKind::Unsupported => INCOMPLETE,
        ErrorKind::Failed => FAILED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wandb_tables::SinkError;

    #[test]
    fn error_kinds_map_to_documented_codes() {
        assert_eq!(error_code(&Error::usage("no")), 2);
        assert_eq!(error_code(&Error::NoApiKey { server: "s".to_owned() }), 4);
        let (what, lacking) = ("no".to_owned(), "Run.logLines".to_owned());
        assert_eq!(error_code(&Error::Unsupported { what, lacking }), 5);
        assert_eq!(error_code(&Error::io("doing", std::io::Error::other("no"))), 1);
        assert_eq!(error_code(&Error::Sink(SinkError::UnknownFormat { name: "x".to_owned() })), 2);
    }
}
