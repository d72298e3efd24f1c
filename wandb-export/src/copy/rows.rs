//! Writes rows of runs to tables of the mirror.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use futures_util::stream::{Stream, StreamExt};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use wandb_core::Row;
use wandb_core::client::Client;
use wandb_mirror::layout::{RUN_ID, STEP, column_of, labelled, unlabelled};
use wandb_mirror::record::Stored;
use wandb_mirror::{Disk, NewFile, ParquetObject, Part, TableFile};
use wandb_tables::Batch;
use wandb_tables::SinkError;
use wandb_tables::{SchemaBuilder, rows_of};

use super::errors::writing;
use crate::error::Error;

/// Rows per batch when reading a table.
const ROWS_AT_ONCE: usize = 8_192;

/// A table of a run's rows that is being written.
pub(super) struct Table {
    file: TableFile,
    run: String,
}

impl Table {
    /// Creates the table at `target`.
    fn begin(disk: &Disk, run: &str, part: Part, target: &str) -> Result<Self, Error> {
        // Name `STEP` too, or the step column would come before the run's id.
        let first: &[&str] = if part == Part::History { &[RUN_ID, STEP] } else { &[RUN_ID] };
        Ok(Self {
            file: TableFile::begin(disk, target, first, SchemaBuilder::DEFAULT_MAX_COLUMNS)?,
            run: run.to_owned(),
        })
    }

    fn write(&mut self, batch: Batch) -> Result<(), SinkError> {
        let rows = match batch {
            // Pages cannot rename keys, so a page with a key that needs another column name becomes rows.
            Batch::Page(page) if page.columns().all(|column| column_of(column.key()).is_none()) => {
                match page.with_constant(RUN_ID, &self.run) {
                    Ok(page) => return self.file.sink.write_batch(&Batch::Page(page)),
                    Err(page) => page.to_rows(),
                }
            }
            batch => batch.into_rows()?,
        };
        let labelled: Vec<Row> = rows.into_iter().map(|row| labelled(&self.run, row)).collect();
        self.file.sink.write(&labelled)
    }

    fn put(self, disk: &Disk, target: &str) -> Result<Stored, Error> {
        let (file, rows) = self.finish()?;
        let put =
            if rows == 0 { disk.remove(target).map(|()| Stored::empty()) } else { file.put(target, rows) };
        put.map_err(|error| writing(disk, target, error))
    }

    /// Returns the finished temporary file and its number of rows.
    fn finish(self) -> Result<(NewFile, u64), Error> {
        let (file, report) = self.file.finish()?;
        Ok((file, report.rows))
    }
}

/// An existing table that is rewritten with more rows appended.
pub(super) struct ExistingTable {
    schema: SchemaRef,
    reader: ParquetRecordBatchReader,
}

impl ExistingTable {
    /// Opens the table at `target`. Returns `None` if it does not have the expected number of rows, or if its
    /// values may change when they are read and written again.
    pub(super) async fn open(
        client: &Client,
        disk: &Disk,
        target: &str,
        rows: u64,
    ) -> Result<Option<Self>, Error> {
        let (disk, target) = (disk.clone(), target.to_owned());
        let open = move || {
            let Some(file) = disk.open_file(&target)? else { return Ok(None) };
            let Ok(builder) = ParquetRecordBatchReaderBuilder::try_new(ParquetObject::new(file)?) else {
                return Ok(None);
            };
            let schema = builder.schema().clone();
            let is_expected = u64::try_from(builder.metadata().file_metadata().num_rows()) == Ok(rows);
            if !is_expected || !schema.fields().iter().all(|field| is_plain(field)) {
                return Ok(None);
            }
            let reader = builder.with_batch_size(ROWS_AT_ONCE).build();
            Ok(reader.ok().map(|reader| Self { schema, reader }))
        };
        client.work(open).await.map_err(|error| Error::io("reading a table of the mirror", error))
    }

    /// Returns the columns.
    pub(super) fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }
}

