//! Batches of rows passed from a source to a sink.

use std::borrow::Cow;

use wandb_core::Row;
use wandb_core::page::Page;

use crate::columns::TableError;

/// A batch of rows in the format of its source.
#[derive(Debug, Clone)]
pub enum Batch {
    /// Individual rows.
    Rows(Vec<Row>),
    /// A page: columns of text.
    Page(Page),
    /// Arrow columns read from an exported file, with integers and floats widened to 64 bits.
    #[cfg(feature = "parquet")]
    Columns(arrow_array::RecordBatch),
}

impl Batch {
    /// Returns the number of rows.
    pub fn row_count(&self) -> usize {
        match self {
            Self::Rows(rows) => rows.len(),
            Self::Page(page) => page.len(),
            #[cfg(feature = "parquet")]
            Self::Columns(columns) => columns.num_rows(),
        }
    }

    /// Keeps at most the first `most` rows.
    pub fn first(self, most: usize) -> Result<Self, TableError> {
        if self.row_count() <= most {
            return Ok(self);
        }
        #[cfg(feature = "parquet")]
        if let Self::Columns(columns) = self {
            return Ok(Self::Columns(columns.slice(0, most)));
        }
        let mut rows = self.into_rows()?;
        rows.truncate(most);
        Ok(Self::Rows(rows))
    }

    /// Returns the individual rows. Creating them is slow for pages and columns.
    pub fn to_rows(&self) -> Result<Cow<'_, [Row]>, TableError> {
        Ok(match self {
            Self::Rows(rows) => rows.into(),
            Self::Page(page) => page.to_rows().into(),
            #[cfg(feature = "parquet")]
            Self::Columns(columns) => crate::from_arrow::rows_of(columns)?.into(),
        })
    }

    /// Converts to individual rows, which is slow for pages and columns.
    pub fn into_rows(self) -> Result<Vec<Row>, TableError> {
        match self {
            Self::Rows(rows) => Ok(rows),
            Self::Page(page) => Ok(page.to_rows()),
            #[cfg(feature = "parquet")]
            Self::Columns(columns) => crate::from_arrow::rows_of(&columns),
        }
    }
}

/// Returns the number of rows to hold in memory at once: large enough for columnar work to pay off, and at
/// most about a million values.
#[cfg(any(feature = "csv", feature = "parquet"))]
pub fn rows_at_once(columns: usize) -> usize {
    (1_048_576 / columns.max(1)).clamp(1, 8192)
}

/// Returns whether a table is so wide that a column costs more than its values. Wide tables are written
/// sparsely: the columns that a row lacks are skipped.
///
/// Below this limit, per-column buffers take at most 100 MiB, and writing several columns at once is faster.
#[cfg(feature = "parquet")]
pub(crate) fn is_wide(schema: &crate::columns::Schema) -> bool {
    schema.column_count() > 2_000
}

#[cfg(all(test, any(feature = "csv", feature = "parquet")))]
mod tests {
    use super::*;

    #[test]
    fn more_columns_mean_fewer_rows_at_once() {
        assert_eq!((rows_at_once(0), rows_at_once(13), rows_at_once(1_000)), (8192, 8192, 1_048));
        assert_eq!(rows_at_once(usize::MAX), 1);
    }
}
