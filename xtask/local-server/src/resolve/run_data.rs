//! The rows of a run: history, samples, events, keys and Parquet exports.

use std::sync::Arc;

use serde_json::Value;

use super::context::WindowTooWide;
use super::run::RunObject;
use crate::graphql::{Answer, Arguments, Object, Resolved};
use crate::store::{SampleSpec, object, sampled_rows, write_history_rows};

/// Number of rows in `historyTail` and `eventsTail`.
const TAIL: usize = 1;
/// Maximum number of rows in `liveData`. Clients only need the first.
const LIVE_ROWS: usize = 10_000;

pub(crate) fn resolve(object: &RunObject, field: &str, arguments: &Arguments) -> Resolved {
    let run = &*object.run;
    let history = &*run.history;
    Ok(match field {
        "historyLineCount" => Answer::value(run.limits.count(history.len())),
        "eventsLineCount" => Answer::value(run.limits.count(run.events.len())),
        "historyKeys" => match run.limits.last_step(history) {
            Some(last_step) => Answer::value(history.keys().to_json(last_step)),
            None => Answer::NULL,
        },
        "historyTail" => {
            let start = history.len().saturating_sub(TAIL);
            let rows = (start..history.len()).map(|index| Value::from(history.text(index)));
            Answer::value(rows.collect::<Value>().to_string())
        }
        "eventsTail" => {
            let start = run.events.len().saturating_sub(TAIL);
            let rows = (start..run.events.len()).map(|index| Value::from(run.events.text(index)));
            Answer::value(rows.collect::<Value>().to_string())
        }
        "systemMetrics" => match run.events.len().checked_sub(1) {
            Some(last) => Answer::value(run.events.text(last)),
            None => Answer::value("{}"),
        },
        "history" => {
            let (min, max) = (arguments.int("minStep"), arguments.int("maxStep"));
            check_width(object, min, max)?;
            let max_rows = run.limits.max_rows(arguments.count("samples"));
            let (rows, limits) = (Arc::clone(&run.history), run.limits);
            Answer::Written(Box::new(move |out| {
                write_history_rows(&rows, rows.window(min, max), max_rows, limits, out);
            }))
        }
        "sampledHistory" => {
            let specs = arguments.strings("specs").unwrap_or_default();
            let mut lists = Vec::with_capacity(specs.len());
            for spec in specs {
                let spec: SampleSpec =
                    serde_json::from_str(&spec).map_err(|error| format!("invalid history spec: {error}"))?;
                check_width(object, spec.min_step, spec.max_step.map(|max| max.saturating_add(1)))?;
                lists.push(sampled_rows(history, run.limits, &spec));
            }
            Answer::Encoded(list(&lists))
        }
        "events" => {
            let max_rows = run.limits.max_rows(arguments.count("samples"));
            let (rows, limits) = (Arc::clone(&run.events), run.limits);
            Answer::Written(Box::new(move |out| {
                write_history_rows(&rows, 0..rows.len(), max_rows, limits, out);
            }))
        }
        "parquetHistory" => Answer::object(ParquetHistory {
            object: object.clone(),
            live_keys: arguments.strings("liveKeys").unwrap_or_default(),
        }),
        _ => Answer::NULL,
    })
}

fn list(items: &[Vec<u8>]) -> Vec<u8> {
    let mut out = vec![b'['];
    out.extend_from_slice(&items.join(&b','));
    out.push(b']');
    out
}

/// Fails if the window is wider than the page limit.
fn check_width(object: &RunObject, min: Option<i64>, max: Option<i64>) -> Result<(), String> {
    let (Some(limit), Some(max)) = (object.context.page_limit, max) else { return Ok(()) };
    let steps = u64::try_from(max.saturating_sub(min.unwrap_or(0))).unwrap_or(0);
    if steps <= limit {
        return Ok(());
    }
    object.context.reject_window(WindowTooWide { steps });
    Err(format!("history window of {steps} steps is too large"))
}

/// `ParquetHistory`.
struct ParquetHistory {
    object: RunObject,
    live_keys: Vec<String>,
}

impl Object for ParquetHistory {
    fn type_name(&self) -> &'static str {
        "ParquetHistory"
    }

    fn resolve(&self, field: &str, _arguments: &Arguments) -> Resolved {
        let run = &*self.object.run;
        let export = run.export.as_ref();
        Ok(match field {
            "parquetUrls" => {
                let parts = export.map(crate::store::Export::parts).unwrap_or_default();
                Answer::value(
                    parts.iter().map(|key| self.object.context.download_url(key)).collect::<Vec<String>>(),
                )
            }
            "liveData" if export.is_none_or(|export| export.list_live) => {
                let start = export.map_or(0, |export| export.first_live);
                let end = run.history.len().min(start.saturating_add(LIVE_ROWS));
                let row = |index| object(&run.history, index, &self.live_keys);
                Answer::Encoded(list(&(start..end).filter_map(row).collect::<Vec<_>>()))
            }
            "liveData" => Answer::value(Value::Array(Vec::new())),
            _ => Answer::NULL,
        })
    }
}
