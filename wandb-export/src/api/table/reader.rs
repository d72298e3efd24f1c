//! Reads one or more logged tables, one after the other.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wandb_core::client::Client;
use wandb_core::model::HistogramBin;
use wandb_core::{Row, Value};
use wandb_tables::{ColumnType, RowOptions, TableDefect, TableFileError};

use super::content::{ONLY, SingleFile};
use super::find::{FoundTables, LoggedTable, TablePlace, find};
use super::{Place, Steps, Table};
use crate::api::export::ExpectedColumns;
use crate::api::files::FileContent;
use crate::api::{Run, RunFile};
use crate::error::Error;
use crate::issue::Issue;
use crate::source::list_reader::Issues;

/// How many files are looked up in the run's list at once.
const FILES_AT_ONCE: usize = 100;

/// A reader of a table, or of the tables of several steps.
///
/// ```no_run
/// # #[cfg(feature = "async")]
/// # async fn example() -> Result<(), wandb_export::Error> {
/// let run = wandb_export::Api::connect()?.run("my-team/my-project/abc123").await?;
/// let mut table = run.table("predictions").open().await?;
/// while let Some(rows) = table.next_batch().await? {
///     println!("{} more rows", rows.len());
/// }
/// for issue in table.issues() {
///     eprintln!("{issue}");
/// }
/// # Ok(())
/// # }
/// ```
pub struct TableReader {
    client: Client,
    run: Option<(Run, String)>,
    options: RowOptions,
    with_steps: bool,
    /// Whether a missing file is an issue and no error, because there are others.
    is_one_of_many: bool,
    left: VecDeque<LoggedTable>,
    /// The files of the next tables, by name.
    files: HashMap<String, RunFile>,
    current: Option<Current>,
    /// The columns of the table that was opened last, until they are taken.
    columns: Option<ExpectedColumns>,
    names: Vec<String>,
    issues: Issues,
}

/// A table that is being read.
struct Current {
    label: String,
    rows: CurrentRows,
    /// How the file differs from the description of it.
    defects: Vec<TableDefect>,
    expected_rows: Option<u64>,
    rows_before: Option<u64>,
    rows_read: u64,
}

enum CurrentRows {
    File(Box<wandb_tables::TableReader>),
    Bins(Option<Vec<Row>>),
}

impl TableReader {
    pub(super) async fn open(table: Table, options: RowOptions) -> Result<Self, Error> {
        let Table { api, place, steps, .. } = table;
        let mut reader = Self {
            client: api.client().clone(),
            run: None,
            options,
            with_steps: steps == Steps::All,
            is_one_of_many: false,
            left: VecDeque::new(),
            files: HashMap::new(),
            current: None,
            columns: None,
            names: Vec::new(),
            issues: Issues::default(),
        };
        match place {
            Place::File(path) => {
                if steps != Steps::Newest {
                    return Err(Error::usage("a table in a file has no steps"));
                }
                reader.open_file(&path).await?;
            }
            Place::Run { run, key } => {
                let FoundTables { tables, issues, increments } = find(&run, &key, steps).await?;
                reader.issues.add(issues);
                if let Some(defect) = increments.as_deref().and_then(TableDefect::of_increments) {
                    let table = format!("table {key:?} of {}", run.path());
                    reader.issues.add([Issue::TableInexact { table, defect }]);
                }
                reader.is_one_of_many = tables.len() > 1;
                reader.left = tables;
                reader.run = Some((*run, key));
                reader.open_next().await?;
            }
        }
        Ok(reader)
    }

    /// Returns the names of the columns that are known so far, in order. Tables of later steps may add others.
    pub fn columns(&self) -> &[String] {
        &self.names
    }

    /// Returns the issues found so far: differences between tables and their description, and missing rows of the
    /// history. Complete once [`next_batch`](Self::next_batch) has returned `None`.
    pub fn issues(&self) -> Vec<Issue> {
        self.issues.to_vec()
    }

