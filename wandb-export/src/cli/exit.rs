//! From outcomes to exit codes, in one place.

use std::process::ExitCode;

use super::interrupt::Interrupted;
use super::output::say;
use crate::error::{Error, ErrorKind};

/// How a command ended that did not fail, the best outcome first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// All is there.
    Done,
    /// All that was asked for is there, and the server lacks something that would have come along.
    Unsupported,
    /// Something is missing, and was said to be.
    Incomplete,
}

/// Why a command failed, and what may help.
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
/// What shells give a program that SIGINT ended.
const INTERRUPTED: u8 = 130;

/// The exit code of a command. `strict` counts what nobody asked for and the server lacks as missing.
pub(super) fn code(ended: Result<Result<Outcome, Failure>, Interrupted>, strict: bool) -> ExitCode {
    let code = match ended {
        Ok(Ok(Outcome::Unsupported)) if strict => INCOMPLETE,
        Ok(Ok(Outcome::Done | Outcome::Unsupported)) => DONE,
        Ok(Ok(Outcome::Incomplete)) => INCOMPLETE,
        // Who reads our output has had enough of it.
        Ok(Err(Failure { error: Error::Sink(error), .. })) if error.is_closed() => DONE,
        Ok(Err(Failure { error, hint })) => {
            say(&format!("error: {}", error.with_causes()));
            let hint = hint.or_else(|| hint_of(&error).map(str::to_owned));
            if let Some(hint) = hint {
                say(&format!("hint: {hint}"));
            }
            of_error(&error)
        }
        Err(Interrupted) => {
            say("interrupted: what was not finished has not been written");
            INTERRUPTED
        }
    };
    ExitCode::from(code)
}

/// What may help against an error of any command.
fn hint_of(error: &Error) -> Option<&'static str> {
    use wandb_core::error::Error as RequestError;
    let Error::Request(error) = error else { return None };
    match **error {
        RequestError::Deferred { .. } => Some(
            "run it again then, or let it wait with --max-wait; what was printed or downloaded is kept, and a file that was \
             not whole has not been written",
        ),
        RequestError::OutOfTime { .. } => Some(
            "run it again with a longer --timeout; what was printed or downloaded is kept, and a file that was not whole has \
             not been written",
        ),
        _ => None,
    }
}

fn of_error(error: &Error) -> u8 {
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
    fn kinds_of_errors_have_the_documented_codes() {
        assert_eq!(of_error(&Error::usage("no")), 2);
        assert_eq!(of_error(&Error::NoApiKey { server: "s".to_owned() }), 4);
        let (what, lacking) = ("no".to_owned(), "Run.logLines".to_owned());
        assert_eq!(of_error(&Error::Unsupported { what, lacking }), 5);
        assert_eq!(of_error(&Error::io("doing", std::io::Error::other("no"))), 1);
        assert_eq!(of_error(&Error::Sink(SinkError::UnknownFormat { name: "x".to_owned() })), 2);
    }
}
