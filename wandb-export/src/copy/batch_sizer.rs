//! Adapts the number of runs per joint query to the server's speed.

use std::time::Duration;

use super::plan::MAX_JOINT_RUNS;

/// The number of runs in the next joint query. It starts small, doubles while the server is quick and halves
/// while it is slow, because only trying shows what such a query costs the server's database. A server that
/// refuses one joint query would refuse all, so it gets no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BatchSizer {
    runs: usize,
    /// The upper limit. It drops when an answer covers fewer runs than requested.
    max: usize,
    is_refused: bool,
}

const FIRST: usize = 4;

/// An answer within this time doubles the size.
const QUICK: Duration = Duration::from_secs(2);

/// An answer that takes longer halves the size.
const SLOW: Duration = Duration::from_secs(8);

impl Default for BatchSizer {
    fn default() -> Self {
        Self { runs: FIRST, max: MAX_JOINT_RUNS, is_refused: false }
    }
}

impl BatchSizer {
    /// Returns the number of runs to request together, or `None` once the server has refused.
    pub(super) fn get(self) -> Option<usize> {
        (!self.is_refused).then_some(self.runs)
    }

    /// Records how long the answer for `runs` runs took; `None` means that the server refused.
    pub(super) fn record_time(&mut self, runs: usize, took: Option<Duration>) {
        match took {
            None => self.is_refused = true,
            Some(took) if took <= QUICK => self.runs = self.runs.max((runs * 2).min(self.max)),
            Some(took) if took > SLOW => self.runs = self.runs.min((runs / 2).max(1)),
            Some(_) => {}
        }
    }

    /// Records that one answer covered only `received` of the `requested` runs, because all of them were too large.
    /// An answer covers at least one run.
    pub(super) fn record_split(&mut self, requested: usize, received: usize) {
        if received < requested {
            self.max = self.max.min(received);
            self.runs = self.runs.min(self.max);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(answers: &[Option<u64>]) -> Option<usize> {
        let mut size = BatchSizer::default();
        for answer in answers {
            if let Some(runs) = size.get() {
                size.record_time(runs, answer.map(Duration::from_secs));
            }
        }
        size.get()
    }

    #[test]
    fn quick_answers_double_the_size_up_to_a_limit() {
        assert_eq!(after(&[]), Some(4));
        assert_eq!(after(&[Some(1)]), Some(8));
        assert_eq!(after(&[Some(1); 9]), Some(MAX_JOINT_RUNS));
        assert_eq!(after(&[Some(5); 9]), Some(4));
    }

    #[test]
    fn slow_answers_halve_the_size_down_to_one() {
        assert_eq!(after(&[Some(1), Some(9)]), Some(4));
        assert_eq!(after(&[Some(9); 9]), Some(1));
        assert_eq!(after(&[Some(9), Some(9), Some(1)]), Some(2));
    }

    #[test]
    fn split_answers_cap_the_size() {
        let mut size = BatchSizer::default();
        size.record_split(4, 4);
        size.record_time(4, Some(Duration::from_secs(1)));
        assert_eq!(size.get(), Some(8));
        size.record_split(8, 2);
        assert_eq!(size.get(), Some(2));
        size.record_time(2, Some(Duration::from_secs(1)));
        assert_eq!(size.get(), Some(2), "the size stays capped");
    }

    #[test]
    fn refusal_is_permanent() {
        assert_eq!(after(&[Some(1), None, Some(1)]), None);
    }
}
