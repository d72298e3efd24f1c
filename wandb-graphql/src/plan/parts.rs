//! Which steps come from files, and which from the live query.

use std::ops::Range;

use crate::ops::ParquetHistory;

/// Where the steps of a range come from.
///
/// - No files: everything is asked live, also if the server reports no live steps.
/// - Files and live steps: the files hold what lies below the first live step, and the rest is asked live. Should a
///   file hold later steps, too, [`join`](super::join) puts together what both have of them.
/// - Files, but no live steps: the files hold everything. Should they end early, [`left_after`](Self::left_after) says
///   what to ask live once they are read.
///
/// ```
/// use wandb_graphql::ops::ParquetHistory;
/// use wandb_graphql::plan::HistoryPlan;
///
/// let mut parts = ParquetHistory::new();
/// parts.urls = vec!["https://files.example.org/1".to_owned()];
/// parts.live_steps = vec![80, 90, 99];
/// let plan = HistoryPlan::new(0..100, parts);
/// assert_eq!(plan.urls().len(), 1);
/// assert_eq!(plan.live_steps(), 80..100);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryPlan {
    steps: Range<i64>,
    urls: Vec<String>,
    first_live: Option<i64>,
}

impl HistoryPlan {
    /// How to read `steps` (end exclusive) of a run, given what of it is exported.
    pub fn new(steps: Range<i64>, parts: ParquetHistory) -> Self {
        let first_live = parts.first_live_step();
        let needs_files = !steps.is_empty() && first_live.is_none_or(|first| steps.start < first);
        let urls = if needs_files { parts.urls } else { Vec::new() };
        let first_live = if urls.is_empty() { Some(steps.start) } else { first_live };
        Self { steps, urls, first_live }
    }

    /// How to read `steps` of a run without its files.
    pub fn live(steps: Range<i64>) -> Self {
        Self::new(steps, ParquetHistory::new())
    }

    /// All the steps, end exclusive. Rows of a file outside them are not wanted.
    pub fn steps(&self) -> Range<i64> {
        self.steps.clone()
    }

    /// The files to read; none if all that is wanted is live.
    pub fn urls(&self) -> &[String] {
        &self.urls
    }

    /// The steps to ask live, end exclusive; may be empty.
    pub fn live_steps(&self) -> Range<i64> {
        let Range { start, end } = self.steps;
        let first = self.first_live.unwrap_or(end);
        first.clamp(start, end.max(start))..end
    }

    /// The steps that neither the files nor the live steps hold, to be asked live as well: where the files are all
    /// there is, but end before the range does. `last_exported` is the greatest step that any file has, whether
    /// wanted or not.
    pub fn left_after(&self, last_exported: Option<i64>) -> Range<i64> {
        let Range { start, end } = self.steps;
        if self.first_live.is_some() {
            return end..end;
        }
        let next = last_exported.map_or(start, |last| last.saturating_add(1));
        next.clamp(start, end.max(start))..end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(steps: Range<i64>, files: usize, live_steps: &[i64]) -> HistoryPlan {
        let mut parts = ParquetHistory::new();
        parts.urls = (0..files).map(|file| format!("https://files.example.org/{file}")).collect();
        parts.live_steps = live_steps.to_vec();
        HistoryPlan::new(steps, parts)
    }

    #[test]
    fn files_and_live_steps_share_the_range() {
        let plan = plan(10..100, 2, &[80, 81, 99]);
        assert_eq!((plan.urls().len(), plan.live_steps()), (2, 80..100));
        assert!(plan.left_after(Some(50)).is_empty(), "the gap up to the first live step is a gap");
    }

    #[test]
    fn without_files_everything_is_live() {
        for plan in [plan(10..100, 0, &[]), plan(10..100, 0, &[80]), HistoryPlan::live(10..100)] {
            assert_eq!((plan.urls().len(), plan.live_steps()), (0, 10..100));
            assert!(plan.left_after(None).is_empty());
        }
    }

    #[test]
    fn files_alone_hold_everything_unless_they_end_early() {
        let plan = plan(10..100, 2, &[]);
        assert_eq!((plan.urls().len(), plan.live_steps()), (2, 100..100));
        assert!(plan.left_after(Some(99)).is_empty());
        assert!(plan.left_after(Some(150)).is_empty());
        assert_eq!(plan.left_after(Some(70)), 71..100);
        assert_eq!(plan.left_after(Some(3)), 10..100);
        assert_eq!(plan.left_after(None), 10..100);
        assert!(plan.left_after(Some(i64::MAX)).is_empty());
    }

    #[test]
    fn files_are_not_read_for_live_steps() {
        let plan = plan(80..100, 2, &[80, 99]);
        assert_eq!((plan.urls().len(), plan.live_steps()), (0, 80..100));
    }

    #[test]
    fn live_steps_beyond_the_range_are_not_asked() {
        let plan = plan(0..50, 1, &[80]);
        assert_eq!((plan.urls().len(), plan.live_steps()), (1, 50..50));
        assert!(plan.left_after(Some(10)).is_empty());
    }

    #[test]
    fn an_empty_range_asks_nothing() {
        for steps in [5..5, 0..0] {
            let plan = plan(steps, 3, &[1]);
            assert!(
                plan.urls().is_empty() && plan.live_steps().is_empty() && plan.left_after(None).is_empty()
            );
        }
    }
}
