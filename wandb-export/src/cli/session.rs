//! The connection of a command, and the messages about its result.

use wandb_tables::Format;

use super::args::Connection;
use super::exit::{Failure, Outcome};
use super::hints;
use super::output::say;
use super::progress::Progress;
use crate::api::{Api, Run, WriteReport};
use crate::issue::Issue;

/// A connection, and the options for progress and messages.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) api: Api,
    show_progress: bool,
    verbose: bool,
}

impl Session {
    pub(super) fn new(api: Api, options: &Connection) -> Self {
        Self { api, show_progress: !options.no_progress, verbose: options.verbose }
    }

    /// Starts progress on stderr. It ends when dropped.
    pub(super) fn start_progress(&self) -> Progress {
        Progress::start(&self.api, self.show_progress)
    }

    /// Whether to show progress if stderr is a terminal.
    pub(super) fn shows_progress(&self) -> bool {
        self.show_progress
    }

    /// Fetches the run that the user named. An error suggests similar names.
    pub(super) async fn run(&self, path: &str) -> Result<Run, Failure> {
        match self.api.run(path).await {
            Ok(run) => Ok(run),
            Err(error) => Err(hints::add_run_hint_for_input(self, path, error).await),
        }
    }

    /// Prints notes about the written output, and statistics if verbose.
    pub(super) fn print_notes(&self, report: &WriteReport, format: Format) {
        // Findings are about column types, and a table has none.
        let findings = if format == Format::Table { &[][..] } else { &report.findings };
        for finding in findings {
            say(&format!("note: {finding}"));
        }
        if self.verbose {
            let WriteReport { rows, bytes, .. } = report;
            say(&format!("{rows} rows, {bytes} bytes written; {}", self.stats()));
        }
    }

    /// Prints statistics if verbose.
    #[cfg(feature = "mirror")]
    pub(super) fn print_stats(&self) {
        if self.verbose {
            say(&self.stats());
        }
    }

    fn stats(&self) -> String {
        let tally = self.api.stats();
        format!(
            "{} requests ({} retries, {} rate limited), {} bytes received, at most {} bytes in memory, waited {:.1} s",
            tally.requests,
            tally.retries,
            tally.rate_limited,
            tally.bytes,
            tally.most_memory,
            tally.waited.as_secs_f64(),
        )
    }

    /// Prints the issues of a result. An issue that is not a note makes the command incomplete. With `--strict`, so
    /// does a note about something that the server lacks.
    pub(super) fn report_issues<'a>(issues: impl IntoIterator<Item = &'a Issue>) -> Outcome {
        let (notes, gaps): (Vec<_>, Vec<_>) = issues.into_iter().partition(|issue| issue.is_note());
        let unsupported = notes.iter().any(|note| note.is_unsupported());
        for note in notes {
            say(&format!("note: {note}"));
        }
        match Self::report_missing(gaps) {
            Outcome::Done if unsupported => Outcome::Unsupported,
            outcome => outcome,
        }
    }

    /// Prints missing items. The command is incomplete if there are any.
    pub(super) fn report_missing(missing: impl IntoIterator<Item = impl std::fmt::Display>) -> Outcome {
        let mut outcome = Outcome::Done;
        for item in missing {
            say(&format!("incomplete: {item}"));
            outcome = Outcome::Incomplete;
        }
        outcome
    }
}
