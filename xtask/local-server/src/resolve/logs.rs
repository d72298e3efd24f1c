//! `logLines`: console output, page by page.

use std::ops::Range;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::graphql::{Answer, Arguments, StaticObject};
use crate::quirks::Quirks;
use crate::store::Run;

/// Maximum number of lines per request.
const MAX_LINES: usize = 10_000;

/// A page of the kept lines.
struct Page {
    lines: Range<usize>,
    cursor: Option<String>,
    has_next: bool,
    has_previous: bool,
}

/// Returns the requested page, or `None` if the run never printed anything.
pub(crate) fn lines(
    run: &Arc<Run>,
    arguments: &Arguments,
    quirks: &Arc<Quirks>,
) -> Result<Option<StaticObject>, String> {
    if run.log.is_empty() {
        return Ok(None);
    }
    let kept = run.log.len().saturating_sub(quirks.log_lines_kept)..run.log.len();
    let Page { lines, cursor, has_next, has_previous } = if let Some(endless) = quirks.endless_lists {
        let (turn, cursor) = endless.turn(arguments.str("after"));
        let count = arguments.count("first").unwrap_or(MAX_LINES).min(MAX_LINES);
        let start = kept.start.saturating_add(turn.saturating_mul(count)).min(kept.end);
        Page {
            lines: start..start.saturating_add(count).min(kept.end),
            cursor,
            has_next: true,
            has_previous: turn > 0,
        }
    } else if arguments.flag("useImprovedPagination") {
        improved(run, kept, arguments, quirks.log_page_bytes)?
    } else {
        legacy(kept, arguments)?
    };
    let is_endless = quirks.endless_lists.is_some();
    let (run, quirks) = (Arc::clone(run), Arc::clone(quirks));
    let connection = StaticObject::new("LogLineConnection")
        .object("edges", move || {
            Answer::objects(lines.clone().map(|number| {
                let run = Arc::clone(&run);
                let is_null = quirks.is_null("logLines", number);
                let cursor = if is_endless { String::new() } else { encode("line", number) };
                StaticObject::new("LogLineEdge").value("cursor", cursor).object("node", move || {
                    if is_null { Answer::NULL } else { Answer::object(line(number, &run.log[number])) }
                })
            }))
        })
        .object("pageInfo", move || {
            Answer::object(
                StaticObject::new("PageInfo")
                    .value("endCursor", cursor.clone())
                    .value("hasNextPage", has_next)
                    .value("hasPreviousPage", has_previous),
            )
        });
    Ok(Some(connection))
}

/// Returns the last lines, or the first ones after a cursor, up to the maximum page size.
fn improved(run: &Run, kept: Range<usize>, arguments: &Arguments, max_bytes: usize) -> Result<Page, String> {
    let place = |name| match arguments.str(name).filter(|cursor| !cursor.is_empty()) {
        None => Ok(None),
        Some(cursor) => decode("line", cursor).ok_or_else(|| format!("invalid cursor {cursor:?}")).map(Some),
    };
    let start = place("after")?.map_or(kept.start, |after| (after + 1).clamp(kept.start, kept.end));
    let end = place("before")?.map_or(kept.end, |before| before.clamp(start, kept.end));
    let wanted = match arguments.count("last") {
        Some(last) => end.saturating_sub(last.min(MAX_LINES)).max(start)..end,
        None => {
            start..end.min(start.saturating_add(arguments.count("first").unwrap_or(MAX_LINES).min(MAX_LINES)))
        }
    };
    let mut bytes = 0;
    let fits = |number: &usize| {
        bytes += run.log[*number].len();
        bytes <= max_bytes
    };
    let count = wanted.clone().take_while(fits).count().max(usize::from(!wanted.is_empty()));
    let lines = wanted.start..wanted.start + count;
    Ok(Page {
        cursor: lines.clone().next_back().map(|last| encode("line", last)),
        has_next: lines.end == wanted.end && lines.end < kept.end,
        has_previous: lines.start > kept.start,
        lines,
    })
}

/// Returns the newest lines before an offset from the end. `first` is ignored, and later pages hold older lines.
fn legacy(kept: Range<usize>, arguments: &Arguments) -> Result<Page, String> {
    let skipped = match arguments.str("after").filter(|cursor| !cursor.is_empty()) {
        None => 0,
        Some(cursor) => {
            let offset = decode("offset", cursor).or_else(|| cursor.parse().ok());
            offset.ok_or_else(|| format!("invalid cursor {cursor:?}"))?
        }
    };
    let end = kept.end.saturating_sub(skipped).max(kept.start);
    let start =
        end.saturating_sub(arguments.count("last").unwrap_or(MAX_LINES).min(MAX_LINES)).max(kept.start);
    Ok(Page {
        lines: start..end,
        cursor: Some(encode("offset", kept.end - start)),
        has_next: start > kept.start,
        has_previous: end < kept.end,
    })
}

fn encode(kind: &str, number: usize) -> String {
    STANDARD.encode(format!("{kind}:{number}"))
}

fn decode(kind: &str, cursor: &str) -> Option<usize> {
    let text = String::from_utf8(STANDARD.decode(cursor).ok()?).ok()?;
    text.strip_prefix(kind)?.strip_prefix(':')?.parse().ok()
}

/// Parses a line as the SDK streams it: `ERROR ` if it is from the error stream, then the time, then the text.
fn line(number: usize, text: &str) -> StaticObject {
    let (level, rest) = match text.strip_prefix("ERROR ") {
        Some(rest) => ("error", rest),
        None => ("", text),
    };
    let (time, rest) = match rest.split_once(' ') {
        Some((time, rest)) if time.parse::<jiff::civil::DateTime>().is_ok() => (Some(time), rest),
        _ => (None, rest),
    };
    StaticObject::new("LogLine")
        .value("number", number)
        .value("timestamp", time)
        .value("level", level)
        .value("label", "")
        .value("line", rest)
}
