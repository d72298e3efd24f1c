//! CSV records of wide tables, most of whose fields are empty.

use wandb_core::Row;
use wandb_core::Value;
use wandb_core::page::{CellKind, Column, Page};

use super::dialect::Dialect;
use crate::columns::{PageColumns, Schema, TableError, Visitor};
use crate::rows::Portion;

/// Tables with more columns are spooled rather than written on a guess, because every new column would change
/// all records.
const MANY_COLUMNS: usize = 512;

/// Returns whether rows should be spooled until all columns are known.
pub(super) fn is_wide(schema: &Schema) -> bool {
    schema.column_count() > MANY_COLUMNS || schema.layout.rest.is_some()
}

/// Appends a record for each row, and calls `write` after each. Fields without a value are skipped.
pub(super) fn push_portion<E: From<TableError>>(
    dialect: Dialect,
    schema: &Schema,
    rows: &Portion,
    text: &mut String,
    mut write: impl FnMut(&mut String) -> Result<(), E>,
) -> Result<(), E> {
    match rows {
        Portion::Rows(rows) => push_rows(dialect, schema, rows, text, &mut write),
        Portion::Page(page, rows) => match PageColumns::of(&schema.layout, page) {
            Some(columns) => {
                for row in rows.clone() {
                    push_page_row(dialect, schema, &columns.by_slot, row, text);
                    write(text)?;
                }
                Ok(())
            }
            None => push_rows(dialect, schema, &Page::to_rows(page)[rows.clone()], text, &mut write),
        },
        #[cfg(feature = "parquet")]
        Portion::Columns(columns) => {
            push_rows(dialect, schema, &crate::from_arrow::rows_of(columns)?, text, &mut write)
        }
    }
}

fn push_rows<E: From<TableError>>(
    dialect: Dialect,
    schema: &Schema,
    rows: &[Row],
    text: &mut String,
    write: &mut impl FnMut(&mut String) -> Result<(), E>,
) -> Result<(), E> {
    for row in rows {
        let mut values = Values(Vec::with_capacity(row.len()));
        let rest = schema.layout.visit(row, &mut values)?;
        let mut values = values.0;
        if let Some(rest) = schema.layout.rest.zip(rest.as_ref()) {
            values.push(rest);
        }
        values.sort_unstable_by_key(|(slot, _)| *slot);
        let mut record = Record { dialect, text: &mut *text, at: 0 };
        for (slot, value) in values {
            record.skip_to(slot);
            dialect.push_value(&schema.fields()[slot], value, record.text);
        }
        record.end(schema);
        write(text)?;
    }
    Ok(())
}

fn push_page_row(
    dialect: Dialect,
    schema: &Schema,
    columns: &[(usize, Column<'_>)],
    row: usize,
    text: &mut String,
) {
    let mut record = Record { dialect, text, at: 0 };
    for (slot, column) in columns {
        let cell = column.cell(row);
        if !matches!(cell.kind(), CellKind::Missing | CellKind::Null) {
            record.skip_to(*slot);
            dialect.push_cell(&schema.fields()[*slot], cell, record.text);
        }
    }
    record.end(schema);
}

/// The values of a row with their slots.
struct Values<'row>(Vec<(usize, &'row Value)>);

impl<'row> Visitor<'row> for Values<'row> {
    fn value(&mut self, slot: usize, value: &'row Value) -> Result<(), TableError> {
        self.0.push((slot, value));
        Ok(())
    }

    /// CSV has no structs.
    fn mark(&mut self, _: usize) -> Result<(), TableError> {
        Ok(())
    }
}

/// A record in progress, and the index of its current field.
struct Record<'a> {
    dialect: Dialect,
    text: &'a mut String,
    at: usize,
}

