//! Splits steps between exported files and live queries.

use std::ops::Range;

use crate::ops::ParquetHistory;

/// A split of a range of steps between exported files and live queries.
///
/// - No files: all steps are live, even if the server reports no live steps.
/// - Files and live steps: the files hold the steps below the first live one; the rest is live. If a file also holds
///   later steps, [`join`](super::join) merges the rows.
/// - Files without live steps: the files hold everything. If they end early, [`left_after`](Self::left_after) returns
///   the steps to query live after reading them.
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
    /// Splits `steps` (end exclusive) of a run, given its exported history.
    pub fn new(steps: Range<i64>, parts: ParquetHistory) -> Self {
        let first_live = parts.first_live_step();
        let needs_files = !steps.is_empty() && first_live.is_none_or(|first| steps.start < first);
        let urls = if needs_files { parts.urls } else { Vec::new() };
        let first_live = if urls.is_empty() { Some(steps.start) } else { first_live };
        Self { steps, urls, first_live }
    }

    /// Reads all `steps` of a run live, without files.
    pub fn live(steps: Range<i64>) -> Self {
        Self::new(steps, ParquetHistory::new())
    }

    /// All steps, end exclusive. Rows of files outside this range are to be dropped.
    pub fn steps(&self) -> Range<i64> {
        self.steps.clone()
    }

    /// The files to read. Empty if all steps are live.
    pub fn urls(&self) -> &[String] {
        &self.urls
    }

    /// The steps to query live, end exclusive. May be empty.
    pub fn live_steps(&self) -> Range<i64> {
        let Range { start, end } = self.steps;
        let first = self.first_live.unwrap_or(end);
        first.clamp(start, end.max(start))..end
    }

    /// The remaining steps to query live, if there are no live steps and the files end before the range does.
    ///
    /// `last_exported` is the greatest step in any file, inside the range or not.
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
        assert!(plan.left_after(Some(50)).is_empty(), "a gap before the first live step has no rows");
    }

    #[test]
    fn without_files_everything_is_live() {
        for plan in [plan(10..100, 0, &[]), plan(10..100, 0, &[80]), HistoryPlan::live(10..100)] {
            assert_eq!((plan.urls().len(), plan.live_steps()), (0, 10..100));
            assert!(plan.left_after(None).is_empty());
        }
    }

    #[test]
    fn files_hold_everything_unless_they_end_early() {
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
    fn files_are_not_read_for_live_steps_only() {
        let plan = plan(80..100, 2, &[80, 99]);
        assert_eq!((plan.urls().len(), plan.live_steps()), (0, 80..100));
    }

    #[test]
    fn live_steps_beyond_the_range_are_not_queried() {
        let plan = plan(0..50, 1, &[80]);
        assert_eq!((plan.urls().len(), plan.live_steps()), (1, 50..50));
        assert!(plan.left_after(Some(10)).is_empty());
    }

    #[test]
    fn empty_range_queries_nothing() {
        for steps in [5..5, 0..0] {
            let plan = plan(steps, 3, &[1]);
            assert!(
                plan.urls().is_empty() && plan.live_steps().is_empty() && plan.left_after(None).is_empty()
            );
        }
    }
}
