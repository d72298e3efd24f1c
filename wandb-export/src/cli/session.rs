//! What every command works with.

use wandb_tables::{Format, SinkReport};

use super::args::Connection;
use super::exit::{Failure, Outcome};
use super::output::say;
use super::progress::Progress;
use super::suggest;
use crate::api::{Api, Run};
use crate::issue::Issue;

/// A connection, and how much to say.
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

    /// Progress on stderr until it is dropped.
    pub(super) fn progress(&self) -> Progress {
        Progress::start(&self.api, self.show_progress)
    }

    /// Whether progress is to be shown, if there is a terminal to show it on.
    pub(super) fn shows_progress(&self) -> bool {
        self.show_progress
    }

    /// The run that the user has named, or the error with near names.
    pub(super) async fn run(&self, path: &str) -> Result<Run, Failure> {
        match self.api.run(path).await {
            Ok(run) => Ok(run),
            Err(error) => Err(suggest::named_run(self, path, error).await),
        }
    }

    /// Tells what a reader of the output should know of it.
    pub(super) fn tell(&self, report: &SinkReport, format: Format) {
        // A table shows values as they are, whatever a column's type.
        let findings = if format == Format::Table { &[][..] } else { &report.findings };
        for finding in findings {
            say(&format!("note: {finding}"));
        }
        if self.verbose {
            let SinkReport { rows, bytes, .. } = report;
            say(&format!("{rows} rows, {bytes} bytes written; {}", self.took()));
        }
    }

    /// Tells what it took, to those who want to know.
    #[cfg(feature = "mirror")]
    pub(super) fn tell_what_it_took(&self) {
        if self.verbose {
            say(&self.took());
        }
    }

    fn took(&self) -> String {
        let tally = self.api.tally();
        format!(
            "{} requests ({} again, {} refused by the rate limit), {} bytes received, {} of them in memory at once, {:.1} s \
             waited",
            tally.requests,
            tally.retries,
            tally.rate_limited,
            tally.bytes,
            tally.most_memory,
            tally.waited.as_secs_f64(),
        )
    }

    /// Prints the issues of a result. Any but a note makes the command end as incomplete, and with `--strict` also a note
    /// of what the server lacks.
    pub(super) fn report<'a>(issues: impl IntoIterator<Item = &'a Issue>) -> Outcome {
        let (notes, gaps): (Vec<_>, Vec<_>) = issues.into_iter().partition(|issue| issue.is_note());
        let unsupported = notes.iter().any(|note| note.is_unsupported());
        for note in notes {
            say(&format!("note: {note}"));
        }
        match Self::incomplete(gaps) {
            Outcome::Done if unsupported => Outcome::Unsupported,
            outcome => outcome,
        }
    }

    /// Prints what could not be had. The command ends as incomplete if there is anything.
    pub(super) fn incomplete(missing: impl IntoIterator<Item = impl std::fmt::Display>) -> Outcome {
        let mut outcome = Outcome::Done;
        for what in missing {
            say(&format!("incomplete: {what}"));
            outcome = Outcome::Incomplete;
        }
        outcome
    }
}
