//! The requested range of steps.

use std::ops::Range;

use crate::ops::HistoryExtent;

/// A range of steps to read from a run's history.
///
/// ```
/// use wandb_core::Value;
/// use wandb_core::model::HistoryKeys;
/// use wandb_graphql::ops::HistoryExtent;
/// use wandb_graphql::plan::HistoryRange;
///
/// let mut extent = HistoryExtent::new();
/// extent.keys = Some(HistoryKeys::from_value(&Value::parse(br#"{"lastStep": 99}"#)?));
/// assert_eq!(HistoryRange::whole(&extent).steps(), 0..100);
/// assert_eq!(HistoryRange::between(&extent, Some(10), Some(1_000))?.steps(), 10..100);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRange {
    steps: Range<i64>,
    is_certain: bool,
}

/// The error for bounds that leave no steps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("empty range of steps: the maximum ({max}) must be greater than the minimum ({min})")]
pub struct RangeError {
    min: i64,
    max: i64,
}

impl HistoryRange {
    /// The whole history, from step 0.
    pub fn whole(extent: &HistoryExtent) -> Self {
        Self::new(extent, 0, None)
    }

    /// The steps from `min` (default: 0) up to, but not including, `max` (default: the end), limited to the run's
    /// steps.
    ///
    /// # Errors
    /// If `max` is not greater than `min`.
    pub fn between(extent: &HistoryExtent, min: Option<i64>, max: Option<i64>) -> Result<Self, RangeError> {
        let min = min.unwrap_or(0);
        match max {
            Some(max) if max <= min => Err(RangeError { min, max }),
            _ => Ok(Self::new(extent, min, max)),
        }
    }

    fn new(extent: &HistoryExtent, min: i64, max: Option<i64>) -> Self {
        let (end, is_certain) = match (extent.last_step(), extent.line_count) {
            (Some(last), _) => (last.saturating_add(1), true),
            (None, Some(0)) => (min, true),
            // Gaps may have any length, so the number of rows does not bound the steps.
            (None, _) => (i64::MAX, max.is_some()),
        };
        let end = max.map_or(end, |max| max.min(end)).max(min);
        Self { steps: min..end, is_certain }
    }

    /// The steps, end exclusive. Empty if the run has no steps in the range.
    pub fn steps(&self) -> Range<i64> {
        self.steps.clone()
    }

    /// Whether the end of the range is known.
    ///
    /// It is not on a server without `historyKeys`: the range then extends to the greatest possible step, and the
    /// reader may stop once it has as many rows as the server counts.
    pub fn is_certain(&self) -> bool {
        self.is_certain
    }
}

#[cfg(test)]
mod tests {
    use wandb_core::Value;
    use wandb_core::model::HistoryKeys;

    use super::*;

    fn extent(last_step: Option<i64>, line_count: Option<u64>) -> HistoryExtent {
        let mut extent = HistoryExtent::new();
        extent.keys = last_step.map(|last| {
            let json = format!(r#"{{"lastStep": {last}}}"#);
            HistoryKeys::from_value(&Value::parse(json.as_bytes()).unwrap())
        });
        extent.line_count = line_count;
        extent
    }

    #[test]
    fn last_step_ends_the_range_regardless_of_rows() {
        for (last, lines, steps) in [(9, None, 0..10), (1_000_000, Some(3), 0..1_000_001), (0, Some(0), 0..1)]
        {
            let range = HistoryRange::whole(&extent(Some(last), lines));
            assert_eq!((range.steps(), range.is_certain()), (steps, true));
        }
        assert_eq!(HistoryRange::whole(&extent(Some(i64::MAX), None)).steps(), 0..i64::MAX);
    }

    #[test]
    fn range_is_open_without_a_last_step_unless_empty() {
        for (lines, steps, is_certain) in
            [(None, 0..i64::MAX, false), (Some(0), 0..0, true), (Some(7), 0..i64::MAX, false)]
        {
            let range = HistoryRange::whole(&extent(None, lines));
            assert_eq!((range.steps(), range.is_certain()), (steps, is_certain));
        }
        assert!(HistoryRange::whole(&extent(Some(-1), Some(0))).steps().is_empty(), "-1 means none");
        let bounded = HistoryRange::between(&extent(None, Some(7)), Some(3), Some(9)).unwrap();
        assert_eq!((bounded.steps(), bounded.is_certain()), (3..9, true));
    }

    #[test]
    fn bounds_narrow_the_range() {
        let extent = extent(Some(99), None);
        let between = |min, max| HistoryRange::between(&extent, min, max).map(|range| range.steps());
        assert_eq!(between(None, None), Ok(0..100));
        assert_eq!(between(Some(50), Some(60)), Ok(50..60));
        assert_eq!(between(Some(-5), Some(1_000)), Ok(-5..100));
        assert!(between(Some(200), None).unwrap().is_empty());
        assert!(between(Some(200), Some(300)).unwrap().is_empty());
        let error = between(Some(60), Some(60)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "empty range of steps: the maximum (60) must be greater than the minimum (60)"
        );
    }
}