/// Writes the rows of `old` and then those of `batches` to a temporary table at `target`. Fetches
/// the next batch while writing the current one.
pub(super) async fn write_all_rows(
    client: &Client,
    disk: &Disk,
    (run, part, target): (&str, Part, &str),
    old: Option<ExistingTable>,
    batches: impl Stream<Item = Result<Batch, Error>> + Send,
    on_rows: impl Fn(u64),
) -> Result<Table, Error> {
    let begin = {
        let (disk, run, target) = (disk.clone(), run.to_owned(), target.to_owned());
        move || {
            let mut table = Table::begin(&disk, &run, part, &target)?;
            for batch in old.into_iter().flat_map(|old| old.reader) {
                let batch = batch
                    .map_err(|error| Error::io("reading a table of the mirror", io::Error::other(error)))?;
                let rows = rows_of(&batch)?.into_iter().map(unlabelled).collect();
                table.write(Batch::Rows(rows))?;
            }
            Ok::<_, Error>(table)
        }
    };
    let mut batches = std::pin::pin!(batches);
    let (table, mut next) = futures_util::future::join(client.work(begin), batches.next()).await;
    let mut table = table?;
    while let Some(batch) = next {
        let batch = batch?;
        on_rows(batch.row_count() as u64);
        let write = client.work(move || table.write(batch).map(|()| table));
        let (written, following) = futures_util::future::join(write, batches.next()).await;
        table = written?;
        next = following;
    }
    Ok(table)
}

/// Writes rows that are all in memory as the table at `target`. Without rows, removes the table.
pub(super) fn write(
    disk: &Disk,
    (run, part, target): (&str, Part, &str),
    rows: Vec<Row>,
) -> Result<Stored, Error> {
    if rows.is_empty() {
        return disk.remove(target).map(|()| Stored::empty()).map_err(|error| writing(disk, target, error));
    }
    let mut table = Table::begin(disk, run, part, target)?;
    table.write(Batch::Rows(rows))?;
    table.put(disk, target)
}

/// Moves a table into place. Without rows, removes the table.
pub(super) async fn put_table(
    client: &Client,
    disk: &Disk,
    target: &str,
    table: Table,
) -> Result<Stored, Error> {
    let (disk, target) = (disk.clone(), target.to_owned());
    client.work(move || table.put(&disk, &target)).await
}

/// Replaces a table by a longer one, if that is as expected: it has every column of the old table, with the
/// same type, and the expected number of rows.
pub(super) async fn put_grown_table(
    client: &Client,
    disk: &Disk,
    target: &str,
    table: Table,
    expected: (SchemaRef, u64),
) -> Result<Option<Stored>, Error> {
    let (disk, target) = (disk.clone(), target.to_owned());
    client
        .work(move || {
            let (mut file, rows) = table.finish()?;
            let failed = |error| writing(&disk, &target, error);
            let (old, expected) = expected;
            if rows != expected
                || !keeps_types(&old, file.reopen().and_then(ParquetObject::new).map_err(failed)?)
            {
                return Ok(None);
            }
            Ok(Some(file.put(&target, rows).map_err(failed)?))
        })
        .await
}

/// Returns whether the values of a column survive being written and read again.
fn is_plain(field: &arrow_schema::Field) -> bool {
    use arrow_schema::DataType;
    field.metadata().keys().all(|key| key.starts_with("PARQUET:"))
        && matches!(
            field.data_type(),
            DataType::Boolean | DataType::Int64 | DataType::Float64 | DataType::Utf8
        )
}

fn keeps_types(old: &SchemaRef, whole: ParquetObject) -> bool {
    let Ok(new) = ParquetRecordBatchReaderBuilder::try_new(whole) else { return false };
    let new: HashMap<&str, &Arc<arrow_schema::Field>> =
        new.schema().fields().iter().map(|field| (field.name().as_str(), field)).collect();
    old.fields().iter().all(|field| {
        let found = new.get(field.name().as_str());
        found.is_some_and(|found| found.data_type() == field.data_type() && is_plain(found))
    })
}
