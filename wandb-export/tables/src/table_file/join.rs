//! Joins the rows of two tables.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use wandb_core::{Row, Value};

use super::defect::TableDefect;
use super::error::TableFileError;
use super::reader::TableReader;
use super::rows::STEP;

/// Maximum number of rows in a batch.
const BATCH_ROWS: usize = 1_024;

/// Which rows without a counterpart a join has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JoinKind {
    /// None.
    Inner,
    /// Those of the first table.
    Left,
    /// Those of both tables.
    Outer,
}

/// The rows of two tables, joined while they are read.
pub(super) struct JoinedRows {
    left: TableReader,
    key: String,
    kind: JoinKind,
    step: Option<Value>,
    right: RightRows,
    /// Rows of the first table that are not returned, or not with all counterparts.
    pending: VecDeque<Pending>,
    /// The next row of the second table to look at, once the first table has ended.
    next_unmatched: Option<usize>,
    defects: Vec<TableDefect>,
}

/// A row of the first table.
struct Pending {
    row: Row,
    /// The rows of the second table with the same key.
    counterparts: Option<Arc<[usize]>>,
    /// How many of them have been returned.
    returned: usize,
}

/// The rows of the second table, in a temporary file.
struct RightRows {
    file: File,
    /// The end of each row in the file.
    ends: Vec<u64>,
    by_key: HashMap<String, Arc<[usize]>>,
    is_matched: Vec<bool>,
}

impl JoinedRows {
    pub(super) fn new(
        left: TableReader,
        mut right: TableReader,
        keys: [String; 2],
        kind: JoinKind,
        step: Option<Value>,
    ) -> Result<Self, TableFileError> {
        let [key, right_key] = keys;
        for (table, key) in [(&left, &key), (&right, &right_key)] {
            if !table.column_names().any(|name| name == key) {
                return Err(TableFileError::parts(format!(
                    "a table has no column {key:?}, by which it should be joined"
                )));
            }
        }
        let rows = RightRows::read(&mut right, &right_key)?;
        let defects = right.defects().to_vec();
        Ok(Self {
            left,
            key,
            kind,
            step,
            right: rows,
            pending: VecDeque::new(),
            next_unmatched: None,
            defects,
        })
    }

    pub(super) fn take_defects(&mut self) -> Vec<TableDefect> {
        let mut defects = self.left.defects().to_vec();
        defects.append(&mut self.defects);
        defects
    }

    pub(super) fn next_batch(&mut self) -> Result<Option<Vec<Row>>, TableFileError> {
        let mut batch = Vec::new();
        while batch.len() < BATCH_ROWS {
            match self.next_row()? {
                Some(row) => batch.push(row),
                None => break,
            }
        }
        Ok((!batch.is_empty()).then_some(batch))
    }

    fn next_row(&mut self) -> Result<Option<Row>, TableFileError> {
        loop {
            if let Some(pending) = self.pending.front_mut() {
                let Some(counterparts) = &pending.counterparts else {
                    let row = joined(self.step.as_ref(), Some(&pending.row), None);
                    self.pending.pop_front();
                    return Ok(Some(row));
                };
                let Some(&index) = counterparts.get(pending.returned) else {
                    self.pending.pop_front();
                    continue;
                };
                pending.returned += 1;
                let right = self.right.row(index)?;
                self.right.is_matched[index] = true;
                return Ok(Some(joined(self.step.as_ref(), Some(&pending.row), Some(&right))));
            }
            if let Some(index) = self.next_unmatched {
                if self.kind != JoinKind::Outer || index >= self.right.ends.len() {
                    return Ok(None);
                }
                self.next_unmatched = Some(index + 1);
                if !self.right.is_matched[index] {
                    let right = self.right.row(index)?;
                    return Ok(Some(joined(self.step.as_ref(), None, Some(&right))));
                }
                continue;
            }
            let Some(rows) = self.left.next_batch()? else {
                self.next_unmatched = Some(0);
                continue;
            };
            for row in rows {
                let key = row.get(&self.key).and_then(key_text);
                let counterparts = key.and_then(|key| self.right.by_key.get(&key)).cloned();
                if counterparts.is_some() || self.kind != JoinKind::Inner {
                    self.pending.push_back(Pending { row, counterparts, returned: 0 });
                }
            }
        }
    }
}

impl RightRows {
    /// Reads all rows of a table.
    fn read(table: &mut TableReader, key: &str) -> Result<Self, TableFileError> {
        let file = tempfile::tempfile().map_err(spooling)?;
        let mut out = BufWriter::new(file);
        let (mut ends, mut end, mut line) = (Vec::new(), 0, String::new());
        let mut by_key: HashMap<String, Vec<usize>> = HashMap::new();
        while let Some(rows) = table.next_batch()? {
            for row in rows {
                if let Some(key) = row.get(key).and_then(key_text) {
                    by_key.entry(key).or_default().push(ends.len());
                }
                line.clear();
                row.write_json_line(&mut line);
                out.write_all(line.as_bytes()).map_err(spooling)?;
                end += line.len() as u64;
                ends.push(end);
            }
        }
        let file = out.into_inner().map_err(|error| spooling(error.into_error()))?;
        let by_key = by_key.into_iter().map(|(key, rows)| (key, rows.into())).collect();
        Ok(Self { file, is_matched: vec![false; ends.len()], ends, by_key })
    }

    fn row(&mut self, index: usize) -> Result<Row, TableFileError> {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        let length = usize::try_from(self.ends[index] - start).unwrap_or(usize::MAX);
        let mut line = vec![0; length];
        self.file.seek(SeekFrom::Start(start)).map_err(spooling)?;
        self.file.read_exact(&mut line).map_err(spooling)?;
        Row::parse(&line).map_err(|source| TableFileError::Value { part: format!("row {index}"), source })
    }
}

fn spooling(source: io::Error) -> TableFileError {
    let doing = "spooling the rows of the second table (hint: check that there is space for temporary files)";
    TableFileError::Io { doing: doing.to_owned(), source }
}

/// Returns the text by which keys are compared. `1` and `1.0` are equal, as in Python. Null and NaN equal nothing.
fn key_text(key: &Value) -> Option<String> {
    match key {
        Value::Null => None,
        Value::Float(float) if float.is_nan() => None,
        Value::Float(_) => Some(key.as_i64().map_or_else(|| key.to_json(), |integer| integer.to_string())),
        key => Some(key.to_json()),
    }
}

/// Combines a row of each table, where one may be missing.
fn joined(step: Option<&Value>, left: Option<&Row>, right: Option<&Row>) -> Row {
    let step = step.map(|step| (STEP.to_owned(), step.clone()));
    let entries = |number: usize, row: Option<&Row>| {
        let entries = row.map(Row::iter).into_iter().flatten();
        entries.map(|(name, value)| (format!("{number}.{name}"), value.clone())).collect::<Vec<_>>()
    };
    step.into_iter().chain(entries(1, left)).chain(entries(2, right)).collect()
}
