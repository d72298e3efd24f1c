//! The sink for formats with typed columns. Rows are spooled until the last one is known, unless the schema
//! is known in advance.

mod column_order;
mod table;
#[cfg(all(test, feature = "csv", feature = "parquet"))]
mod tests;

use wandb_core::Row;

use self::column_order::ColumnOrder;
use self::table::Table;
use super::encoder::TableEncoder;
use super::error::SinkError;
use super::output::Output;
use super::sink_trait::{Sink, SinkReport};
use crate::columns::{ColumnType, Nested, Schema, TableOptions};
use crate::rows::{Batch, Portion, Spool, TableSpool, is_wide, rows_at_once};

/// Spools rows and encodes them at the end, or encodes record batches as they arrive.
pub(super) struct ColumnarSink<E: TableEncoder> {
    options: TableOptions,
    divides_objects: bool,
    name: String,
    state: State<E>,
}

enum State<E: TableEncoder> {
    Gathering(Box<Gathering<E>>),
    Writing(ColumnOrder, Box<Table<E>>),
    Failed,
}

struct Gathering<E> {
    encoding: E,
    output: Output,
    rows: TableSpool,
}

impl<E: TableEncoder> ColumnarSink<E> {
    /// Creates a sink. `default` is used unless `options.nested` is set.
    pub(super) fn new(encoding: E, output: Output, options: &TableOptions, default: Nested) -> Self {
        Self {
            options: options.clone(),
            divides_objects: options.divides_objects(default),
            name: output.name().to_owned(),
            state: State::Gathering(Box::new(Gathering {
                encoding,
                rows: TableSpool::new(options, default, output.directory()),
                output,
            })),
        }
    }

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

impl<E: TableEncoder> Gathering<E> {
    /// Writes the spooled rows, now that all columns are known.
    fn write(self) -> Result<SinkReport, SinkError> {
        let (schema, spool) = self.rows.finish();
        if is_wide(&schema) {
            return self.encoding.write_wide(schema, spool, self.output);
        }
        write_spooled(self.encoding, schema, spool, self.output)
    }
}

/// Writes spooled rows with a known schema, one portion at a time.
pub(super) fn write_spooled<E: TableEncoder>(
    encoding: E,
    schema: Schema,
    spool: Spool,
    output: Output,
) -> Result<SinkReport, SinkError> {
    let portions = spool.into_portions(rows_at_once(schema.column_count()))?;
    let mut table = Table::begin(encoding, schema, output)?;
    for portion in portions {
        table.push(portion?)?;
    }
    table.finish()
}

impl<E: TableEncoder> Sink for ColumnarSink<E> {
    fn divides_objects(&self) -> bool {
        self.divides_objects
    }

    fn write(&mut self, rows: &[Row]) -> Result<(), SinkError> {
        let written = match &mut self.state {
            State::Gathering(gathering) => gathering.rows.rows(rows).map_err(SinkError::from),
            State::Writing(_, table) => table.push(Portion::Rows(rows.to_vec())),
            State::Failed => Err(self.failed()),
        };
        self.note(written)
    }

    fn expect_columns(&mut self, columns: &[(String, Option<ColumnType>)]) -> Result<(), SinkError> {
        if let State::Gathering(gathering) = &mut self.state {
            gathering.rows.expect(columns);
        }
        Ok(())
    }

    fn begin_columns(&mut self, schema: &Schema) -> Result<bool, SinkError> {
        // Wide tables are spooled as rows instead, and written column by column.
        if is_wide(schema) || schema.fields().len() > self.options.max_columns {
            return Ok(false);
        }
        match std::mem::replace(&mut self.state, State::Failed) {
            State::Gathering(gathering) if gathering.rows.is_empty() => {
                let order = ColumnOrder::new(schema, &self.options);
                let table = Table::begin(gathering.encoding, order.schema().clone(), gathering.output)?;
                self.state = State::Writing(order, Box::new(table));
                Ok(true)
            }
            state => {
                self.state = state;
                Ok(false)
            }
        }
    }

    fn write_batch(&mut self, batch: &Batch) -> Result<(), SinkError> {
        let written = match (batch, &mut self.state) {
            (Batch::Page(page), State::Gathering(gathering)) => {
                gathering.rows.page(page).map_err(SinkError::from)
            }
            (Batch::Columns(columns), State::Writing(order, table)) => match order.apply(columns) {
                Ok(columns) => table.push(Portion::Columns(columns)),
                Err(error) => Err(error.into()),
            },
            _ => return self.write(&batch.to_rows()?),
        };
        self.note(written)
    }

    fn finish(self: Box<Self>) -> Result<SinkReport, SinkError> {
        match self.state {
            State::Gathering(gathering) => gathering.write(),
            State::Writing(_, table) => table.finish(),
            State::Failed => Err(SinkError::Failed { output: self.name }),
        }
    }
}
