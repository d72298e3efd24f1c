//! Compact serialization of pages, for spooling when memory is scarce.

use std::sync::Arc;

use super::Page;
use super::cell::{CellKind, Span};
use super::column::Cells;

/// A page as two byte strings: the texts of its cells, and their layout.
#[derive(Debug, Clone, Default)]
pub struct PackedPage {
    /// The texts, row by row.
    pub text: Vec<u8>,
    /// The keys, and the kinds and lengths of the cells.
    pub shape: Vec<u8>,
}

/// Marks a length that does not fit a cell's twelve bits. It follows the others, in 32 bits.
const LONG_MARKER: u16 = (1 << 12) - 1;

impl Page {
    /// Packs the page into `packed`, replacing its content. The order of keys within rows is lost; tables do not need
    /// it.
    #[doc(hidden)]
    pub fn pack(&self, packed: &mut PackedPage) {
        let PackedPage { text, shape } = packed;
        text.clear();
        shape.clear();
        push(shape, self.rows);
        push(shape, self.columns.len());
        let columns: Vec<_> = self.columns().collect();
        for column in &columns {
            push(shape, column.key().len());
            shape.extend_from_slice(column.key().as_bytes());
        }
        let mut long = Vec::new();
        // Packs row by row, in the order of the texts in the answer, so that reads are local.
        for row in 0..self.rows {
            for column in &columns {
                let cell = column.cell(row);
                let length = match u16::try_from(cell.text_len()) {
                    Ok(length) if length < LONG_MARKER => length,
                    _ => {
                        long.push(cell.text_len());
                        LONG_MARKER
                    }
                };
                shape.extend_from_slice(&((cell.kind() as u16) << 12 | length).to_le_bytes());
                text.extend_from_slice(cell.bytes());
            }
        }
        for length in long {
            push(shape, length);
        }
    }

    /// Unpacks a page. Returns `None` if the input is invalid.
    #[doc(hidden)]
    pub fn unpack(packed: PackedPage) -> Option<Self> {
        let mut shape = Shape(&packed.shape);
        let (rows, count) = (shape.number()?, shape.number()?);
        let mut columns = Vec::new();
        for _ in 0..count {
            let length = shape.number()?;
            let key = Arc::from(std::str::from_utf8(shape.take(length)?).ok()?);
            columns.push(Cells { key, spans: Vec::new() });
        }
        let cells = shape.take(rows.checked_mul(count)?.checked_mul(2)?)?;
        for column in &mut columns {
            column.spans.reserve_exact(rows);
        }
        let mut at = 0;
        for (index, cell) in cells.as_chunks::<2>().0.iter().enumerate() {
            let cell = u16::from_le_bytes(*cell);
            let length = match cell & LONG_MARKER {
                LONG_MARKER => shape.number()?,
                length => usize::from(length),
            };
            let span = Span::new(*CellKind::ALL.get(usize::from(cell >> 12))?, at, length)?;
            columns[index % count].spans.push(span);
            at += length;
        }
        let text = String::from_utf8(packed.text).ok()?;
        (at == text.len()).then(|| Self {
            text: Arc::new(text),
            unescaped: String::new(),
            rows,
            columns,
            irregular: Vec::new(),
            held: None,
        })
    }
}

/// Writes a number in 32 bits. All numbers are below the maximum length of a cell's text.
fn push(shape: &mut Vec<u8>, number: usize) {
    shape.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
}

/// The rest of the layout.
struct Shape<'a>(&'a [u8]);

impl<'a> Shape<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<usize> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        usize::try_from(u32::from_le_bytes(*number)).ok()
    }
}
