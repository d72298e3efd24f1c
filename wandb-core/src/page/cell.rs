//! One value of a page.

use std::fmt;

/// The kind of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CellKind {
    /// The row does not have the key.
    Missing,
    /// `null`.
    Null,
    /// `false`.
    False,
    /// `true`.
    True,
    /// An integer that fits `i64`.
    Int,
    /// An integer that does not fit `i64`.
    BigInt,
    /// A number with a fraction or an exponent, within the range of a double.
    Float,
    /// `NaN` without quotes.
    NaN,
    /// A number beyond the range of a double, or `Infinity` without quotes.
    Infinity,
    /// A number below the range of a double, or `-Infinity` without quotes.
    NegativeInfinity,
    /// A string.
    String,
    /// A list.
    List,
    /// An object that counts as a single value: it is empty or has a `_type`.
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

/// More bytes than almost any number has.
const SHORT_BYTES: usize = 32;

/// A value of a page: its kind and its text.
#[derive(Clone, Copy)]
pub struct Cell<'page> {
    span: Span,
    text: &'page str,
    unescaped: &'page str,
}

impl<'page> Cell<'page> {
    /// Creates the cell of `span`, which points into one of the two texts.
    pub(super) fn new(span: Span, text: &'page str, unescaped: &'page str) -> Self {
        Self { span, text, unescaped }
    }

    /// The cell of a row that lacks the key.
    pub(super) const MISSING: Self = Self { span: Span::bare(CellKind::Missing), text: "", unescaped: "" };

    /// The kind of the value.
    pub fn kind(self) -> CellKind {
        self.span.kind()
    }

    /// The digits of a number as written, the unescaped text of a string, or a list or object as JSON without spaces.
    /// Empty for other kinds.
    pub fn text(self) -> &'page str {
        let (at, length) = (self.span.at(), self.span.length());
        let text = match at.checked_sub(self.text.len()) {
            None => self.text.get(at..at + length),
            Some(at) => self.unescaped.get(at..at + length),
        };
        // Spans always lie within their texts.
        text.unwrap_or_default()
    }

    /// Appends [`text`](Self::text) to `out`. Fast for short cells such as numbers.
    #[inline]
    pub fn write_text(self, out: &mut String) {
        let (at, length) = (self.span.at(), self.span.length());
        // A copy of constant length compiles to a few moves; any other is a call.
        if length <= SHORT_BYTES
            && let Some(more) = self.text.get(at..at + SHORT_BYTES)
            && more.is_char_boundary(length)
        {
            let end = out.len() + length;
            out.push_str(more);
            out.truncate(end);
        } else {
            out.push_str(self.text());
        }
    }

    /// The bytes of the text.
    pub(super) fn bytes(self) -> &'page [u8] {
        let (at, length) = (self.span.at(), self.span.length());
        let text = match at.checked_sub(self.text.len()) {
            None => self.text.as_bytes().get(at..at + length),
            Some(at) => self.unescaped.as_bytes().get(at..at + length),
        };
        text.unwrap_or_default()
    }

    /// The length of the text in bytes, without accessing it.
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

/// The location of a cell's text: a kind in 4 bits, a length in 28 and an offset in 32. As a single number it is
/// passed in a register.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Span(u64);

/// The maximum length of a cell's text, in bytes.
pub(super) const MAX_LENGTH: usize = (1 << LENGTH_BITS) - 1;

const LENGTH_BITS: u32 = 28;

const AT_BITS: u32 = 32;

impl Span {
    /// Creates a span. Returns `None` if the text is too long or its offset too large.
    #[inline]
    pub(super) fn new(kind: CellKind, at: usize, length: usize) -> Option<Self> {
        if length > MAX_LENGTH {
            return None;
        }
        let at = u32::try_from(at).ok()?;
        Some(Self(Self::bare(kind).0 | (length as u64) << AT_BITS | u64::from(at)))
    }

    /// Creates the span of a cell without text.
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
        (self.0 >> AT_BITS) as usize & MAX_LENGTH
    }
}
