//! One thing with many fields: a line each for people, one row for machines.

use wandb_core::{Row, Value};

use super::exit::Outcome;
use super::output::Destination;
use super::session::Session;
use crate::api::{Run, RunColumns};
use crate::error::Error;
use crate::sink::Format;

/// Writes `record` as one row, or as a table with a line a field.
pub(super) fn write(session: &Session, record: Row, destination: &Destination) -> Result<Outcome, Error> {
    let mut sink = destination.sink_for_fields()?;
    let rows = if destination.format()? == Format::Table { fields(&record) } else { vec![record] };
    sink.write(&rows)?;
    session.tell(&sink.finish()?, destination.format()?);
    Ok(Outcome::Done)
}

/// Writes all that is known of a run, and where its page is if it has one.
pub(super) fn write_run(session: &Session, run: &Run, destination: &Destination) -> Result<Outcome, Error> {
    let url = run.has_page().then(|| ("url".into(), Value::String(run.url())));
    let record = RunColumns::All.row(run).into_iter().chain(url).collect();
    write(session, record, destination)
}

fn fields(record: &Row) -> Vec<Row> {
    let mut fields = Vec::new();
    for (name, value) in record.iter() {
        flatten(name.to_owned(), value, &mut fields);
    }
    fields
}

fn flatten(name: String, value: &Value, fields: &mut Vec<Row>) {
    match value {
        Value::Map(map) if !map.is_empty() && !map.contains_key("_type") => {
            for (key, value) in map.iter() {
                flatten(format!("{name}.{key}"), value, fields);
            }
        }
        Value::Null => {}
        value => {
            let text = match value {
                Value::String(text) => text.clone(),
                value => value.to_json(),
            };
            fields
                .push([("field", Value::String(name)), ("value", Value::String(text))].into_iter().collect());
        }
    }
}
