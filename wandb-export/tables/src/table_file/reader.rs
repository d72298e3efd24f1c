//! Reads a table of any kind.

use std::collections::VecDeque;
use std::fmt;
use std::io::Read;
use std::sync::Arc;

use wandb_core::Row;

use super::defect::TableDefect;
use super::document::{TableDocument, TableStore, paths_in, sort_increments};
use super::error::TableFileError;
use super::header::{TableColumn, TableHeader};
use super::join::{JoinKind, JoinedRows};
use super::rows::{RowOptions, STEP, TableRows, output_names};
use crate::columns::ColumnType;

/// How many tables may refer to each other. The SDK joins only tables and partitioned tables.
const MAX_LEVELS: usize = 4;

/// A reader of a table, which may consist of several files.
///
/// ```
/// use std::io::{self, Read};
/// use std::sync::Arc;
///
/// use wandb_tables::{RowOptions, TableReader, TableStore};
///
/// struct OneFile(&'static str);
///
/// impl TableStore for OneFile {
///     fn open(&self, _path: &str) -> io::Result<Box<dyn Read + Send>> {
///         Ok(Box::new(self.0.as_bytes()))
///     }
///
///     fn paths(&self) -> io::Result<Vec<String>> {
///         Ok(vec!["losses.table.json".to_owned()])
///     }
/// }
///
/// let store = Arc::new(OneFile(r#"{"columns": ["x"], "data": [[1], [2]], "ncols": 1, "nrows": 3}"#));
/// let mut table = TableReader::open(store, "losses.table.json", &RowOptions::default())?;
/// while let Some(rows) = table.next_batch()? {
///     println!("{} more rows", rows.len());
/// }
/// assert_eq!(table.defects()[0].to_string(), "the table has 2 rows, and should have 3");
/// # Ok::<(), wandb_tables::TableFileError>(())
/// ```
pub struct TableReader {
    columns: Vec<(String, Option<ColumnType>)>,
    source: Source,
    defects: Vec<TableDefect>,
}

enum Source {
    Files(Box<Files>),
    Joined(Box<JoinedRows>),
}

/// Files whose rows follow each other.
struct Files {
    store: Arc<dyn TableStore>,
    options: RowOptions,
    /// The files after the current one.
    paths: VecDeque<String>,
    current: Option<TableRows<Box<dyn Read + Send>>>,
}

impl TableReader {
    /// Opens the table at `path`. The rows of joined tables are those of both tables, also without a counterpart.
    ///
    /// # Errors
    /// If a file cannot be read, is damaged, or is not a table.
    pub fn open(
        store: Arc<dyn TableStore>,
        path: &str,
        options: &RowOptions,
    ) -> Result<Self, TableFileError> {
        Self::open_level(store, path, options, MAX_LEVELS)
    }

    fn open_level(
        store: Arc<dyn TableStore>,
        path: &str,
        options: &RowOptions,
        levels: usize,
    ) -> Result<Self, TableFileError> {
        let levels = levels
            .checked_sub(1)
            .ok_or_else(|| TableFileError::parts(format!("{path}: too many tables refer to each other")))?;
        match TableDocument::read(open(&*store, path)?)? {
            TableDocument::Table(header) => {
                Self::of_files(store, vec![path.to_owned()], Some(header), options)
            }
            TableDocument::Partitioned { folder } => {
                let paths = paths_in(&*store, &folder)?;
                if paths.is_empty() {
                    return Err(TableFileError::parts(format!(
                        "the partitioned table has no parts in {folder}"
                    )));
                }
                Self::of_files(store, paths, None, options)
            }
            TableDocument::Incremental(_) => {
                let (paths, defects) = sort_increments(store.paths().map_err(TableFileError::reading)?);
                let mut reader = Self::of_files(store, paths, None, options)?;
                reader.defects.splice(0..0, defects);
                Ok(reader)
            }
            TableDocument::Joined { tables, keys } => {
                let [left, right] = tables;
                let left = Self::open_level(
                    Arc::clone(&store),
                    &left,
                    &RowOptions::default().raw(options.raw),
                    levels,
                )?;
                let right = Self::open_level(store, &right, &RowOptions::default().raw(options.raw), levels)?;
                Self::join(left, right, keys, JoinKind::Outer, options)
            }
        }
    }

