//! Finds the tables that a run has logged under a key.

use std::collections::VecDeque;

use wandb_core::Value;
use wandb_core::model::{HistogramBin, MediaItem, MediaKind};

use super::Steps;
use crate::api::Run;
use crate::error::Error;
use crate::issue::Issue;

/// The type of a table that was logged in parts.
const INCREMENTAL: &str = "incremental-table-file";

/// A table as history or summary refer to it.
#[derive(Debug)]
pub(super) struct LoggedTable {
    pub(super) step: Option<i64>,
    pub(super) place: TablePlace,
    pub(super) size: Option<u64>,
    pub(super) sha256: Option<String>,
    pub(super) rows: Option<u64>,
    pub(super) columns: Option<u64>,
    /// The number of rows that the table had before this increment, if it is one.
    pub(super) rows_before: Option<u64>,
}

/// Where the rows of a table are.
#[derive(Debug)]
pub(super) enum TablePlace {
    /// In a file of the run.
    File(String),
    /// In a file of an artifact alone.
    Artifact(String),
    /// In the row of the history, where old SDKs put small tables.
    Inline(String),
    /// In a histogram.
    Bins(Vec<HistogramBin>),
}

/// The tables to read, in order.
#[derive(Debug)]
pub(super) struct FoundTables {
    pub(super) tables: VecDeque<LoggedTable>,
    pub(super) issues: Vec<Issue>,
    /// The numbers of the increments, if the table was logged in parts.
    pub(super) increments: Option<Vec<u64>>,
}

/// Finds the tables under a key.
pub(super) async fn find(run: &Run, key: &str, steps: Steps) -> Result<FoundTables, Error> {
    let is_table =
        |item: &MediaItem| item.key == key && matches!(item.kind, MediaKind::Table | MediaKind::Histogram);
    let mut in_summary = None;
    if steps == Steps::Newest {
        let summary = run.summary.as_ref().map(MediaItem::of_summary).unwrap_or_default();
        in_summary = summary.into_iter().rfind(is_table);
        // The summary has only the last part of an incremental table, and not the step of a histogram.
        if let Some(item) =
            in_summary.take_if(|item| item.type_name != INCREMENTAL && item.kind != MediaKind::Histogram)
        {
            return Ok(FoundTables::of_items(vec![item], run.issues().to_vec()));
        }
    }
    let mut media = run.media().key(key);
    if let Steps::At(step) = steps {
        media = media.step(step);
    }
    let (items, mut issues) = media.open().collect().await?;
    let mut items: Vec<_> = items.into_iter().filter(is_table).collect();
    items.extend(in_summary.filter(|_| items.is_empty()));
    let Some(last) = items.last() else {
        let step = if let Steps::At(step) = steps { Some(step) } else { None };
        return Err(Error::NoSuchTable { run: run.path().to_string(), key: key.to_owned(), step });
    };
    if last.type_name == INCREMENTAL {
        if let Steps::At(step) = steps {
            let (all, found) = run.media().key(key).before(step.saturating_add(1)).open().collect().await?;
            issues = found;
            items = all.into_iter().filter(is_table).collect();
        }
        return Ok(increments(items, issues));
    }
    if steps == Steps::Newest {
        let last_step = last.step;
        items.retain(|item| item.step == last_step);
    }
    Ok(FoundTables::of_items(items, issues))
}

impl FoundTables {
    fn of_items(items: Vec<MediaItem>, issues: Vec<Issue>) -> Self {
        Self { tables: items.into_iter().filter_map(to_table).collect(), issues, increments: None }
    }
}

/// Orders the increments of a table by their numbers, which continue if a run is resumed.
fn increments(mut items: Vec<MediaItem>, issues: Vec<Issue>) -> FoundTables {
    let number = |item: &MediaItem| {
        let number = item.object.get("increment_num").and_then(Value::as_i64);
        number.and_then(|number| u64::try_from(number).ok()).unwrap_or_default()
    };
    items.retain(|item| item.type_name == INCREMENTAL);
    items.sort_by_key(number);
    let numbers = items.iter().map(number).collect();
    let (mut tables, mut rows_before) = (VecDeque::new(), 0);
    for item in items {
        let rows = item.rows;
        if let Some(table) = to_table(item) {
            tables.push_back(LoggedTable { rows_before: Some(rows_before), ..table });
        }
        rows_before = rows.unwrap_or(rows_before);
    }
    FoundTables { tables, issues, increments: Some(numbers) }
}

/// Returns the table that an object refers to.
fn to_table(item: MediaItem) -> Option<LoggedTable> {
    let MediaItem { kind, step, path, artifact_path, size, sha256, rows, columns, object, .. } = item;
    let value = Value::Map(object);
    let place = if kind == MediaKind::Histogram {
        TablePlace::Bins(HistogramBin::of(&value)?)
    } else if let Some(path) = path {
        TablePlace::File(path)
    } else if value.get("data").is_some() {
        TablePlace::Inline(value.to_json())
    } else {
        TablePlace::Artifact(artifact_path?)
    };
    let is_histogram = kind == MediaKind::Histogram;
    let rows = rows.filter(|_| !is_histogram);
    Some(LoggedTable { step, place, size, sha256, rows, columns, rows_before: None })
}
