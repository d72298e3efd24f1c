//! Selects rows and keys on the client.

use std::sync::Arc;

use futures_util::stream::{StreamExt, TryStreamExt};
use wandb_core::Row;
use wandb_core::client::Client;
use wandb_graphql::Selection;
use wandb_tables::Batch;

use super::history::{Batches, batch_to_rows};

/// The keys that hold the time of a measurement. They take the place of the step.
const TIME_AXIS: [&str; 2] = ["_runtime", "_timestamp"];

/// Returns the selected part of a row, or `None` if the row does not match. Keeps the keys of `axis` as well.
pub(super) fn select_row(row: Row, selection: &Selection, axis: &[&str]) -> Option<Row> {
    let Some(keys) = selection.keys() else { return Some(row) };
    let held_count = keys.iter().filter(|key| row.get(key).is_some()).count();
    let wanted = match selection {
        Selection::AllOf(_) => held_count == keys.len(),
        _ => held_count > 0,
    };
    let is_kept = |key: &str| axis.contains(&key) || keys.iter().any(|own| own == key);
    wanted.then(|| row.into_iter().filter(|(key, _)| is_kept(key)).collect())
}

/// Applies a selection to system metrics, because no server does.
pub(super) fn select_system_metrics(client: &Client, batches: Batches, selection: Selection) -> Batches {
    if selection.keys().is_none() {
        return batches;
    }
    let (client, selection) = (client.clone(), Arc::new(selection));
    let select = move |batch| {
        let (client, selection) = (client.clone(), Arc::clone(&selection));
        async move {
            let rows = batch_to_rows(&client, batch).await?.into_iter();
            Ok(Batch::Rows(rows.filter_map(|row| select_row(row, &selection, &TIME_AXIS)).collect()))
        }
    };
    batches.and_then(select).boxed()
}

#[cfg(test)]
mod tests {
    use wandb_graphql::Keys;

    use super::*;

    #[test]
    fn rows_are_selected_by_all_or_any_keys() {
        let row = || Row::parse(br#"{"_step": 1, "a": 2, "b": 3}"#).expect("a row");
        let keys = |names: &[&str]| Keys::new(names.iter().copied()).expect("good keys");
        let line = |selection| select_row(row(), &selection, &["_step"]).map(|row| row.to_json_line());
        assert_eq!(line(Selection::AllOf(keys(&["a"]))).as_deref(), Some("{\"_step\":1,\"a\":2}\n"));
        assert_eq!(line(Selection::AllOf(keys(&["a", "c"]))), None);
        assert_eq!(line(Selection::AnyOf(keys(&["c", "b"]))).as_deref(), Some("{\"_step\":1,\"b\":3}\n"));
        assert_eq!(line(Selection::AnyOf(keys(&["c"]))), None);
    }
}
