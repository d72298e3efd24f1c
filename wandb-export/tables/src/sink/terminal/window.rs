//! Keeps the first and last rows of a table.

use std::collections::VecDeque;

use wandb_core::Row;

/// A bounded number of rows: one half from the start, the other from the end.
pub(super) struct Window {
    first: Vec<Row>,
    last: VecDeque<Row>,
    most: usize,
    seen: u64,
}

impl Window {
    /// Creates a window of at most `most` rows.
    pub(super) fn new(most: usize) -> Self {
        Self { first: Vec::new(), last: VecDeque::new(), most, seen: 0 }
    }

    pub(super) fn push(&mut self, row: &Row) {
        self.seen += 1;
        let head = self.most.div_ceil(2);
        if self.first.len() < head {
            self.first.push(row.clone());
            return;
        }
        let tail = self.most - head;
        if self.last.len() == tail {
            self.last.pop_front();
        }
        if tail > 0 {
            self.last.push_back(row.clone());
        }
    }

    /// Returns the number of rows seen.
    pub(super) fn seen(&self) -> u64 {
        self.seen
    }

    /// Returns the number of rows omitted.
    pub(super) fn left_out(&self) -> u64 {
        self.seen - (self.first.len() + self.last.len()) as u64
    }

    /// Returns the rows kept, with `None` in place of the omitted ones.
    pub(super) fn rows(&self) -> impl Iterator<Item = Option<&Row>> {
        let gap = (self.left_out() > 0).then_some(None);
        self.first.iter().map(Some).chain(gap).chain(self.last.iter().map(Some))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(most: usize, rows: i64) -> (Vec<Option<i64>>, u64) {
        let mut window = Window::new(most);
        for step in 0..rows {
            window.push(&Row::parse(format!(r#"{{"_step": {step}}}"#).as_bytes()).expect("valid"));
        }
        (window.rows().map(|row| row.and_then(Row::step)).collect(), window.left_out())
    }

    #[test]
    fn all_rows_are_kept_up_to_the_limit() {
        assert_eq!(steps(5, 0), (vec![], 0));
        assert_eq!(steps(5, 5), ((0..5).map(Some).collect(), 0));
    }

    #[test]
    fn middle_rows_are_dropped_first() {
        assert_eq!(steps(5, 6), (vec![Some(0), Some(1), Some(2), None, Some(4), Some(5)], 1));
        assert_eq!(steps(4, 1000), (vec![Some(0), Some(1), None, Some(998), Some(999)], 996));
        assert_eq!(steps(1, 3), (vec![Some(0), None], 2));
        assert_eq!(steps(0, 3), (vec![None], 3));
    }
}
