//! Writes records before all columns are known.
//!
//! The header of a CSV file names all columns, but a key may first appear in the last row. So rows are encoded
//! as they arrive, with the columns seen so far:
//!
//! 1. [`EarlyWriter`] collects records in a [`RecordSpool`] up to the memory limit, half a MiB by default. Most
//!    tables show all their columns by then.
//! 2. Beyond the limit, it writes the header and all records to the output, as if no column followed.
//! 3. If a column does follow, or strings turn into JSON text, it moves the records back from the unfinished
//!    output into a spool, with the [`RecordLayout`] for which they were written. Later records follow there.
//! 4. At the end, a [`RecordRewriter`](record_rewriter::RecordRewriter) brings the spooled records to the final
//!    layout: it adds empty fields, reorders fields, and quotes strings as JSON. It needs no types, because a
//!    value has the same text in every other column.
//!
//! Step 2 needs a file, the only output that gives data back. Pipes and standard output get everything at the
//! end. A table of more than 512 columns skips all this: a record with a field for each column would consist
//! mostly of delimiters, so its rows are spooled in their original form.
//!
//! # Why not spool pages and write them at the end?
//!
//! Parquet and Arrow files do that. For CSV it more than doubles the work, because a page is packed, stored,
//! read and unpacked only to be encoded as it could have been at once. Instructions of a sink for 20 000 rows
//! of 13 columns in 16 pages (callgrind, functions of the sink only), and CPU time and peak memory of a process
//! that reads 400 000 such rows from JSON and writes them (medians of 12 interleaved pairs):
//!
//! | | instructions | CPU time | memory |
//! |---|---|---|---|
//! | early, no new column | 36.8 million | 0.54 s | 35 MiB |
//! | pages spooled, encoded on all processors at the end | 81.8 million | 0.76 s | 48 MiB |
//! | early, pages spooled as well in case a column follows | 60.0 million | | |
//!
//! If a column first appears after a tenth of the rows, so that all others are rewritten, early writing still
//! takes 0.60 s of CPU time against 0.79 s. The third way needs no rewriter, but the disk space of two files.
//!
//! The tests compare every surprise at every row with a writer that knows all rows.

mod record_layout;
mod record_rewriter;
mod record_spool;

use std::io::Write as _;

use wandb_core::Row;
use wandb_core::page::Page;

use self::record_layout::RecordLayout;
use self::record_spool::RecordSpool;
use super::super::error::SinkError;
use super::super::output::Output;
use super::super::sink_trait::SinkReport;
use super::dialect::Dialect;
use super::sparse::{is_wide, push_portion};
use crate::columns::{ColumnType, Nested, Schema, SchemaBuilder, TableOptions};
use crate::rows::{Spool, rows_at_once};

/// Minimum amount of text to write at once, in bytes.
const CHUNK: usize = 64 << 10;

/// Writes a table whose columns are still being discovered.
pub(super) struct EarlyWriter {
    dialect: Dialect,
    builder: SchemaBuilder,
    /// The builder's change counter when `schema` was derived.
    revision: u64,
    /// The columns so far.
    schema: Schema,
    layout: RecordLayout,
    /// Records that are not written or spooled yet.
    text: String,
    destination: Destination,
    /// Rows since the table became wide, which follow those in `destination`.
    wide_rows: Option<Spool>,
    output: Output,
    memory: usize,
    rows: u64,
}

/// Where records go now.
enum Destination {
    RecordSpool {
        records: RecordSpool,
        /// Whether the records may move to the output before the last row.
        may_write_early: bool,
    },
    /// The output, after a header of this many bytes.
    Output { header: u64 },
}

impl EarlyWriter {
    pub(super) fn new(dialect: Dialect, output: Output, options: &TableOptions) -> Result<Self, SinkError> {
        let builder = options.schema_builder(Nested::Dotted);
        let schema = builder.finish();
        let layout = RecordLayout::of(&schema);
        let mut records = RecordSpool::new(options.memory, output.directory());
        records.begin(&layout)?;
        Ok(Self {
            dialect,
            revision: builder.revision(),
            builder,
            schema,
            layout,
            text: String::new(),
            destination: Destination::RecordSpool { records, may_write_early: output.can_take_back() },
            wide_rows: None,
            output,
            memory: options.memory,
            rows: 0,
        })
    }

    /// Returns whether no rows were written yet.
    #[cfg(feature = "parquet")]
    pub(super) fn is_empty(&self) -> bool {
        self.rows == 0
    }

    #[cfg(feature = "parquet")]
    pub(super) fn into_output(self) -> Output {
        self.output
    }

    /// Adds columns that the table always has; see [`SchemaBuilder::expect`].
    pub(super) fn expect(&mut self, columns: &[(String, Option<ColumnType>)]) -> Result<(), SinkError> {
        self.builder.expect(columns);
        self.update_columns()
    }

    pub(super) fn rows(&mut self, rows: &[Row]) -> Result<(), SinkError> {
        for row in rows {
            self.builder.observe(row);
        }
        self.update_columns()?;
        self.rows += rows.len() as u64;
        if let Some(wide_rows) = &mut self.wide_rows {
            return Ok(rows.iter().try_for_each(|row| wide_rows.push(row))?);
        }
        for rows in rows.chunks(rows_at_once(self.schema.column_count())) {
            self.dialect.push_rows(&self.schema, rows, &mut self.text)?;
            self.flush_if_large()?;
        }
        Ok(())
    }

