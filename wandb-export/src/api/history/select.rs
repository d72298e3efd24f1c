//! Selects rows and keys on the client.

use wandb_core::Row;
use wandb_graphql::Selection;

/// Returns the selected part of a row, or `None` if the row does not match. Keeps the keys of `axis` as well.
pub(super) fn select(row: Row, selection: &Selection, axis: &[&str]) -> Option<Row> {
    let Some(keys) = selection.keys() else { return Some(row) };
    let held = keys.iter().filter(|key| row.get(key).is_some()).count();
    let wanted = match selection {
        Selection::AllOf(_) => held == keys.len(),
        _ => held > 0,
    };
    let kept = |key: &str| axis.contains(&key) || keys.iter().any(|own| own == key);
    wanted.then(|| row.into_iter().filter(|(key, _)| kept(key)).collect())
}

#[cfg(test)]
mod tests {
    use wandb_graphql::Keys;

    use super::*;

    #[test]
    fn rows_are_selected_by_all_or_any_keys() {
        let row = || Row::parse(br#"{"_step": 1, "a": 2, "b": 3}"#).expect("a row");
        let keys = |names: &[&str]| Keys::new(names.iter().copied()).expect("good keys");
        let line = |selection| select(row(), &selection, &["_step"]).map(|row| row.to_json_line());
        assert_eq!(line(Selection::AllOf(keys(&["a"]))).as_deref(), Some("{\"_step\":1,\"a\":2}\n"));
        assert_eq!(line(Selection::AllOf(keys(&["a", "c"]))), None);
        assert_eq!(line(Selection::AnyOf(keys(&["c", "b"]))).as_deref(), Some("{\"_step\":1,\"b\":3}\n"));
        assert_eq!(line(Selection::AnyOf(keys(&["c"]))), None);
    }
}
