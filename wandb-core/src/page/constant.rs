//! A page with a column more.

use super::Page;
use super::cell::{CellKind, Span};
use super::column::Cells;

impl Page {
    /// The page with one more column in front, which has the string `text` in every row.
    ///
    /// # Errors
    /// The page as it was, if it has the key already or there is no room for the text.
    pub fn with_constant(mut self, key: &str, text: &str) -> Result<Self, Self> {
        let at = self.text.len() + self.aside.len();
        let span = Span::new(CellKind::String, at, text.len());
        let Some(span) = span.filter(|_| self.column(key).is_none()) else { return Err(self) };
        self.aside.push_str(text);
        self.columns.insert(0, Cells { key: key.into(), spans: vec![span; self.rows] });
        for (_, order) in &mut self.irregular {
            let behind = order.iter().map(|place| place.saturating_add(1));
            *order = std::iter::once(0).chain(behind).collect();
        }
        Ok(self)
    }
}
