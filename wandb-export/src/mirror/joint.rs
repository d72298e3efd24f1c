//! How many runs a joint query asks for.

use std::time::Duration;

use super::plan::MOST_RUNS;

/// The number of runs in the next joint query. It starts small, doubles while the server is quick and halves while it is
/// slow: what such a query costs the server's database is known only by trying. A server that refuses one is not asked
/// again, since it would refuse every one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct JointSize {
    runs: usize,
    /// The most runs that came in one answer when more were asked for.
    most: usize,
    is_refused: bool,
}

const FIRST: usize = 4;

/// An answer within this time lets the size grow.
const QUICK: Duration = Duration::from_secs(2);

/// An answer that takes longer than this lets the size shrink.
const SLOW: Duration = Duration::from_secs(8);

impl Default for JointSize {
    fn default() -> Self {
        Self { runs: FIRST, most: MOST_RUNS, is_refused: false }
    }
}

impl JointSize {
    /// How many runs to ask for together; `None` once that was refused.
    pub(super) fn get(self) -> Option<usize> {
        (!self.is_refused).then_some(self.runs)
    }

    /// Learns how long the answer for `runs` took; `None` is a refusal.
    pub(super) fn learn(&mut self, runs: usize, took: Option<Duration>) {
        match took {
            None => self.is_refused = true,
            Some(took) if took <= QUICK => self.runs = self.runs.max((runs * 2).min(self.most)),
            Some(took) if took > SLOW => self.runs = self.runs.min((runs / 2).max(1)),
            Some(_) => {}
        }
    }

    /// Learns that of `asked` runs only `came` were asked for in one answer: fewer, if all were too much.
    pub(super) fn split(&mut self, asked: usize, came: usize) {
        if came < asked {
            self.most = self.most.min(came.max(1));
            self.runs = self.runs.min(self.most);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(answers: &[Option<u64>]) -> Option<usize> {
        let mut size = JointSize::default();
        for answer in answers {
            if let Some(runs) = size.get() {
                size.learn(runs, answer.map(Duration::from_secs));
            }
        }
        size.get()
    }

    #[test]
    fn quick_answers_let_it_grow_up_to_a_bound() {
        assert_eq!(after(&[]), Some(4));
        assert_eq!(after(&[Some(1)]), Some(8));
        assert_eq!(after(&[Some(1); 9]), Some(MOST_RUNS));
        assert_eq!(after(&[Some(5); 9]), Some(4));
    }

    #[test]
    fn slow_answers_let_it_shrink_to_one() {
        assert_eq!(after(&[Some(1), Some(9)]), Some(4));
        assert_eq!(after(&[Some(9); 9]), Some(1));
        assert_eq!(after(&[Some(9), Some(9), Some(1)]), Some(2));
    }

    #[test]
    fn large_runs_are_asked_for_in_fewer() {
        let mut size = JointSize::default();
        size.split(4, 4);
        size.learn(4, Some(Duration::from_secs(1)));
        assert_eq!(size.get(), Some(8));
        size.split(8, 2);
        assert_eq!(size.get(), Some(2));
        size.learn(2, Some(Duration::from_secs(1)));
        assert_eq!(size.get(), Some(2), "it does not grow again");
        size.split(2, 0);
        assert_eq!(size.get(), Some(1));
    }

    #[test]
    fn a_refusal_is_for_good() {
        assert_eq!(after(&[Some(1), None, Some(1)]), None);
    }
}
