//! Limits on the rows of a run that the server returns, and wrong metadata about them.

use super::history::History;
use super::sampling::DEFAULT_SAMPLES;

/// How the rows that a server returns differ from those it has. The default is not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RowLimits {
    /// Maximum number of rows in a response of `history`, `sampledHistory` and `events`, whatever the requested
    /// samples.
    pub rows: Option<usize>,
    /// Maximum number of samples that can be requested. A request for more gets the default number.
    pub samples: Option<usize>,
    /// The last step that `historyKeys` reports instead of the real one.
    pub last_step: Option<i64>,
    /// The number that `historyLineCount` and `eventsLineCount` report instead of the real one.
    pub counted: Option<usize>,
    /// Interval of null rows in a response: with 3, every third row is null.
    pub null_every: Option<usize>,
}

impl RowLimits {
    /// Returns the maximum number of rows in a response.
    pub(crate) fn max_rows(self, samples: Option<usize>) -> usize {
        let samples = match (samples, self.samples) {
            (Some(requested), Some(most)) if requested > most => DEFAULT_SAMPLES,
            (requested, _) => requested.unwrap_or(DEFAULT_SAMPLES),
        };
        self.rows.map_or(samples, |most| most.min(samples))
    }

    pub(crate) fn last_step(self, history: &History) -> Option<i64> {
        history.last_step().map(|last| self.last_step.unwrap_or(last))
    }

    /// Whether the row at this position of a response is null.
    pub(crate) fn is_null(self, at: usize) -> bool {
        self.null_every.is_some_and(|every| at % every == every - 1)
    }

    pub(crate) fn count(self, rows: usize) -> usize {
        self.counted.unwrap_or(rows)
    }
}
