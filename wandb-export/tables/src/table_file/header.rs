//! Everything in a table file but its rows.

use std::collections::HashMap;
use std::io::Read;

use wandb_core::{Map, Value};

use super::cell_type::{CellType, type_map};
use super::defect::TableDefect;
use super::error::TableFileError;
use super::names::{UniqueNames, label_text};
use super::scanner::{Part, TableScanner};

/// The entries that are kept. Others may be large, and have no meaning for the rows.
const KEPT: [&str; 12] = [
    "_type",
    "columns",
    "data",
    "ncols",
    "nrows",
    "column_types",
    "log_mode",
    "increment_num",
    "parts_path",
    "table1",
    "table2",
    "join_key",
];

/// The columns of a table file, its description of itself, and the number of its rows.
///
/// ```
/// use wandb_tables::TableHeader;
///
/// let header = TableHeader::read(&br#"{"columns": ["x", 7, "x"], "data": [[1, 2, 3]]}"#[..])?;
/// let names: Vec<_> = header.columns().iter().map(|column| column.name()).collect();
/// assert_eq!((names, header.rows()), (vec!["x", "7", "x#2"], 1));
/// # Ok::<(), wandb_tables::TableFileError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct TableHeader {
    columns: Vec<TableColumn>,
    rows: u64,
    pub(super) names: Extras,
    stated_rows: Option<u64>,
    stated_columns: Option<u64>,
    is_incremental: bool,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableColumn {
    name: String,
    label: Value,
    cell_type: Option<CellType>,
}

/// Names of the columns for cells beyond the last column.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Extras(Vec<String>);

impl TableHeader {
    /// Reads a table file to its end.
    ///
    /// # Errors
    /// If the file cannot be read, is damaged, or is not a table.
    pub fn read(input: impl Read) -> Result<Self, TableFileError> {
        let (entries, rows) = read_entries(input)?;
        Self::of_entries(&entries, rows)
    }

    pub(super) fn of_entries(entries: &Map, rows: Option<u64>) -> Result<Self, TableFileError> {
        let rows = rows.ok_or_else(|| TableFileError::not_a_table("it has no list of rows (data)"))?;
        let labels = entries
            .get("columns")
            .and_then(Value::as_list)
            .ok_or_else(|| TableFileError::not_a_table("it has no list of columns"))?;
        let types = entries.get("column_types").map(type_map).unwrap_or_default();
        let types: HashMap<String, CellType> = types.into_iter().collect();
        let mut names = UniqueNames::default();
        let columns: Vec<_> = labels
            .iter()
            .map(|label| {
                let text = label_text(label);
                let cell_type = types.get(&text).cloned();
                TableColumn { name: names.claim(&text), label: label.clone(), cell_type }
            })
            .collect();
        let count =
            |key: &str| entries.get(key).and_then(Value::as_i64).and_then(|count| u64::try_from(count).ok());
        Ok(Self {
            columns,
            rows,
            names: Extras::default(),
            stated_rows: count("nrows"),
            stated_columns: count("ncols"),
            is_incremental: entries.get("log_mode").and_then(Value::as_str) == Some("INCREMENTAL"),
        })
    }

    /// Returns the columns in order.
    pub fn columns(&self) -> &[TableColumn] {
        &self.columns
    }

    /// Returns the number of rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns whether the file holds one increment of a table that was logged in parts.
    pub fn is_incremental(&self) -> bool {
        self.is_incremental
    }

    /// Returns how the file differs from its own description, and the parts that it has elsewhere.
    pub fn defects(&self) -> Vec<TableDefect> {
        let mut defects = Vec::new();
        defects.extend(TableDefect::compare_rows(self.stated_rows, self.rows));
        defects.extend(TableDefect::compare_columns(self.stated_columns, self.columns.len() as u64));
        defects.extend(self.columns.iter().filter_map(|column| {
            let path = column.cell_type.as_ref()?.array_file()?.to_owned();
            Some(TableDefect::ArraysLeftOut { column: column.name.clone(), path })
        }));
        defects
    }

    /// Returns the name of the column for the cell at `index`, beyond the last column.
    pub(super) fn extra_name(&mut self, index: usize) -> &str {
        let Self { columns, names: Extras(names), .. } = self;
        while columns.len() + names.len() <= index {
            let mut name = format!("#{}", columns.len() + names.len() + 1);
            while columns.iter().any(|column| column.name == name) {
                name.insert(0, '#');
            }
            names.push(name);
        }
        &names[index - columns.len()]
    }
}

impl TableColumn {
    /// Returns the name, unique among the columns.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the name in the file, usually a string.
    pub fn label(&self) -> &Value {
        &self.label
    }

    /// Returns the type of the cells, if the file has types.
    pub fn cell_type(&self) -> Option<&CellType> {
        self.cell_type.as_ref()
    }
}

/// Reads the entries of a table file, and counts its rows. There is no count if it has no list of rows.
pub(super) fn read_entries(input: impl Read) -> Result<(Map, Option<u64>), TableFileError> {
    let mut scanner = TableScanner::new(input);
    let (mut entries, mut rows, mut count) = (Map::new(), None, 0_u64);
    while let Some(part) = scanner.next(|key| KEPT.contains(&key))? {
        match part {
            Part::Entry(key) if KEPT.contains(&&*key) => {
                let value = Value::parse(scanner.text())
                    .map_err(|source| TableFileError::Value { part: key.clone(), source })?;
                entries.insert(key, value);
            }
            Part::Entry(_) => {}
            Part::Row => count += 1,
            Part::RowsEnd if rows.is_some() => {
                return Err(TableFileError::not_a_table("it has two lists of rows (data)"));
            }
            Part::RowsEnd => rows = Some(count),
        }
    }
    Ok((entries, rows))
}
