//! Writes a single record: one line per field in a table, one row in other formats.

use wandb_core::{Map, Row, Value};
use wandb_tables::Format;

use super::exit::Outcome;
use super::output::Destination;
use super::session::Session;
use crate::RunColumns;
use crate::api::Run;
use crate::error::Error;
use crate::runlog::{Alert, Artifact, Branch};

/// Writes `record` as one row, or as a table with one line per field.
pub(super) fn write(session: &Session, record: Row, destination: &Destination) -> Result<Outcome, Error> {
    let mut sink = destination.open_field_sink()?;
    let rows = if destination.format()? == Format::Table { field_rows(&record) } else { vec![record] };
    sink.write(&rows)?;
    session.print_notes(&sink.finish()?.into(), destination.format()?);
    Ok(Outcome::Done)
}

/// Writes everything known about a run, and the URL of its page if it has one.
pub(super) fn write_run(
    session: &Session,
    run: &Run,
    raw: bool,
    destination: &Destination,
) -> Result<Outcome, Error> {
    let url = run.has_page().then(|| ("url".into(), Value::String(run.url())));
    let list = |name: &str, items: Vec<Value>| (!items.is_empty()).then(|| (name.into(), items.into()));
    let record = RunColumns::All.row(run).into_iter().map(|(name, value)| {
        let raw_config = run.config.as_ref().filter(|_| raw && &*name == "config");
        let value = raw_config.map_or(value, |config| Value::Map(config.wrapped()));
        (name, value)
    });
    let record = record
        .chain(run.branch().map(|branch| ("branch".into(), branch_value(&branch))))
        .chain(list("alerts", run.alerts().iter().map(alert_value).collect()))
        .chain(list("artifacts", run.artifacts().iter().map(artifact_value).collect()))
        .chain(url);
    write(session, record.collect(), destination)
}

fn branch_value(branch: &Branch) -> Value {
    // The file stores steps as floats. `3.0` is formatted as `3`, which parses as an integer.
    let value = Value::parse(branch.value.to_string().as_bytes()).unwrap_or(Value::Float(branch.value));
    Map::from_iter([("run", (&*branch.run).into()), ("metric", (&*branch.metric).into()), ("value", value)])
        .into()
}

fn alert_value(alert: &Alert) -> Value {
    let texts = [("title", &alert.title), ("text", &alert.text), ("level", &alert.level)];
    texts.into_iter().map(|(name, text)| (name, text.as_str())).collect::<Map>().into()
}

fn artifact_value(artifact: &Artifact) -> Value {
    let aliases: Vec<Value> = artifact.aliases.iter().map(|alias| alias.as_str().into()).collect();
    Map::from_iter([
        ("name", Value::from(artifact.name.as_str())),
        ("type", artifact.kind.as_str().into()),
        ("is_output", artifact.is_output.into()),
        ("aliases", aliases.into()),
        ("digest", artifact.digest.as_str().into()),
    ])
    .into()
}

fn field_rows(record: &Row) -> Vec<Row> {
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