    /// Returns the columns of the table that was opened last, once.
    pub(super) fn take_columns(&mut self) -> Option<ExpectedColumns> {
        self.columns.take()
    }

    /// Returns the next rows, at least one. `None` at the end.
    ///
    /// # Errors
    /// If a file cannot be fetched, or is not a table.
    pub async fn next_batch(&mut self) -> Result<Option<Vec<Row>>, Error> {
        loop {
            let Some(mut current) = self.current.take() else { return Ok(None) };
            let (rows, current) = match current.rows {
                CurrentRows::Bins(ref mut rows) => (Ok(rows.take()), current),
                CurrentRows::File(mut file) => {
                    let (rows, file) = self.client.work(move || (file.next_batch(), file)).await;
                    (rows, Current { rows: CurrentRows::File(file), ..current })
                }
            };
            let rows = rows.map_err(|source| current.failed(source))?;
            if let Some(rows) = rows.filter(|rows| !rows.is_empty()) {
                let rows_read = current.rows_read + rows.len() as u64;
                self.current = Some(Current { rows_read, ..current });
                return Ok(Some(rows));
            }
            self.issues.add(current.finish());
            self.open_next().await?;
        }
    }

    /// Opens the next table, if there is one.
    async fn open_next(&mut self) -> Result<(), Error> {
        while let Some(table) = self.left.pop_front() {
            let label = self.label(table.step);
            match self.open_table(table, &label).await {
                Err(error @ (Error::NoSuchFile { .. } | Error::OnlyInArtifact { .. }))
                    if self.is_one_of_many =>
                {
                    self.issues.add([Issue::TableMissing { table: label, detail: error.to_string() }]);
                }
                opened => return opened,
            }
        }
        Ok(())
    }

    async fn open_table(&mut self, table: LoggedTable, label: &str) -> Result<(), Error> {
        let LoggedTable { step, place, size, sha256, rows, columns, rows_before } = table;
        let options = if self.with_steps { self.options.clone().step(step) } else { self.options.clone() };
        let content = match place {
            TablePlace::Bins(bins) => {
                self.open_bins(bins, step, label);
                return Ok(());
            }
            TablePlace::Artifact(path) => {
                let name = self.run.as_ref().map(|(_, key)| key.clone()).unwrap_or_default();
                return Err(Error::OnlyInArtifact { name, path });
            }
            TablePlace::Inline(text) => self.client.work(|| FileContent::of_text(text)).await,
            TablePlace::File(path) => self.file(&path).await?.fetch().await?,
        };
        let mut defects =
            TableDefect::compare_files(size, sha256.as_deref(), (content.size, &content.sha256));
        let (file, found_columns) = self.open_content(content, options, label, &defects).await?;
        let found_columns = found_columns - usize::from(self.with_steps);
        defects.extend(TableDefect::compare_columns(columns, found_columns as u64));
        self.current = Some(Current {
            label: label.to_owned(),
            rows: CurrentRows::File(file),
            defects,
            expected_rows: rows,
            rows_before,
            rows_read: 0,
        });
        Ok(())
    }

    /// Opens a table in a local file.
    async fn open_file(&mut self, path: &Path) -> Result<(), Error> {
        let label = path.display().to_string();
        let stored: Arc<PathBuf> = Arc::new(path.to_owned());
        let content = self.client.work(move || FileContent::of_stored(stored)).await;
        let content = content.map_err(|error| Error::io(format!("reading {label}"), error))?;
        let (file, _) = self.open_content(content, self.options.clone(), &label, &[]).await?;
        self.current = Some(Current {
            label,
            rows: CurrentRows::File(file),
            defects: Vec::new(),
            expected_rows: None,
            rows_before: None,
            rows_read: 0,
        });
        Ok(())
    }

