//! A page in few bytes, for putting it aside where memory is scarce.

use std::sync::Arc;

use super::Page;
use super::cell::{CellKind, Span};
use super::column::Cells;

/// A page in two pieces of bytes: the texts of its cells, and what tells where they lie.
#[derive(Debug, Clone, Default)]
pub struct Packed {
    /// The texts, row by row.
    pub text: Vec<u8>,
    /// The keys, and the kinds and lengths of the cells.
    pub shape: Vec<u8>,
}

/// A length that does not fit a cell's twelve bits stands behind the others, in 32.
const ELSEWHERE: u16 = (1 << 12) - 1;

impl Page {
    /// Packs the page into `packed`, in place of what is there. The order of keys within each row is lost, which
    /// tables have no use for.
    pub fn pack(&self, packed: &mut Packed) {
        let Packed { text, shape } = packed;
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
        // Row by row, as the texts stand in the answer: what is read lies close together.
        for row in 0..self.rows {
            for column in &columns {
                let cell = column.cell(row);
                let length = match u16::try_from(cell.text_len()) {
                    Ok(length) if length < ELSEWHERE => length,
                    _ => {
                        long.push(cell.text_len());
                        ELSEWHERE
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

    /// The page that was packed; `None` if these are no pieces of one.
    pub fn unpack(packed: Packed) -> Option<Self> {
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
            let length = match cell & ELSEWHERE {
                ELSEWHERE => shape.number()?,
                length => usize::from(length),
            };
            let span = Span::new(*CellKind::ALL.get(usize::from(cell >> 12))?, at, length)?;
            columns[index % count].spans.push(span);
            at += length;
        }
        let text = String::from_utf8(packed.text).ok()?;
        (at == text.len()).then(|| Self {
            text: Arc::new(text),
            aside: String::new(),
            rows,
            columns,
            irregular: Vec::new(),
            held: None,
        })
    }
}

/// All numbers are below the longest text of a cell.
fn push(shape: &mut Vec<u8>, number: usize) {
    shape.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
}

/// What is left of a shape to read.
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
