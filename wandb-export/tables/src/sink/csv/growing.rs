//! A table that is written while its columns are still being found out.
//!
//! Rows become records of the columns that have been seen so far. The first ones are held in memory; with these it is
//! guessed that no column follows, and from then on records go where they are to stay. Once a guess turns out to be
//! wrong, what was written is taken back and put aside, and so is all that follows, until the last row has come. Then
//! records of other columns than the table's are written anew. An output that can take nothing back gets nothing
//! before.
//!
//! A table that turns out to have very many columns is not guessed at: its later rows are put aside as they came, since
//! records with a field for each column would be little but commas.

use std::io::Write as _;

use wandb_core::Row;
use wandb_core::page::Page;

use super::super::contract::SinkReport;
use super::super::error::SinkError;
use super::super::output::Output;
use super::aside::Aside;
use super::shape::Shape;
use super::wide::{is_wide, push_portion};
use super::{header, push_page, push_rows};
use crate::rows::rows_at_once;
use crate::rows::Spool;
use crate::columns::{Nested, Schema, SchemaBuilder, TableOptions};

/// So much text is written at once, at least.
const CHUNK: usize = 64 << 10;

pub(super) struct Growing {
    builder: SchemaBuilder,
    /// What had surprised the builder when it was last asked for the columns.
    surprises: u64,
    /// The columns so far.
    schema: Schema,
    shape: Shape,
    /// Records that are on their way to their place.
    text: String,
    place: Place,
    /// The rows since there are very many columns, which follow those in `place`.
    later: Option<Spool>,
    output: Output,
    memory: usize,
    rows: u64,
}

/// Where records go.
enum Place {
    Aside {
        records: Aside,
        /// Whether they may yet go to the output, behind those that are here.
        guess: bool,
    },
    /// To the output, behind a header of so many bytes.
    Output { header: u64 },
}

impl Growing {
    pub(super) fn new(output: Output, options: &TableOptions) -> Result<Self, SinkError> {
        let builder = options.schema_builder(Nested::Dotted);
        let schema = builder.finish();
        let shape = Shape::of(&schema);
        let mut records = Aside::new(options.memory, output.directory());
        records.begin(&shape)?;
        Ok(Self {
            surprises: builder.surprises(),
            builder,
            schema,
            shape,
            text: String::new(),
            place: Place::Aside { records, guess: output.can_take_back() },
            later: None,
            output,
            memory: options.memory,
            rows: 0,
        })
    }

    /// Whether no row has come yet.
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
            push_rows(&self.schema, rows, &mut self.text)?;
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
            push_page(&self.schema, page, start..page.len().min(start + most), &mut self.text);
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
        if let Place::Aside { records, .. } = self.place {
            begin(&self.schema, &self.shape, records, &mut self.output)?;
        }
        if let Some(later) = self.later {
            write_later(&self.schema, later, &mut self.output)?;
        }
        let columns = Some(self.schema.column_count());
        // The columns may have been the same all along, while more was found out about them.
        let findings = self.builder.finish().findings;
        Ok(SinkReport { rows: self.rows, columns, bytes: self.output.commit()?, findings })
    }

    /// Has the records that follow written for the columns that there are now.
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
            if let Place::Aside { records, .. } = &mut self.place {
                records.begin(&shape)?;
            }
        }
        (self.schema, self.shape) = (schema, shape);
        Ok(())
    }

    /// Puts aside what was written to the output.
    fn take_back(&mut self, header: u64) -> Result<(), SinkError> {
        let mut records = Aside::new(self.memory, self.output.directory());
        records.begin(&self.shape)?;
        let bytes = self.output.bytes() - header;
        records.push_from(bytes, |to| self.output.take_back(header, to))?;
        self.place = Place::Aside { records, guess: false };
        Ok(())
    }

    /// Sends records on if that is worthwhile, and decides whether to guess that there will be no more columns.
    fn pass_on(&mut self) -> Result<(), SinkError> {
        if self.text.len() < CHUNK.min(self.memory) {
            return Ok(());
        }
        let guess = match &self.place {
            Place::Aside { records, guess } => {
                let is_much = records.bytes() + self.text.len() > self.memory;
                // How records of one column look depends on there being no other.
                *guess && is_much && self.shape.0.len() > 1
            }
            Place::Output { .. } => false,
        };
        if guess {
            let place = std::mem::replace(&mut self.place, Place::Output { header: 0 });
            if let Place::Aside { records, .. } = place {
                let header = begin(&self.schema, &self.shape, records, &mut self.output)?;
                self.place = Place::Output { header };
            }
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        match &mut self.place {
            Place::Aside { records, .. } => records.push(&self.text)?,
            Place::Output { .. } => write(&mut self.output, self.text.as_bytes())?,
        }
        self.text.clear();
        Ok(())
    }
}

/// Writes the header, whose length is returned, and the records that were put aside.
fn begin(schema: &Schema, shape: &Shape, records: Aside, output: &mut Output) -> Result<u64, SinkError> {
    write(output, header(schema).as_bytes())?;
    let length = output.bytes();
    records.replay(shape, |text| write(output, text))?;
    Ok(length)
}

/// Writes the rows that were put aside as they came.
fn write_later(schema: &Schema, rows: Spool, output: &mut Output) -> Result<(), SinkError> {
    let mut text = String::new();
    for portion in rows.into_portions(rows_at_once(schema.column_count()))? {
        push_portion(schema, &portion?, &mut text, |text| {
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