    pub(super) fn page(&mut self, page: &Page) -> Result<(), SinkError> {
        if !self.builder.observe_page(page) {
            return self.rows(&page.to_rows());
        }
        self.update_columns()?;
        self.rows += page.len() as u64;
        if let Some(wide_rows) = &mut self.wide_rows {
            return Ok(wide_rows.push_page(page)?);
        }
        let most = rows_at_once(self.schema.column_count());
        for start in (0..page.len()).step_by(most) {
            self.dialect.push_page(&self.schema, page, start..page.len().min(start + most), &mut self.text);
            self.flush_if_large()?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<SinkReport, SinkError> {
        self.flush()?;
        if self.wide_rows.is_some() {
            self.schema = self.builder.finish();
            self.layout = RecordLayout::of(&self.schema);
        }
        if let Destination::RecordSpool { records, .. } = self.destination {
            write_spooled(self.dialect, &self.schema, &self.layout, records, &mut self.output)?;
        }
        if let Some(wide_rows) = self.wide_rows {
            write_wide_rows(self.dialect, &self.schema, wide_rows, &mut self.output)?;
        }
        let columns = Some(self.schema.column_count());
        // The findings may have changed even though the columns did not.
        let findings = self.builder.finish().findings;
        Ok(SinkReport { rows: self.rows, columns, bytes: self.output.commit()?, findings })
    }

    /// Updates the columns after new rows were observed.
    fn update_columns(&mut self) -> Result<(), SinkError> {
        if self.wide_rows.is_some() {
            return Ok(());
        }
        if self.builder.revision() == self.revision {
            return Ok(());
        }
        self.revision = self.builder.revision();
        let schema = self.builder.finish();
        if is_wide(&schema) {
            self.flush()?;
            if let Destination::Output { header } = self.destination {
                self.take_back(header)?;
            }
            self.wide_rows = Some(Spool::new(self.memory, self.output.directory()));
            return Ok(());
        }
        let layout = RecordLayout::of(&schema);
        if layout != self.layout {
            self.flush()?;
            if let Destination::Output { header } = self.destination
                && !layout.keeps(&self.layout)
            {
                self.take_back(header)?;
            }
            if let Destination::RecordSpool { records, .. } = &mut self.destination {
                records.begin(&layout)?;
            }
        }
        (self.schema, self.layout) = (schema, layout);
        Ok(())
    }

    /// Moves the records from the output to the spool.
    fn take_back(&mut self, header: u64) -> Result<(), SinkError> {
        let mut records = RecordSpool::new(self.memory, self.output.directory());
        records.begin(&self.layout)?;
        let bytes = self.output.bytes() - header;
        records.push_from(bytes, |to| self.output.take_back(header, to))?;
        self.destination = Destination::RecordSpool { records, may_write_early: false };
        Ok(())
    }

    /// Flushes records if there are enough of them. Beyond the memory limit, begins to write to the output.
    fn flush_if_large(&mut self) -> Result<(), SinkError> {
        if self.text.len() < CHUNK.min(self.memory) {
            return Ok(());
        }
        let begins = match &self.destination {
            Destination::RecordSpool { records, may_write_early } => {
                let is_much = records.bytes() + self.text.len() > self.memory;
                // Records of a single column depend on there being no other, so they wait.
                *may_write_early && is_much && self.layout.0.len() > 1
            }
            Destination::Output { .. } => false,
        };
        if begins {
            let spool = std::mem::replace(&mut self.destination, Destination::Output { header: 0 });
            if let Destination::RecordSpool { records, .. } = spool {
                let header =
                    write_spooled(self.dialect, &self.schema, &self.layout, records, &mut self.output)?;
                self.destination = Destination::Output { header };
            }
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        match &mut self.destination {
            Destination::RecordSpool { records, .. } => records.push(&self.text)?,
            Destination::Output { .. } => write(&mut self.output, self.text.as_bytes())?,
        }
        self.text.clear();
        Ok(())
    }
}

/// Writes the header and the spooled records. Returns the length of the header.
fn write_spooled(
    dialect: Dialect,
    schema: &Schema,
    layout: &RecordLayout,
    records: RecordSpool,
    output: &mut Output,
) -> Result<u64, SinkError> {
    write(output, dialect.header(schema).as_bytes())?;
    let length = output.bytes();
    records.replay(dialect, layout, |text| write(output, text))?;
    Ok(length)
}

/// Writes rows spooled in their original form.
fn write_wide_rows(
    dialect: Dialect,
    schema: &Schema,
    rows: Spool,
    output: &mut Output,
) -> Result<(), SinkError> {
    let mut text = String::new();
    for portion in rows.into_portions(rows_at_once(schema.column_count()))? {
        push_portion(dialect, schema, &portion?, &mut text, |text| {
            if text.len() >= CHUNK {
                write(output, text.as_bytes())?;
                text.clear();
            }
            Ok::<_, SinkError>(())
        })?;
    }
    write(output, text.as_bytes())
}

pub(super) fn write(output: &mut Output, text: &[u8]) -> Result<(), SinkError> {
    output.write_all(text).map_err(|error| output.error(error))
}

#[cfg(all(test, feature = "parquet"))]
mod tests;
