//! The Arrow IPC file format.

use arrow_ipc::writer::FileWriter;
use arrow_schema::ArrowError;

use super::contract::Sink;
use super::encode::{Columnar, Encode};
use super::error::SinkError;
use super::format::Format;
use super::options::SinkOptions;
use super::output::Output;
use crate::spool::SpooledBatches;
use crate::table::{BatchBuilder, Nested, Schema};

pub(super) fn sink(output: Output, options: &SinkOptions) -> Box<dyn Sink> {
    Box::new(Columnar::new(Arrow, output, &options.table, Nested::Json))
}

/// Not compressed, so that readers can map the file into memory and use it as it is.
struct Arrow;

impl Encode for Arrow {
    fn encode(&self, schema: &Schema, rows: SpooledBatches, output: &mut Output) -> Result<(), SinkError> {
        let builder = BatchBuilder::new(schema.clone());
        let mut writer = FileWriter::try_new(&mut *output, builder.arrow_schema());
        for batch in rows {
            let batch = builder.build(&batch?)?;
            writer = writer.and_then(|mut writer| writer.write(&batch).map(|()| writer));
            if writer.is_err() {
                break;
            }
        }
        writer.and_then(|mut writer| writer.finish()).map_err(|error| failure(error, output))
    }
}

fn failure(error: ArrowError, output: &Output) -> SinkError {
    output.take_failure().unwrap_or_else(|| SinkError::Encode {
        format: Format::Arrow,
        output: output.name().to_owned(),
        source: Box::new(error),
    })
}