    /// Opens a table file. Returns the number of its columns, too.
    async fn open_content(
        &mut self,
        content: FileContent,
        options: RowOptions,
        label: &str,
        defects: &[TableDefect],
    ) -> Result<(Box<wandb_tables::TableReader>, usize), Error> {
        let open = move || wandb_tables::TableReader::open(Arc::new(SingleFile(content)), ONLY, &options);
        let file = self.client.work(open).await.map_err(|source| Error::TableFile {
            table: label.to_owned(),
            defects: defects.to_vec(),
            source: Box::new(source),
        })?;
        self.set_columns(file.columns().to_vec());
        let columns = file.column_names().count();
        Ok((Box::new(file), columns))
    }

    fn open_bins(&mut self, bins: Vec<HistogramBin>, step: Option<i64>, label: &str) {
        let with_step = self.with_steps || step.is_some();
        let mut columns =
            vec![("lower".to_owned(), None), ("upper".to_owned(), None), ("count".to_owned(), None)];
        if with_step {
            columns.insert(0, ("_step".to_owned(), Some(ColumnType::Int64)));
        }
        self.set_columns(columns);
        let row = |bin: HistogramBin| {
            let HistogramBin { lower, upper, count, .. } = bin;
            let step = with_step.then(|| ("_step", step.map_or(Value::Null, Value::Int)));
            step.into_iter().chain([("lower", lower), ("upper", upper), ("count", count)]).collect()
        };
        self.current = Some(Current {
            label: label.to_owned(),
            rows: CurrentRows::Bins(Some(bins.into_iter().map(row).collect())),
            defects: Vec::new(),
            expected_rows: None,
            rows_before: None,
            rows_read: 0,
        });
    }

    fn set_columns(&mut self, columns: ExpectedColumns) {
        let known: HashSet<String> = self.names.iter().cloned().collect();
        self.names
            .extend(columns.iter().map(|(name, _)| name).filter(|name| !known.contains(*name)).cloned());
        self.columns = Some(columns);
    }

    /// Returns a file of the run. Looks up the files of the next tables with it.
    async fn file(&mut self, path: &str) -> Result<RunFile, Error> {
        let Some((run, _)) = &self.run else { return Err(Error::no_url(path)) };
        if !self.files.contains_key(path) {
            let others = self.left.iter().filter_map(|table| match &table.place {
                TablePlace::File(path) => Some(path.clone()),
                _ => None,
            });
            let names = std::iter::once(path.to_owned()).chain(others).take(FILES_AT_ONCE);
            let (files, issues) = run.files().names(names).open().collect().await?;
            self.issues.add(issues);
            self.files = files.into_iter().map(|file| (file.name.clone(), file)).collect();
        }
        let absent = || Error::NoSuchFile { run: run.path().to_string(), name: path.to_owned() };
        self.files.get(path).cloned().ok_or_else(absent)
    }

    /// Names a table in messages.
    fn label(&self, step: Option<i64>) -> String {
        let Some((run, key)) = &self.run else { return String::new() };
        let step = step.map(|step| format!(" at step {step}")).unwrap_or_default();
        format!("table {key:?}{step} of {}", run.path())
    }
}

impl Current {
    fn failed(&self, source: TableFileError) -> Error {
        let source = Box::new(source);
        Error::TableFile { table: self.label.clone(), defects: self.defects.clone(), source }
    }

    /// Returns the issues of a table that was read to its end.
    fn finish(mut self) -> Vec<Issue> {
        let expected = match (self.rows_before, self.expected_rows) {
            // The number of rows in the description of an increment is that of the whole table, since the run was
            // started or resumed.
            (Some(before), Some(total)) if self.rows_read != total => {
                Some(total.checked_sub(before).unwrap_or(total))
            }
            (Some(_), _) => None,
            (None, expected) => expected,
        };
        self.defects.extend(TableDefect::compare_rows(expected, self.rows_read));
        if let CurrentRows::File(file) = &self.rows {
            self.defects.extend_from_slice(file.defects());
        }
        let Self { label: table, defects, .. } = self;
        defects.into_iter().map(|defect| Issue::TableInexact { table: table.clone(), defect }).collect()
    }
}

impl std::fmt::Debug for TableReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TableReader").field("columns", &self.names).finish_non_exhaustive()
    }
}
