//! One value of a page.

use std::fmt;

/// What stands under a key of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CellKind {
    /// Nothing: the row does not have the key.
    Missing,
    /// `null`.
    Null,
    /// `false`.
    False,
    /// `true`.
    True,
    /// An integer that fits 64 bits with a sign.
    Int,
    /// A larger integer.
    BigInt,
    /// A number with a fraction or an exponent, within the range of a double.
    Float,
    /// Not a number, written without quotes.
    NaN,
    /// A number beyond the range of a double, or `Infinity` without quotes.
    Infinity,
    /// The same below zero.
    NegativeInfinity,
    /// A string.
    String,
    /// A list.
    List,
    /// An object that is one value: it is empty or has a `_type`.
    Object,
    /// Any other object.
    Record,
}

impl CellKind {
    pub(super) const ALL: [Self; 14] = [
        Self::Missing,
        Self::Null,
        Self::False,
        Self::True,
        Self::Int,
        Self::BigInt,
        Self::Float,
        Self::NaN,
        Self::Infinity,
        Self::NegativeInfinity,
        Self::String,
        Self::List,
        Self::Object,
        Self::Record,
    ];
}

/// Almost all numbers have fewer bytes.
const SHORT: usize = 32;

/// A value of a page: its kind, and its text.
#[derive(Clone, Copy)]
pub struct Cell<'page> {
    span: Span,
    text: &'page str,
    aside: &'page str,
}

impl<'page> Cell<'page> {
    /// The cell of `span`, which lies in one of the two texts.
    pub(super) fn new(span: Span, text: &'page str, aside: &'page str) -> Self {
        Self { span, text, aside }
    }

    /// A cell of a row without the key.
    pub(super) const MISSING: Self = Self { span: Span::bare(CellKind::Missing), text: "", aside: "" };

    /// What it is.
    pub fn kind(self) -> CellKind {
        self.span.kind()
    }

    /// Of a number its digits as they were written; of a string what it says; of a list or object JSON text without
    /// spaces; of anything else nothing.
    pub fn text(self) -> &'page str {
        let (at, length) = (self.span.at(), self.span.length());
        let text = match at.checked_sub(self.text.len()) {
            None => self.text.get(at..at + length),
            Some(at) => self.aside.get(at..at + length),
        };
        // Spans are made with the texts they point into.
        text.unwrap_or_default()
    }

    /// Appends [`text`](Self::text) to `out`. Of cells with few characters, as numbers have, this is the quick way.
    #[inline]
    pub fn write_text(self, out: &mut String) {
        let (at, length) = (self.span.at(), self.span.length());
        // A copy whose length is known beforehand is a move or two, where any other is a call.
        if length <= SHORT
            && let Some(more) = self.text.get(at..at + SHORT)
            && more.is_char_boundary(length)
        {
            let end = out.len() + length;
            out.push_str(more);
            out.truncate(end);
        } else {
            out.push_str(self.text());
        }
    }

    /// The text's bytes.
    pub(super) fn bytes(self) -> &'page [u8] {
        let (at, length) = (self.span.at(), self.span.length());
        let text = match at.checked_sub(self.text.len()) {
            None => self.text.as_bytes().get(at..at + length),
            Some(at) => self.aside.as_bytes().get(at..at + length),
        };
        text.unwrap_or_default()
    }

    /// How many bytes the text has, without looking at it.
    pub fn text_len(self) -> usize {
        self.span.length()
    }
}

impl PartialEq for Cell<'_> {
    fn eq(&self, other: &Self) -> bool {
        (self.kind(), self.text()) == (other.kind(), other.text())
    }
}

impl fmt::Debug for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cell").field("kind", &self.kind()).field("text", &self.text()).finish()
    }
}

/// Where a cell's text lies: a kind of four bits, a length of 28, a place of 32. As one number it travels in a register.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Span(u64);

/// The longest text of a cell, in bytes.
pub(super) const LONGEST: usize = (1 << LENGTH_BITS) - 1;

const LENGTH_BITS: u32 = 28;

const AT_BITS: u32 = 32;

impl Span {
    /// `None` if the text is too long or too far away.
    #[inline]
    pub(super) fn new(kind: CellKind, at: usize, length: usize) -> Option<Self> {
        if length > LONGEST {
            return None;
        }
        let at = u32::try_from(at).ok()?;
        Some(Self(Self::bare(kind).0 | (length as u64) << AT_BITS | u64::from(at)))
    }

    /// A cell without text.
    pub(super) const fn bare(kind: CellKind) -> Self {
        Self((kind as u64) << (LENGTH_BITS + AT_BITS))
    }

    pub(super) fn kind(self) -> CellKind {
        CellKind::ALL[(self.0 >> (LENGTH_BITS + AT_BITS)) as usize % CellKind::ALL.len()]
    }

    pub(super) fn at(self) -> usize {
        (self.0 & ((1 << AT_BITS) - 1)) as usize
    }

    pub(super) fn length(self) -> usize {
        (self.0 >> AT_BITS) as usize & LONGEST
    }
}
