//! The rows of one table file.

use std::io::Read;

use wandb_core::model::Timestamp;
use wandb_core::{Row, Value};

use super::cell_type::CellType;
use super::defect::TableDefect;
use super::error::TableFileError;
use super::header::{TableColumn, TableHeader};
use super::names::UniqueNames;
use super::scanner::{Part, TableScanner};

/// Maximum number of rows in a batch.
const BATCH_ROWS: usize = 1_024;

/// A batch ends once it has this many bytes of text.
const BATCH_BYTES: usize = 512 << 10;

/// The column for the step at which a table was logged.
pub(super) const STEP: &str = "_step";

/// How to return the rows of a table.
///
/// ```
/// use wandb_tables::RowOptions;
///
/// let options = RowOptions::default().raw(true);
/// assert!(options.raw);
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct RowOptions {
    /// Whether to keep times as numbers of milliseconds.
    pub raw: bool,
    /// The step at which the table was logged, for a column `_step` before the others. Null for an unknown step.
    pub step: Option<Value>,
}

impl RowOptions {
    /// Sets whether to keep times as numbers of milliseconds.
    #[must_use]
    pub fn raw(mut self, raw: bool) -> Self {
        self.raw = raw;
        self
    }

    /// Adds a column `_step` with the step at which the table was logged.
    #[must_use]
    pub fn step(mut self, step: Option<i64>) -> Self {
        self.step = Some(step.map_or(Value::Null, Value::Int));
        self
    }
}

/// An iterator over the rows of a table file, in batches.
///
/// ```
/// use wandb_tables::{RowOptions, TableHeader, TableRows};
///
/// let file = &br#"{"columns": ["x", "y"], "data": [[1, "a"], [2.5, null]]}"#[..];
/// let header = TableHeader::read(file)?;
/// let rows: Vec<_> = TableRows::new(file, header, &RowOptions::default()).flat_map(Result::unwrap).collect();
/// assert_eq!(rows[1].to_json_line(), "{\"x\":2.5,\"y\":null}\n");
/// # Ok::<(), wandb_tables::TableFileError>(())
/// ```
#[derive(Debug)]
pub struct TableRows<R> {
    scanner: TableScanner<R>,
    header: TableHeader,
    /// The names of the columns in the output. Differ from the names in the file if the file has a column `_step`, too.
    names: Vec<Box<str>>,
    /// Whether the numbers of each column are times.
    times: Vec<bool>,
    step: Option<Value>,
    has_ended: bool,
    rows: u64,
    uneven_rows: u64,
    first_uneven: u64,
    altered_texts: u64,
}

impl<R: Read> TableRows<R> {
    /// Reads the rows of the file whose header was read before.
    pub fn new(input: R, header: TableHeader, options: &RowOptions) -> Self {
        let names = output_names(header.columns(), options).into_iter().map(String::into).collect();
        let is_time = |cell_type: Option<&CellType>| !options.raw && cell_type.is_some_and(CellType::is_time);
        Self {
            scanner: TableScanner::new(input),
            times: header.columns().iter().map(|column| is_time(column.cell_type())).collect(),
            names,
            header,
            step: options.step.clone(),
            has_ended: false,
            rows: 0,
            uneven_rows: 0,
            first_uneven: 0,
            altered_texts: 0,
        }
    }

    /// Returns the defects of the rows read so far.
    pub fn defects(&self) -> Vec<TableDefect> {
        let uneven = (self.uneven_rows > 0)
            .then_some(TableDefect::UnevenRows { rows: self.uneven_rows, first: self.first_uneven });
        let altered =
            (self.altered_texts > 0).then_some(TableDefect::TextAltered { count: self.altered_texts });
        uneven.into_iter().chain(altered).collect()
    }

    fn next_batch(&mut self) -> Result<Vec<Row>, TableFileError> {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while batch.len() < BATCH_ROWS && bytes < BATCH_BYTES {
            match self.scanner.next(|_| false)? {
                None => {
                    self.has_ended = true;
                    break;
                }
                Some(Part::Row) => {
                    bytes += self.scanner.text().len();
                    batch.push(self.row()?);
                }
                Some(Part::Entry(_) | Part::RowsEnd) => {}
            }
        }
        Ok(batch)
    }

    fn row(&mut self) -> Result<Row, TableFileError> {
        let number = self.rows;
        let (value, repairs) = Value::parse_with_repairs(self.scanner.text())
            .map_err(|source| TableFileError::Value { part: format!("row {number}"), source })?;
        self.altered_texts += repairs.lone_surrogates as u64;
        self.rows += 1;
        let columns = self.names.len();
        let (cells, others) = match value {
            Value::List(cells) => (cells, None),
            other => (Vec::new(), Some(other)),
        };
        if cells.len() != columns {
            if self.uneven_rows == 0 {
                self.first_uneven = number;
            }
            self.uneven_rows += 1;
        }
        let mut entries: Vec<(Box<str>, Value)> = Vec::with_capacity(cells.len() + 1);
        entries.extend(self.step.clone().map(|step| (STEP.into(), step)));
        for (index, cell) in cells.into_iter().enumerate() {
            let entry = match self.names.get(index) {
                Some(name) => (name.clone(), if self.times[index] { as_time(cell) } else { cell }),
                None => (self.header.extra_name(index).into(), cell),
            };
            entries.push(entry);
        }
        // A row that is no list is kept like a cell beyond the last column.
        entries.extend(others.map(|other| (self.header.extra_name(columns).into(), other)));
        Ok(entries.into_iter().collect())
    }
}

impl<R: Read> Iterator for TableRows<R> {
    type Item = Result<Vec<Row>, TableFileError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended {
            return None;
        }
        match self.next_batch() {
            Ok(batch) if batch.is_empty() => None,
            Ok(batch) => Some(Ok(batch)),
            Err(error) => {
                self.has_ended = true;
                Some(Err(error))
            }
        }
    }
}

/// Returns the names of the columns in the output, where `_step` may be the step of the table.
pub(super) fn output_names(columns: &[TableColumn], options: &RowOptions) -> Vec<String> {
    let mut names = UniqueNames::default();
    if options.step.is_some() {
        names.claim(STEP);
    }
    columns.iter().map(|column| names.claim(column.name())).collect()
}

/// Converts a number of milliseconds to RFC 3339. Keeps everything that is no time.
fn as_time(cell: Value) -> Value {
    match Timestamp::from_millis(&cell) {
        Some(time) => Value::String(time.to_string()),
        None => cell,
    }
}
