//! Writes tables for people to read.

mod text;
mod window;

use std::io::Write as _;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use wandb_core::Row;

use self::text::{cell_text, fit, width};
use self::window::Window;
use super::error::SinkError;
use super::options::{SinkOptions, TerminalOptions};
use super::output::Output;
use super::sink_trait::{Sink, SinkReport};
use crate::columns::{ColumnType, FieldKind, Nested, Schema, SchemaBuilder};

/// Marker for omitted rows and cut text.
const ELLIPSIS: &str = "…";

/// Maximum number of columns to show, however wide the output. Nobody reads more, and each takes memory for
/// every row.
const MOST_COLUMNS: usize = 1_000;

/// Number of spaces between two columns.
const GAP: usize = 2;

#[expect(clippy::unnecessary_wraps, reason = "the signature of all formats")]
pub(super) fn sink(output: Output, options: &SinkOptions) -> Result<Box<dyn Sink>, SinkError> {
    Ok(Box::new(Terminal {
        output,
        builder: options.table.schema_builder(Nested::Dotted),
        divides_objects: options.table.divides_objects(Nested::Dotted),
        window: Window::new(options.terminal.rows),
        options: options.terminal.clone(),
    }))
}

/// Keeps the first and last rows, and writes them as a table at the end.
struct Terminal {
    output: Output,
    builder: SchemaBuilder,
    divides_objects: bool,
    window: Window,
    options: TerminalOptions,
}

impl Sink for Terminal {
    fn divides_objects(&self) -> bool {
        self.divides_objects
    }

    fn write(&mut self, rows: &[Row]) -> Result<(), SinkError> {
        for row in rows {
            self.builder.observe(row);
            self.window.push(row);
        }
        Ok(())
    }

    fn expect_columns(&mut self, columns: &[(String, Option<ColumnType>)]) -> Result<(), SinkError> {
        self.builder.expect(columns);
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<SinkReport, SinkError> {
        let schema = self.builder.finish();
        let text = render(&schema, &self.window, &self.options)?;
        self.output.write_all(text.as_bytes()).map_err(|error| self.output.error(error))?;
        Ok(SinkReport {
            rows: self.window.seen(),
            columns: Some(schema.column_count()),
            bytes: self.output.commit()?,
            findings: schema.findings,
        })
    }
}

/// A column to show, with its heading first.
struct Shown {
    texts: Vec<String>,
    width: usize,
    right: bool,
}

fn render(schema: &Schema, window: &Window, options: &TerminalOptions) -> Result<String, SinkError> {
    let columns = columns(schema, window, options.value_width)?;
    let shown = how_many_fit(&columns, options.width);

    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    let lines = columns.first().map_or(0, |column| column.texts.len());
    for line in 0..lines {
        table.add_row(columns[..shown].iter().map(|column| column.texts[line].as_str()));
    }
    for (index, column) in columns[..shown].iter().enumerate() {
        if let Some(shown) = table.column_mut(index) {
            shown.set_padding((0, u16::try_from(GAP).unwrap_or(u16::MAX)));
            shown.set_cell_alignment(if column.right { CellAlignment::Right } else { CellAlignment::Left });
        }
    }

    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push_str(&what_is_left_out(schema, window, shown));
    Ok(text)
}

fn columns(schema: &Schema, window: &Window, value_width: usize) -> Result<Vec<Shown>, SinkError> {
    let mut columns: Vec<Shown> = schema
        .fields()
        .iter()
        .take(MOST_COLUMNS)
        .map(|field| Shown {
            texts: vec![fit(field.name(), value_width)],
            width: 0,
            right: matches!(field.kind(), FieldKind::Column(ColumnType::Int64 | ColumnType::Float64)),
        })
        .collect();
    let mut cells = schema.layout.cells();
    for row in window.rows() {
        let Some(row) = row else {
            for column in &mut columns {
                column.texts.push(ELLIPSIS.to_owned());
            }
            continue;
        };
        schema.layout.fill(row, &mut cells)?;
        for (column, value) in columns.iter_mut().zip(cells.values()) {
            column.texts.push(value.map_or_else(String::new, |value| fit(&cell_text(value), value_width)));
        }
    }
    for column in &mut columns {
        column.width = column.texts.iter().map(|text| width(text)).max().unwrap_or_default();
    }
    Ok(columns)
}

/// Returns how many of the first columns fit side by side, at least one.
fn how_many_fit(columns: &[Shown], available: Option<usize>) -> usize {
    let Some(available) = available else { return columns.len() };
    let mut used = 0;
    let fitting = columns.iter().take_while(|column| {
        used += column.width + GAP;
        used <= available + GAP
    });
    fitting.count().max(1).min(columns.len())
}

fn what_is_left_out(schema: &Schema, window: &Window, shown: usize) -> String {
    let mut parts = Vec::new();
    if window.left_out() > 0 {
        parts.push(format!("{} of {} rows", window.left_out(), window.seen()));
    }
    let columns = schema.fields().len();
    if shown < columns {
        parts.push(format!("{} of {columns} columns", columns - shown));
    }
    match parts.as_slice() {
        [] if window.seen() == 0 => "(no rows)\n".to_owned(),
        [] => String::new(),
        parts => format!("({} not shown)\n", parts.join(" and ")),
    }
}

#[cfg(test)]
mod tests;
