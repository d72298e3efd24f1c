//! Reads rows in the format of SDKs before 0.10: one JSON object per line.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::PathBuf;

use wandb_core::{Map, Row, Value};
use wandb_runlog::{Facts, Selection};

use super::session_files::{EVENTS, HISTORY, SessionFiles};
use crate::issue::Issue;

/// The most rows per batch.
const ROWS_AT_ONCE: usize = 256;

/// The longest line, in bytes.
const MAX_LINE_BYTES: u64 = 256 << 20;

/// Reads the rows of a file.
#[derive(Debug)]
pub(super) struct JsonLinesReader {
    file: PathBuf,
    text: BufReader<File>,
    /// The selection of logged rows, or `None` for system metrics.
    logged: Option<Selection>,
    shift: i64,
    last: Option<i64>,
    line: u64,
    out_of_order: u64,
    /// The first line that is not a row, and the number of such lines.
    damaged: Option<(u64, u64)>,
}

impl JsonLinesReader {
    /// Opens the rows that a session logged. Returns `None` if the file does not exist.
    pub(super) fn open_logged(
        files: &SessionFiles,
        selection: Selection,
        shift: i64,
    ) -> io::Result<Option<Self>> {
        Self::open(files.text_path(HISTORY), Some(selection), shift)
    }

    /// Opens the system metrics of a session. Returns `None` if the file does not exist.
    pub(super) fn open_system(files: &SessionFiles) -> io::Result<Option<Self>> {
        Self::open(files.text_path(EVENTS), None, 0)
    }

    fn open(file: PathBuf, logged: Option<Selection>, shift: i64) -> io::Result<Option<Self>> {
        let text = match File::open(&file) {
            Ok(opened) => BufReader::new(opened),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        Ok(Some(Self { file, text, logged, shift, last: None, line: 0, out_of_order: 0, damaged: None }))
    }

    /// Returns the next rows, at least one, or `None` at the end.
    pub(super) fn next_rows(&mut self) -> io::Result<Option<Vec<Row>>> {
        let mut rows = Vec::new();
        let mut line = Vec::new();
        while rows.len() < ROWS_AT_ONCE {
            line.clear();
            if self.text.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            self.line += 1;
            let json = line.trim_ascii();
            if json.is_empty() {
                continue;
            }
            match Row::parse(json) {
                Ok(row) => rows.extend(self.convert_row(row)),
                Err(_) => {
                    self.damaged =
                        Some(self.damaged.map_or((self.line, 1), |(first, more)| (first, more + 1)));
                }
            }
        }
        Ok((!rows.is_empty()).then_some(rows))
    }

    fn convert_row(&mut self, row: Row) -> Option<Row> {
        let Some(selection) = &self.logged else { return Some(row) };
        let mut cells: Map = row.into_iter().collect();
        let next = self.last.map_or(0, |last| last.saturating_add(1));
        let step =
            cells.get("_step").and_then(parse_step).map_or(next, |step| step.saturating_add(self.shift));
        cells.insert("_step", step);
        if self.last.is_some_and(|last| step <= last) {
            self.out_of_order += 1;
        }
        self.last = Some(step);
        selection.choose(cells.into_iter().collect())
    }

    /// Returns the issues found so far.
    pub(super) fn issues(&self) -> Vec<Issue> {
        let mut issues = Vec::new();
        if let Some((first, count)) = self.damaged {
            let more = if count > 1 { format!(", nor are {} more", count - 1) } else { String::new() };
            let detail = format!("line {first} is not a row{more}");
            issues.push(Issue::FileDamaged { file: self.file.clone(), detail });
        }
        if self.out_of_order > 0 {
            issues.push(Issue::RowsOutOfOrder { file: self.file.clone(), rows: self.out_of_order });
        }
        issues
    }
}

/// Parses a step, which may be written as a float without a fraction.
#[expect(clippy::cast_possible_truncation, reason = "whole numbers in this range are converted exactly")]
fn parse_step(value: &Value) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    value.as_i64().or_else(|| {
        let float = value.as_f64().filter(|float| float.fract() == 0.0 && float.abs() <= EXACT)?;
        Some(float as i64)
    })
}

/// Adds what the rows of a session without a log reveal to `facts`. Returns the last value of each key, and
/// the issues.
pub(super) fn add_row_facts(files: &SessionFiles, facts: &mut Facts) -> io::Result<(Map, Vec<Issue>)> {
    let mut issues = Vec::new();
    let mut last_values = Map::new();
    if let Some(mut lines) = JsonLinesReader::open_logged(files, Selection::default(), 0)? {
        let mut count = 0;
        while let Some(rows) = lines.next_rows()? {
            count += rows.len() as u64;
            for row in rows {
                let step = row.step().unwrap_or(0);
                let (first, last) = facts.steps.unwrap_or((step, step));
                facts.steps = Some((first.min(step), last.max(step)));
                note_activity(facts, &row);
                last_values.extend(row);
            }
        }
        facts.run.history_line_count = Some(count);
        issues.extend(lines.issues());
    }
    if let Some(mut lines) = JsonLinesReader::open_system(files)? {
        let mut last = Map::new();
        while let Some(rows) = lines.next_rows()? {
            for row in rows {
                note_activity(facts, &row);
                last.extend(row.into_iter().filter(|(key, _)| key.starts_with("system.")));
            }
        }
        facts.run.system_metrics = Some(last);
        issues.extend(lines.issues());
    }
    Ok((last_values, issues))
}

fn note_activity(facts: &mut Facts, row: &Row) {
    let at = row.get("_timestamp").and_then(Value::as_f64).filter(|at| at.is_finite());
    facts.last_activity = facts.last_activity.into_iter().chain(at).reduce(f64::max);
}
