//! `logLines`: console output, page by page.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::graphql::{Answer, Arguments, Facts};
use crate::store::Run;

/// Most lines one request gives.
const MOST: usize = 10_000;

/// The page asked for: the last lines, or the first ones after a cursor.
pub(crate) fn lines(run: &Arc<Run>, arguments: &Arguments) -> Result<Facts, String> {
    let len = run.log.len();
    let (start, end) = if let Some(last) = arguments.count("last") {
        (len.saturating_sub(last.min(MOST)), len)
    } else {
        let start = match arguments.str("after").filter(|cursor| !cursor.is_empty()) {
            None => 0,
            Some(cursor) => 1 + decode(cursor).ok_or_else(|| format!("invalid cursor {cursor:?}"))?,
        };
        let start = start.min(len);
        (start, len.min(start.saturating_add(arguments.count("first").unwrap_or(MOST).min(MOST))))
    };
    let last = end.checked_sub(1).filter(|_| end > start).map(encode);
    let run = Arc::clone(run);
    Ok(Facts::new("LogLineConnection")
        .object("edges", move || {
            Answer::objects((start..end).map(|number| {
                let run = Arc::clone(&run);
                Facts::new("LogLineEdge")
                    .value("cursor", encode(number))
                    .object("node", move || Answer::object(line(number, &run.log[number])))
            }))
        })
        .object("pageInfo", move || {
            Answer::object(
                Facts::new("PageInfo")
                    .value("endCursor", last.clone())
                    .value("hasNextPage", end < len)
                    .value("hasPreviousPage", start > 0),
            )
        }))
}

fn encode(number: usize) -> String {
    STANDARD.encode(format!("line:{number}"))
}

fn decode(cursor: &str) -> Option<usize> {
    let text = String::from_utf8(STANDARD.decode(cursor).ok()?).ok()?;
    text.strip_prefix("line:")?.parse().ok()
}

/// A line as the SDK streams it: `ERROR ` before lines of the error stream, then the time, then the text.
fn line(number: usize, text: &str) -> Facts {
    let (level, rest) = match text.strip_prefix("ERROR ") {
        Some(rest) => ("error", rest),
        None => ("", text),
    };
    let (time, rest) = match rest.split_once(' ') {
        Some((time, rest)) if time.parse::<jiff::civil::DateTime>().is_ok() => (Some(time), rest),
        _ => (None, rest),
    };
    Facts::new("LogLine")
        .value("number", number)
        .value("timestamp", time)
        .value("level", level)
        .value("label", "")
        .value("line", rest)
}
