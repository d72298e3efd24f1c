//! Conversion of pages to JSON Lines, without building rows.

use super::cell::{Cell, CellKind};
use super::{Column, Page};
use crate::value::write_string;

impl Page {
    /// Appends the rows as JSON Lines. Numbers keep their original digits; everything else matches
    /// [`Row::to_json_line`](crate::Row::to_json_line).
    pub fn write_json_lines(&self, out: &mut String) {
        let columns: Vec<(String, Column<'_>)> = self
            .columns()
            .map(|column| {
                let mut key = String::new();
                write_string(column.key(), &mut key);
                key.push(':');
                (key, column)
            })
            .collect();
        let mut irregular = self.irregular.iter().peekable();
        for row in 0..self.rows {
            out.push('{');
            let start = out.len();
            let mut write = |(key, column): &(String, Column<'_>)| {
                let cell = column.cell(row);
                if cell.kind() != CellKind::Missing {
                    if out.len() > start {
                        out.push(',');
                    }
                    out.push_str(key);
                    cell.write_json(out);
                }
            };
            match irregular.next_if(|(of, _)| *of == row) {
                Some((_, order)) => order.iter().for_each(|&at| write(&columns[at as usize])),
                None => columns.iter().for_each(write),
            }
            out.push_str("}\n");
        }
    }
}

impl Cell<'_> {
    /// Appends the value as JSON, with the original digits of numbers. Appends nothing if it is missing.
    pub fn write_json(self, out: &mut String) {
        match self.kind() {
            CellKind::Missing => {}
            CellKind::Null => out.push_str("null"),
            CellKind::False => out.push_str("false"),
            CellKind::True => out.push_str("true"),
            CellKind::Int
            | CellKind::BigInt
            | CellKind::Float
            | CellKind::List
            | CellKind::Object
            | CellKind::Record => out.push_str(self.text()),
            CellKind::NaN => out.push_str(r#""NaN""#),
            CellKind::Infinity => out.push_str(r#""Infinity""#),
            CellKind::NegativeInfinity => out.push_str(r#""-Infinity""#),
            CellKind::String => write_string(self.text(), out),
        }
    }
}