    /// Joins the rows of two tables in which the columns `keys` are equal. Columns are named `1.NAME` and `2.NAME`. Null
    /// equals no key.
    ///
    /// The rows of the second table wait in a temporary file, so only their keys take memory. A non-finite number in
    /// them becomes W&B's text for it.
    ///
    /// # Errors
    /// If a table lacks the column, or cannot be read.
    pub fn join(
        left: Self,
        right: Self,
        keys: [String; 2],
        kind: JoinKind,
        options: &RowOptions,
    ) -> Result<Self, TableFileError> {
        let name = |table: usize, columns: &[(String, Option<ColumnType>)]| {
            columns
                .iter()
                .map(move |(name, column_type)| (format!("{table}.{name}"), *column_type))
                .collect::<Vec<_>>()
        };
        let step = options.step.as_ref().map(|_| (STEP.to_owned(), Some(ColumnType::Int64)));
        let columns =
            step.into_iter().chain(name(1, left.columns())).chain(name(2, right.columns())).collect();
        let joined = JoinedRows::new(left, right, keys, kind, options.step.clone())?;
        Ok(Self { columns, source: Source::Joined(Box::new(joined)), defects: Vec::new() })
    }

    /// Opens files whose rows follow each other. `first` is the header of the first file, if known.
    fn of_files(
        store: Arc<dyn TableStore>,
        paths: Vec<String>,
        first: Option<TableHeader>,
        options: &RowOptions,
    ) -> Result<Self, TableFileError> {
        let files = Files { store, options: options.clone(), paths: paths.into(), current: None };
        let mut reader =
            Self { columns: Vec::new(), source: Source::Files(Box::new(files)), defects: Vec::new() };
        reader.open_next(first)?;
        Ok(reader)
    }

    /// Returns the columns that are known before the first row, with the types that the table states. A later file may
    /// add columns.
    #[doc(hidden)]
    pub fn columns(&self) -> &[(String, Option<ColumnType>)] {
        &self.columns
    }

    /// Returns the names of the columns that are known before the first row.
    pub fn column_names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, _)| &**name)
    }

    /// Returns the defects found so far. Complete once [`next_batch`](Self::next_batch) has returned `None`.
    pub fn defects(&self) -> &[TableDefect] {
        &self.defects
    }

    /// Returns the next rows, at least one. `None` at the end.
    ///
    /// # Errors
    /// If a file cannot be read or is damaged.
    pub fn next_batch(&mut self) -> Result<Option<Vec<Row>>, TableFileError> {
        loop {
            let files = match &mut self.source {
                Source::Joined(joined) => {
                    let batch = joined.next_batch()?;
                    if batch.is_none() {
                        self.defects.append(&mut joined.take_defects());
                    }
                    return Ok(batch);
                }
                Source::Files(files) => files,
            };
            let Some(rows) = &mut files.current else { return Ok(None) };
            if let Some(batch) = rows.next().transpose()? {
                return Ok(Some(batch));
            }
            self.defects.append(&mut rows.defects());
            files.current = None;
            self.open_next(None)?;
        }
    }

    /// Opens the next file, if there is one.
    fn open_next(&mut self, header: Option<TableHeader>) -> Result<(), TableFileError> {
        let Source::Files(files) = &mut self.source else { return Ok(()) };
        let Some(path) = files.paths.pop_front() else { return Ok(()) };
        let header = match header {
            Some(header) => header,
            None => TableHeader::read(open(&*files.store, &path)?)?,
        };
        if self.columns.is_empty() {
            self.columns = expected_columns(header.columns(), &files.options);
        }
        // A part states the size of the whole table.
        self.defects.extend(
            header
                .defects()
                .into_iter()
                .filter(|defect| !(header.is_incremental() && matches!(defect, TableDefect::Rows { .. }))),
        );
        files.current = Some(TableRows::new(open(&*files.store, &path)?, header, &files.options));
        Ok(())
    }
}

/// Returns the names in the output and the stated types of the columns of a file.
fn expected_columns(columns: &[TableColumn], options: &RowOptions) -> Vec<(String, Option<ColumnType>)> {
    let step = options.step.as_ref().map(|_| (STEP.to_owned(), Some(ColumnType::Int64)));
    let names = output_names(columns, options).into_iter();
    let columns = names.zip(columns).map(|(name, column)| {
        let stated = column.cell_type().and_then(|cell_type| cell_type.column_type(options.raw));
        (name, stated)
    });
    step.into_iter().chain(columns).collect()
}

fn open(store: &dyn TableStore, path: &str) -> Result<Box<dyn Read + Send>, TableFileError> {
    store.open(path).map_err(|source| TableFileError::Io { doing: format!("opening {path}"), source })
}

impl fmt::Debug for TableReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableReader").field("columns", &self.columns).finish_non_exhaustive()
    }
}
