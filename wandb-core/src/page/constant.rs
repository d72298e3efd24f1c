//! Pages with an additional constant column.

use super::Page;
use super::cell::{CellKind, Span};
use super::column::Cells;

impl Page {
    /// Prepends a column with the string `text` in every row.
    ///
    /// # Errors
    /// Returns the unchanged page if it already has the key, or if the text is too long.
    pub fn with_constant(mut self, key: &str, text: &str) -> Result<Self, Self> {
        let at = self.text.len() + self.unescaped.len();
        let span = Span::new(CellKind::String, at, text.len());
        let Some(span) = span.filter(|_| self.column(key).is_none()) else { return Err(self) };
        self.unescaped.push_str(text);
        self.columns.insert(0, Cells { key: key.into(), spans: vec![span; self.rows] });
        for (_, order) in &mut self.irregular {
            let behind = order.iter().map(|place| place.saturating_add(1));
            *order = std::iter::once(0).chain(behind).collect();
        }
        Ok(self)
    }
}
