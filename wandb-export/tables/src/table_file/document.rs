//! The kinds of tables in artifacts, and where their parts are.

use std::io::{self, Read};

use wandb_core::{Map, Value};

use super::defect::TableDefect;
use super::error::TableFileError;
use super::header::{TableHeader, read_entries};

/// The suffix of table files.
const SUFFIX: &str = ".table.json";

/// The files that the tables of a run or an artifact consist of, by their paths there.
pub trait TableStore: Send + Sync {
    /// Opens a file. A table file is opened twice: for its columns, and for its rows.
    ///
    /// # Errors
    /// If there is no such file, or it cannot be read.
    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>>;

    /// Lists the paths of all files, in the order of the artifact's manifest.
    ///
    /// # Errors
    /// If the files cannot be listed.
    fn paths(&self) -> io::Result<Vec<String>>;
}

/// A table as one file describes it: by its rows, or by other files.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum TableDocument {
    /// A table with its rows.
    Table(TableHeader),
    /// The rows of all tables in a folder, in order (`PartitionedTable`).
    Partitioned {
        /// The folder.
        folder: String,
    },
    /// Two tables that are joined by a column (`JoinedTable`).
    Joined {
        /// The paths of the tables.
        tables: [String; 2],
        /// The column of each table that has the keys.
        keys: [String; 2],
    },
    /// A table that was logged in parts. Every table file of the artifact is a part (`log_mode="INCREMENTAL"`).
    Incremental(TableHeader),
}

impl TableDocument {
    /// Reads a table file to its end.
    ///
    /// # Errors
    /// If the file cannot be read, is damaged, or is not a table.
    pub fn read(input: impl Read) -> Result<Self, TableFileError> {
        let (entries, rows) = read_entries(input)?;
        match entries.get("_type").and_then(Value::as_str) {
            Some("partitioned-table") => Ok(Self::Partitioned { folder: text(&entries, "parts_path")? }),
            Some("joined-table") => Ok(Self::Joined {
                tables: [text(&entries, "table1")?, text(&entries, "table2")?],
                keys: keys(&entries)?,
            }),
            _ => {
                let header = TableHeader::of_entries(&entries, rows)?;
                let is_part = header.is_incremental() && entries.contains_key("increment_num");
                Ok(if is_part { Self::Incremental(header) } else { Self::Table(header) })
            }
        }
    }
}

fn text(entries: &Map, key: &str) -> Result<String, TableFileError> {
    let text = entries.get(key).and_then(Value::as_str).map(str::to_owned);
    text.ok_or_else(|| TableFileError::not_a_table(format!("it has no {key}")))
}

/// Returns the columns to join by: one name for both tables, or a list of two.
fn keys(entries: &Map) -> Result<[String; 2], TableFileError> {
    match entries.get("join_key") {
        Some(Value::String(key)) => return Ok([key.clone(), key.clone()]),
        Some(Value::List(keys)) => {
            if let [Value::String(one), Value::String(other)] = &keys[..] {
                return Ok([one.clone(), other.clone()]);
            }
        }
        _ => {}
    }
    Err(TableFileError::not_a_table("its join_key is neither a column nor a list of two"))
}

/// Returns the paths of the table files in a folder of a store.
pub(super) fn paths_in(store: &dyn TableStore, folder: &str) -> Result<Vec<String>, TableFileError> {
    let folder = format!("{}/", folder.trim_end_matches('/'));
    let mut paths = store.paths().map_err(TableFileError::reading)?;
    paths.retain(|path| path.starts_with(&folder));
    Ok(paths)
}

/// Sorts the files of an incremental table by the number of their increment, and by their time. Returns the defects of
/// the sequence.
///
/// A name is `NUMBER-MILLISECONDS.KEY.table.json` (`sdk/internal/incremental_table_util.py` in wandb/wandb). Other files
/// are left out.
///
/// ```
/// use wandb_tables::{TableDefect, sort_increments};
///
/// let paths = ["10-9.loss.table.json", "0-7.loss.table.json", "1-8.loss.table.json", "notes.txt"];
/// let (paths, defects) = sort_increments(paths.map(str::to_owned).to_vec());
/// assert_eq!(paths, ["0-7.loss.table.json", "1-8.loss.table.json", "10-9.loss.table.json"]);
/// assert!(matches!(&defects[..], [TableDefect::IncrementsMissing { .. }]));
/// ```
pub fn sort_increments(mut paths: Vec<String>) -> (Vec<String>, Vec<TableDefect>) {
    paths.retain(|path| path.ends_with(SUFFIX));
    // The SDK sorts files with other names to the front as well.
    paths.sort_by_key(|path| increment(path).unwrap_or_default());
    let mut defects = Vec::new();
    let mut numbers = Vec::new();
    for path in &paths {
        match increment(path) {
            Some((number, _)) => numbers.push(number),
            None => defects.push(TableDefect::OrderUnknown { path: path.clone() }),
        }
    }
    defects.extend(TableDefect::of_increments(&numbers));
    (paths, defects)
}

/// The most missing increments that are looked for. A number comes from a file's name, and may be anything.
const MAX_MISSING: usize = 1_000;

/// Returns the numbers that are missing from a sorted sequence that begins with zero.
pub(super) fn missing_numbers(sorted: &[u64]) -> Vec<u64> {
    let mut missing = Vec::new();
    let mut next = 0;
    for &number in sorted {
        missing.extend((next..number).take(MAX_MISSING.saturating_sub(missing.len())));
        next = number.saturating_add(1);
    }
    missing
}

/// Returns the number and the time in the name of an increment.
fn increment(path: &str) -> Option<(u64, u64)> {
    let name = path.rsplit('/').next()?.split('.').next()?;
    match name.split_once('-') {
        Some((number, time)) => Some((number.parse().ok()?, time.split('-').next()?.parse().ok()?)),
        None => Some((name.parse().ok()?, 0)),
    }
}
