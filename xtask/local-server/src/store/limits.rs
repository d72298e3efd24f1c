//! How much of a run's rows the server gives, and what it says of them.

use super::history::History;
use super::sampling::DEFAULT_SAMPLES;

/// Where the rows of a run that a server gives fall short of those it has. The default is nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RowLimits {
    /// The most rows of one answer of `history`, `sampledHistory` and `events`, however many samples are asked for.
    pub rows: Option<usize>,
    /// The most samples that can be asked for; who asks for more gets as many as who asks for no number.
    pub samples: Option<usize>,
    /// What `historyKeys` tells as the last step in place of the true one.
    pub last_step: Option<i64>,
    /// What `historyLineCount` and `eventsLineCount` count in place of the true numbers.
    pub counted: Option<usize>,
    /// How many rows of an answer there are to each null one: with 3, every third row is null.
    pub null_every: Option<usize>,
}

impl RowLimits {
    /// How many rows an answer holds at the most.
    pub(crate) fn most_rows(self, samples: Option<usize>) -> usize {
        let samples = match (samples, self.samples) {
            (Some(asked), Some(most)) if asked > most => DEFAULT_SAMPLES,
            (asked, _) => asked.unwrap_or(DEFAULT_SAMPLES),
        };
        self.rows.map_or(samples, |most| most.min(samples))
    }

    pub(crate) fn last_step(self, history: &History) -> Option<i64> {
        history.last_step().map(|last| self.last_step.unwrap_or(last))
    }

    /// Whether the row at this place of an answer is null.
    pub(crate) fn is_null(self, at: usize) -> bool {
        self.null_every.is_some_and(|every| at % every == every - 1)
    }

    pub(crate) fn count(self, rows: usize) -> usize {
        self.counted.unwrap_or(rows)
    }
}
