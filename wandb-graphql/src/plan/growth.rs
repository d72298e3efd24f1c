//! Detects whether a run grew while it was read.

use crate::ops::HistoryExtent;

/// The growth of a history between two reads of its extent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryGrowth {
    /// The last step at the first read, up to which the history was read.
    pub read_to: Option<i64>,
    /// The last step at the second read.
    pub last_step: Option<i64>,
    /// How many rows were added in between, if the server counts them.
    pub new_rows: Option<u64>,
}

/// The growth of a history since `before`; `None` if it did not grow.
pub fn growth_between(before: &HistoryExtent, after: &HistoryExtent) -> Option<HistoryGrowth> {
    let new_rows = match (before.line_count, after.line_count) {
        (before, Some(after)) => Some(after.saturating_sub(before.unwrap_or(0))),
        (_, None) => None,
    };
    let growth = HistoryGrowth { read_to: before.last_step(), last_step: after.last_step(), new_rows };
    let has_grown = growth.last_step > growth.read_to || growth.new_rows.is_some_and(|rows| rows > 0);
    has_grown.then_some(growth)
}

#[cfg(test)]
mod tests {
    use wandb_core::Value;
    use wandb_core::model::HistoryKeys;

    use super::*;

    fn extent(last_step: i64, line_count: impl Into<Option<u64>>) -> HistoryExtent {
        let json = format!(r#"{{"lastStep": {last_step}}}"#);
        let mut extent = HistoryExtent::new();
        extent.keys = Some(HistoryKeys::from_value(&Value::parse(json.as_bytes()).unwrap()));
        extent.line_count = line_count.into();
        extent
    }

    #[test]
    fn later_steps_and_more_rows_are_growth() {
        let growth = growth_between(&extent(9, 10), &extent(11, 12)).unwrap();
        assert_eq!(growth, HistoryGrowth { read_to: Some(9), last_step: Some(11), new_rows: Some(2) });
        let growth = growth_between(&extent(9, 5), &extent(9, 6)).unwrap();
        assert_eq!((growth.last_step, growth.new_rows), (Some(9), Some(1)), "a row at an earlier step");
        let growth = growth_between(&HistoryExtent::new(), &extent(0, None)).unwrap();
        assert_eq!((growth.read_to, growth.new_rows), (None, None));
    }

    #[test]
    fn unchanged_or_rewound_history_has_not_grown() {
        assert_eq!(growth_between(&extent(9, 10), &extent(9, 10)), None);
        assert_eq!(growth_between(&extent(9, None), &extent(9, None)), None);
        assert_eq!(growth_between(&extent(9, 10), &extent(4, 5)), None);
        assert_eq!(growth_between(&HistoryExtent::new(), &HistoryExtent::new()), None);
    }
}
