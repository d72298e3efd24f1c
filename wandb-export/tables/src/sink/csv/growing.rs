//! Writes a table while its columns are still being discovered.
//!
//! Rows become records with the columns seen so far. The first records are held in memory. Once the memory is
//! full, the writer guesses that no more columns follow, and writes records to the output directly. If the guess
//! turns out wrong, the records are taken back from the output and spooled, like all that follow, until the last
//! row. Records with outdated columns are then rewritten. An output that cannot take data back receives nothing
//! before the end.
//!
//! For a table with very many columns, there is no guess: its later rows are spooled in their original form,
//! because a record with a field for each column would consist mostly of commas.

use std::io::Write as _;

use wandb_core::Row;
use wandb_core::page::Page;

use super::super::contract::SinkReport;
use super::super::error::SinkError;
use super::super::output::Output;
use super::dialect::Dialect;
use super::record_spool::RecordSpool;
use super::shape::Shape;
use super::wide::{is_wide, push_portion};
use crate::columns::{Nested, Schema, SchemaBuilder, TableOptions};
use crate::rows::{Spool, rows_at_once};

/// Minimum amount of text to write at once, in bytes.
const CHUNK: usize = 64 << 10;

pub(super) struct Growing {
    dialect: Dialect,
    builder: SchemaBuilder,
    /// The builder's change counter when `schema` was derived.
    surprises: u64,
    /// The columns so far.
    schema: Schema,
    shape: Shape,
    /// Records that are not written or spooled yet.
    text: String,
    place: Place,
    /// Rows since the table became wide, which follow those in `place`.
    later: Option<Spool>,
    output: Output,
    memory: usize,
    rows: u64,
}

/// The current destination of records.
enum Place {
    RecordSpool {
        records: RecordSpool,
        /// Whether a guess may still move the records to the output.
        guess: bool,
    },
    /// The output, after a header of this many bytes.
    Output { header: u64 },
}

impl Growing {
    pub(super) fn new(dialect: Dialect, output: Output, options: &TableOptions) -> Result<Self, SinkError> {
        let builder = options.schema_builder(Nested::Dotted);
        let schema = builder.finish();
        let shape = Shape::of(&schema);
        let mut records = RecordSpool::new(options.memory, output.directory());
        records.begin(&shape)?;
        Ok(Self {
            dialect,
            surprises: builder.surprises(),
            builder,
            schema,
            shape,
            text: String::new(),
            place: Place::RecordSpool { records, guess: output.can_take_back() },
            later: None,
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

    pub(super) fn rows(&mut self, rows: &[Row]) -> Result<(), SinkError> {
        for row in rows {
            self.builder.observe(row);
        }
        self.learn()?;
        self.rows += rows.len() as u64;
        if let Some(later) = &mut self.later {
            return Ok(rows.iter().try_for_each(|row| later.push(row))?);
        }
        for rows in rows.chunks(rows_at_once(self.schema.column_count())) {
            self.dialect.push_rows(&self.schema, rows, &mut self.text)?;
            self.pass_on()?;
        }
        Ok(())
    }

    pub(super) fn page(&mut self, page: &Page) -> Result<(), SinkError> {
        if !self.builder.observe_page(page) {
            return self.rows(&page.to_rows());
        }
        self.learn()?;
        self.rows += page.len() as u64;
        if let Some(later) = &mut self.later {
            return Ok(later.push_page(page)?);
        }
        let most = rows_at_once(self.schema.column_count());
        for start in (0..page.len()).step_by(most) {
            self.dialect.push_page(&self.schema, page, start..page.len().min(start + most), &mut self.text);
            self.pass_on()?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<SinkReport, SinkError> {
        self.flush()?;
        if self.later.is_some() {
            self.schema = self.builder.finish();
            self.shape = Shape::of(&self.schema);
        }
        if let Place::RecordSpool { records, .. } = self.place {
            begin(self.dialect, &self.schema, &self.shape, records, &mut self.output)?;
        }
        if let Some(later) = self.later {
            write_later(self.dialect, &self.schema, later, &mut self.output)?;
        }
        let columns = Some(self.schema.column_count());
        // The findings may have changed even though the columns did not.
        let findings = self.builder.finish().findings;
        Ok(SinkReport { rows: self.rows, columns, bytes: self.output.commit()?, findings })
    }

    /// Updates the columns after new rows were observed.
    fn learn(&mut self) -> Result<(), SinkError> {
        if self.later.is_some() {
            return Ok(());
        }
        if self.builder.surprises() == self.surprises {
            return Ok(());
        }
        self.surprises = self.builder.surprises();
        let schema = self.builder.finish();
        if is_wide(&schema) {
            self.flush()?;
            if let Place::Output { header } = self.place {
                self.take_back(header)?;
            }
            self.later = Some(Spool::new(self.memory, self.output.directory()));
            return Ok(());
        }
        let shape = Shape::of(&schema);
        if shape != self.shape {
            self.flush()?;
            if let Place::Output { header } = self.place
                && !shape.keeps(&self.shape)
            {
                self.take_back(header)?;
            }
            if let Place::RecordSpool { records, .. } = &mut self.place {
                records.begin(&shape)?;
            }
        }
        (self.schema, self.shape) = (schema, shape);
        Ok(())
    }

    /// Moves the records from the output to the spool.
    fn take_back(&mut self, header: u64) -> Result<(), SinkError> {
        let mut records = RecordSpool::new(self.memory, self.output.directory());
        records.begin(&self.shape)?;
        let bytes = self.output.bytes() - header;
        records.push_from(bytes, |to| self.output.take_back(header, to))?;
        self.place = Place::RecordSpool { records, guess: false };
        Ok(())
    }

    /// Flushes records if there are enough of them. Decides whether to guess that no more columns follow.
    fn pass_on(&mut self) -> Result<(), SinkError> {
        if self.text.len() < CHUNK.min(self.memory) {
            return Ok(());
        }
        let guess = match &self.place {
            Place::RecordSpool { records, guess } => {
                let is_much = records.bytes() + self.text.len() > self.memory;
                // Records of a single column depend on there being no other, so do not guess.
                *guess && is_much && self.shape.0.len() > 1
            }
            Place::Output { .. } => false,
        };
        if guess {
            let place = std::mem::replace(&mut self.place, Place::Output { header: 0 });
            if let Place::RecordSpool { records, .. } = place {
                let header = begin(self.dialect, &self.schema, &self.shape, records, &mut self.output)?;
                self.place = Place::Output { header };
            }
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        match &mut self.place {
            Place::RecordSpool { records, .. } => records.push(&self.text)?,
            Place::Output { .. } => write(&mut self.output, self.text.as_bytes())?,
        }
        self.text.clear();
        Ok(())
    }
}

/// Writes the header and the spooled records. Returns the length of the header.
fn begin(
    dialect: Dialect,
    schema: &Schema,
    shape: &Shape,
    records: RecordSpool,
    output: &mut Output,
) -> Result<u64, SinkError> {
    write(output, dialect.header(schema).as_bytes())?;
    let length = output.bytes();
    records.replay(dialect, shape, |text| write(output, text))?;
    Ok(length)
}

/// Writes rows spooled in their original form.
fn write_later(dialect: Dialect, schema: &Schema, rows: Spool, output: &mut Output) -> Result<(), SinkError> {
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
