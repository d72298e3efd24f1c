//! Writes the tables of a whole project.

use std::collections::HashSet;
use std::io::Write as _;

use indexmap::IndexMap;
use wandb_core::model::Sweep;
use wandb_core::run_row::MAX_COLUMNS;
use wandb_core::{Map, Row, Value};
use wandb_tables::splittable_object;

use crate::disk::Disk;
use crate::error::Error;
use crate::layout::{RUN_TABLE, RUNS, SWEEP_TABLE};
use crate::record::Stored;
use crate::store::Store;
use crate::table_file::TableFile;

/// Rows per batch for a sink.
const ROWS_AT_ONCE: usize = 256;

impl Store {
    /// Returns whether both tables of runs, JSON Lines and Parquet, exist and are recorded.
    pub fn has_run_tables(&self) -> Result<bool, Error> {
        for table in [RUNS, RUN_TABLE] {
            let is_there = self.disk.is_file(table).map_err(|error| reading(&self.disk, error))?;
            if !is_there || !self.tables().contains_key(table) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Rewrites both tables of runs, JSON Lines and Parquet. Returns notes for readers.
    pub fn write_run_tables(&mut self) -> Result<Vec<String>, Error> {
        let disk = self.disk.clone();
        let mut ids = self.in_order();
        let mut unreadable = HashSet::new();
        let (table, mut notes) = run_table(&disk, self, &ids, &mut unreadable)?;
        ids.retain(|id| {
            let is_readable = !unreadable.contains(id);
            if !is_readable {
                notes.push(format!(
                    "{RUNS}: the line of {id} is damaged, and the server no longer has the run"
                ));
            }
            is_readable
        });
        let mut lines = disk.create().map_err(|error| disk.writing(RUNS, error))?;
        for id in &ids {
            let row = self.row(id).map_err(|error| reading(&disk, error))?;
            let written = lines.write_all(&row).and_then(|()| lines.write_all(b"\n"));
            written.map_err(|error| disk.writing(RUNS, error))?;
        }
        // Some systems require the old file to be closed before it is replaced. The new one has all its rows.
        self.close_rows();
        let lines = lines.put(RUNS, ids.len() as u64).map_err(|error| disk.writing(RUNS, error))?;
        self.set_table(RUNS, lines);
        self.set_table(RUN_TABLE, table);
        Ok(notes)
    }

    /// Writes the table of sweeps.
    pub fn write_sweeps(&mut self, sweeps: &[Sweep]) -> Result<(), Error> {
        let (stored, _) = table(&self.disk, SWEEP_TABLE, sweeps.iter().map(|sweep| Ok(sweep_row(sweep))))?;
        self.set_table(SWEEP_TABLE, stored);
        Ok(())
    }
}

/// Writes the Parquet table of runs. Adds runs with an unreadable line to `unreadable` and leaves them out.
fn run_table(
    disk: &Disk,
    store: &Store,
    ids: &[String],
    unreadable: &mut HashSet<String>,
) -> Result<(Stored, Vec<String>), Error> {
    let rows = ids.iter().filter_map(|id| {
        let line = match store.row(id) {
            Ok(line) => line,
            // This failure may be temporary, so do not leave the run out.
            Err(error) => return Some(Err(reading(disk, error))),
        };
        let read = Row::parse(&line).ok();
        if read.is_none() {
            unreadable.insert(id.clone());
        }
        Some(Ok(spread(&read?)))
    });
    table(disk, RUN_TABLE, rows)
}

fn table(
    disk: &Disk,
    here: &str,
    rows: impl Iterator<Item = Result<Row, Error>>,
) -> Result<(Stored, Vec<String>), Error> {
    let mut table = TableFile::begin(disk, here, &[], MAX_COLUMNS)?;
    let mut batch = Vec::with_capacity(ROWS_AT_ONCE);
    for row in rows {
        batch.push(row?);
        if batch.len() == ROWS_AT_ONCE {
            table.sink.write(&batch)?;
            batch.clear();
        }
    }
    table.sink.write(&batch)?;
    let (file, report) = table.finish()?;
    let put = file.put(here, report.rows);
    let notes = report.findings.iter().map(|finding| format!("{here}: {finding}")).collect();
    Ok((put.map_err(|error| disk.writing(here, error))?, notes))
}

/// Appends the scalars inside config and summary to a row as extra columns.
fn spread(row: &Row) -> Row {
    let mut scalars: IndexMap<String, Value> = IndexMap::new();
    for (key, value) in row.iter().filter(|(key, _)| matches!(*key, "config" | "summary")) {
        if let Some(map) = value.as_map() {
            gather(map, key, &mut scalars);
        }
    }
    let own = row.iter().map(|(key, value)| (key.to_owned(), value.clone()));
    own.chain(scalars).collect()
}

fn gather(map: &Map, prefix: &str, scalars: &mut IndexMap<String, Value>) {
    for (key, value) in map.iter() {
        let path = format!("{prefix}.{key}");
        if let Some(inner) = splittable_object(value) {
            gather(inner, &path, scalars);
        } else if !matches!(value, Value::Map(_) | Value::List(_)) {
            // If `a.b` is both a key and a nested key, the first one wins; the JSON text has both.
            scalars.entry(path).or_insert_with(|| value.clone());
        }
    }
}

fn sweep_row(sweep: &Sweep) -> Row {
    let text = |text: &Option<String>| text.clone().map(Value::String);
    let time = |time: &Option<wandb_core::model::Timestamp>| {
        time.as_ref().map(|time| Value::String(time.to_string()))
    };
    let cells = [
        ("id", Some(Value::String(sweep.id.clone()))),
        ("name", text(&sweep.name)),
        ("state", text(&sweep.state)),
        ("method", text(&sweep.method)),
        ("description", text(&sweep.description)),
        ("best_loss", sweep.best_loss.map(Value::Float)),
        ("run_count", sweep.run_count.map(Value::from)),
        ("run_count_expected", sweep.run_count_expected.map(Value::from)),
        ("created_at", time(&sweep.created_at)),
        ("updated_at", time(&sweep.updated_at)),
        ("entity", Some(Value::String(sweep.entity.clone()))),
        ("project", Some(Value::String(sweep.project.clone()))),
        ("storage_id", Some(Value::String(sweep.storage_id.clone()))),
        ("config", text(&sweep.config)),
    ];
    cells.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// Parses a row of the table of sweeps.
pub(crate) fn sweep_of(row: &Row) -> Option<Sweep> {
    let text = |name: &str| Some(row.get(name)?.as_str()?.to_owned());
    let count = |name: &str| u64::try_from(row.get(name)?.as_i64()?).ok();
    let own = |name: &str| text(name).unwrap_or_default();
    let mut sweep = Sweep::new(own("entity"), own("project"), text("id")?, own("storage_id"));
    sweep.name = text("name");
    sweep.state = text("state");
    sweep.method = text("method");
    sweep.description = text("description");
    sweep.best_loss = row.get("best_loss").and_then(Value::as_f64);
    sweep.run_count = count("run_count");
    sweep.run_count_expected = count("run_count_expected");
    sweep.created_at = text("created_at").map(Into::into);
    sweep.updated_at = text("updated_at").map(Into::into);
    sweep.config = text("config");
    Some(sweep)
}

fn reading(disk: &Disk, error: std::io::Error) -> Error {
    Error::io(format!("reading the runs in {}", disk.root().display()), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sweep_round_trips_through_its_row() {
        let mut sweep = Sweep::new("e", "p", "sw", "U3c=");
        assert_eq!(sweep_of(&sweep_row(&sweep)), Some(sweep.clone()));
        let text = |text: &str| Some(text.to_owned());
        (sweep.name, sweep.state, sweep.method) = (text("a"), text("RUNNING"), text("grid"));
        (sweep.description, sweep.config) = (text(""), text("metric: {name: acc}"));
        (sweep.best_loss, sweep.run_count, sweep.run_count_expected) = (Some(0.5), Some(3), Some(9));
        sweep.created_at = Some("2024-03-01T10:00:00Z".into());
        sweep.updated_at = Some("2024-03-02T10:00:00Z".into());
        assert_eq!(sweep_of(&sweep_row(&sweep)), Some(sweep));
    }

    #[test]
    fn nested_scalars_become_extra_columns() {
        let row = Row::parse(
            br#"{"id": "a", "config": {"lr": 0.1, "net": {"depth": 3, "name": null}, "sizes": [1], "net.depth": 9},
                "summary": {"acc": "NaN", "img": {"_type": "image", "size": 3}, "x": {}}, "tags": ["t"]}"#,
        )
        .unwrap();
        let spread = spread(&row);
        let keys: Vec<_> = spread.keys().collect();
        let expected = [
            "id",
            "config",
            "summary",
            "tags",
            "config.lr",
            "config.net.depth",
            "config.net.name",
            "summary.acc",
        ];
        assert_eq!(keys, expected);
        assert_eq!(spread.get("config.net.depth"), Some(&Value::Int(3)));
        assert_eq!(spread.get("config"), row.get("config"));
    }
}
