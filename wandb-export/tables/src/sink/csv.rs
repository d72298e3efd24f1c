//! Comma-separated and tab-separated values.
//!
//! This does not use the writer of the `csv` crate, which has one quoting style for all fields: here an empty
//! string must differ from a missing value. The tests read the output with that crate.

mod dialect;
mod early;
#[cfg(feature = "parquet")]
mod encoder;
#[cfg(feature = "parquet")]
mod record_batch;
mod sparse;

use wandb_core::Row;

use self::dialect::Dialect;
use self::early::EarlyWriter;
use super::error::SinkError;
use super::options::SinkOptions;
use super::output::Output;
use super::sink_trait::{Sink, SinkReport};
use crate::columns::ColumnType;
#[cfg(feature = "parquet")]
use crate::columns::Schema;
use crate::rows::Batch;

pub(super) fn sink(output: Output, options: &SinkOptions) -> Result<Box<dyn Sink>, SinkError> {
    open(Dialect::Csv, output, options)
}

pub(super) fn tsv_sink(output: Output, options: &SinkOptions) -> Result<Box<dyn Sink>, SinkError> {
    open(Dialect::Tsv, output, options)
}

fn open(dialect: Dialect, output: Output, options: &SinkOptions) -> Result<Box<dyn Sink>, SinkError> {
    Ok(Box::new(Csv {
        #[cfg(feature = "parquet")]
        dialect,
        #[cfg(feature = "parquet")]
        options: options.table.clone(),
        name: output.name().to_owned(),
        divides_objects: options.table.divides_objects(crate::columns::Nested::Dotted),
        state: State::Early(Box::new(EarlyWriter::new(dialect, output, &options.table)?)),
    }))
}

/// Writes rows as they arrive, or record batches with a columnar schema.
struct Csv {
    #[cfg(feature = "parquet")]
    dialect: Dialect,
    #[cfg(feature = "parquet")]
    options: crate::columns::TableOptions,
    name: String,
    divides_objects: bool,
    state: State,
}

enum State {
    Early(Box<EarlyWriter>),
    #[cfg(feature = "parquet")]
    ColumnarSink(Box<encoder::ColumnarCsvSink>),
    Failed,
}

impl Csv {
    fn failed(&self) -> SinkError {
        SinkError::Failed { output: self.name.clone() }
    }

    /// Marks the sink as failed after an error, so that it cannot be finished.
    fn note<T>(&mut self, done: Result<T, SinkError>) -> Result<T, SinkError> {
        if done.is_err() {
            self.state = State::Failed;
        }
        done
    }
}

impl Sink for Csv {
    fn divides_objects(&self) -> bool {
        self.divides_objects
    }

    fn write(&mut self, rows: &[Row]) -> Result<(), SinkError> {
        let written = match &mut self.state {
            State::Early(early) => early.rows(rows),
            #[cfg(feature = "parquet")]
            State::ColumnarSink(columnar) => columnar.write(rows),
            State::Failed => Err(self.failed()),
        };
        self.note(written)
    }

    fn expect_columns(&mut self, columns: &[(String, Option<ColumnType>)]) -> Result<(), SinkError> {
        let done = match &mut self.state {
            State::Early(early) => early.expect(columns),
            _ => Ok(()),
        };
        self.note(done)
    }

    #[cfg(feature = "parquet")]
    fn begin_columns(&mut self, schema: &Schema) -> Result<bool, SinkError> {
        match std::mem::replace(&mut self.state, State::Failed) {
            // An integer keeps its text even in a float column. Only rows preserve that text.
            State::Early(early)
                if early.is_empty()
                    && !schema.widens
                    && !crate::rows::is_wide(schema)
                    && schema.column_count() <= self.options.max_columns =>
            {
                let mut columnar = Box::new(encoder::sink(self.dialect, early.into_output(), &self.options));
                let begun = columnar.begin_columns(schema)?;
                self.state = State::ColumnarSink(columnar);
                Ok(begun)
            }
            state => {
                self.state = state;
                Ok(false)
            }
        }
    }

    fn write_batch(&mut self, batch: &Batch) -> Result<(), SinkError> {
        let written = match (batch, &mut self.state) {
            (Batch::Page(page), State::Early(early)) => early.page(page),
            #[cfg(feature = "parquet")]
            (_, State::ColumnarSink(columnar)) => columnar.write_batch(batch),
            _ => return self.write(&batch.to_rows()?),
        };
        self.note(written)
    }

    fn finish(self: Box<Self>) -> Result<SinkReport, SinkError> {
        match self.state {
            State::Early(early) => early.finish(),
            #[cfg(feature = "parquet")]
            State::ColumnarSink(columnar) => columnar.finish(),
            State::Failed => Err(self.failed()),
        }
    }
}

#[cfg(test)]
mod tests;