impl Record<'_> {
    fn skip_to(&mut self, field: usize) {
        let delimiters = self.dialect.delimiters();
        let mut missing = field - self.at;
        while missing > 0 {
            let now = missing.min(delimiters.len());
            self.text.push_str(&delimiters[..now]);
            missing -= now;
        }
        self.at = field;
    }

    fn end(mut self, schema: &Schema) {
        self.skip_to(schema.fields().len().saturating_sub(1));
        // A blank line would not be a record.
        if schema.fields().len() == 1 && (self.text.is_empty() || self.text.ends_with('\n')) {
            self.text.push_str("\"\"");
        }
        self.text.push('\n');
    }
}

#[cfg(all(test, feature = "parquet"))]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use wandb_core::internal::{RowEncoding, read_rows};

    use super::*;
    use crate::columns::random_rows::rows;
    use crate::columns::{Nested, SchemaBuilder, TableOptions};
    use crate::sink::{Format, Output, SinkOptions};

    fn wide(schema: &Schema, rows: &Portion) -> String {
        let mut text = String::new();
        push_portion::<TableError>(Dialect::Csv, schema, rows, &mut text, |_| Ok(())).expect("one schema");
        text
    }

    proptest! {
        #[test]
        fn sparse_records_equal_dense_ones(rows in rows(), most in prop_oneof![Just(50_000_usize), 1_usize..9]) {
            for nested in [Nested::Json, Nested::Dotted] {
                let mut builder = SchemaBuilder::new(nested).max_columns(most);
                for row in &rows {
                    builder.observe(row);
                }
                let schema = builder.finish();
                // A table with at most one column is never wide.
                prop_assume!(schema.column_count() > 1);
                let mut text = String::new();
                Dialect::Csv.push_rows(&schema, &rows, &mut text).expect("one schema");
                prop_assert_eq!(&wide(&schema, &Portion::Rows(rows.clone())), &text);
                let lines: Vec<String> = rows.iter().map(Row::to_json_line).collect();
                let list = Arc::new(format!("[{}]", lines.join(",")));
                let read = read_rows(&list, 0, RowEncoding::Inline, i64::MIN..i64::MAX);
                let is_flat = nested == Nested::Json && schema.layout.rest.is_none();
                for page in read.into_iter().flat_map(|read| read.pages).filter(|_| is_flat) {
                    let mut text = String::new();
                    Dialect::Csv.push_page(&schema, &page, 0..page.len(), &mut text);
                    let rows = 0..page.len();
                    prop_assert_eq!(wide(&schema, &Portion::Page(Arc::new(page), rows)), text);
                }
            }
        }
    }

    /// Compares tables that become wide after a wrong guess, without a guess, and from the start.
    #[test]
    fn text_does_not_depend_on_when_table_gets_wide() {
        let row = |step: usize| {
            let late = if step < 900 { String::new() } else { format!(r#","k{}":{step}.25"#, step % 700) };
            let line = format!(r#"{{"_step":{step},"a":"x,{step}","n":1e-05,"odd{}":true{late}}}"#, step % 3);
            Row::parse(line.as_bytes()).expect("valid JSON")
        };
        let rows: Vec<Row> = (0..2_000).map(row).collect();
        let directory = tempfile::tempdir().expect("a directory");
        for most in [50_000, 600, 3, 2, 1] {
            let mut texts = Vec::new();
            for (memory, at_once) in [(512 << 10, 2_000), (512 << 10, 10), (1_000, 10), (1_000, 899), (0, 1)]
            {
                let table = TableOptions::default().with_memory(memory).with_max_columns(most);
                let options = SinkOptions::default().with_table(table);
                let path = directory.path().join("table.csv");
                let mut sink =
                    Format::Csv.sink(Output::file(&path).expect("opens"), &options).expect("opens");
                rows.chunks(at_once).try_for_each(|rows| sink.write(rows)).expect("room");
                sink.finish().expect("room");
                texts.push(std::fs::read_to_string(&path).expect("readable"));
            }
            assert!(texts.windows(2).all(|pair| pair[0] == pair[1]), "at most {most} columns");
            assert_eq!(texts[0].lines().count(), 2_001);
        }
    }
}
