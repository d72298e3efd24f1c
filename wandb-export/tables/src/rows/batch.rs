//! Rows on their way from a source to a sink.

use wandb_core::Row;
use wandb_core::page::Page;

use crate::columns::TableError;

/// Some rows of a table, in the form in which their source has them.
#[derive(Debug, Clone)]
pub(crate) enum Batch {
    /// One by one.
    Rows(Vec<Row>),
    /// Column by column, as text.
    Page(Page),
    /// As the columns of an exported file, its integers and floats widened.
    #[cfg(feature = "parquet")]
    Columns(arrow_array::RecordBatch),
}

impl Batch {
    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Rows(rows) => rows.len(),
            Self::Page(page) => page.len(),
            #[cfg(feature = "parquet")]
            Self::Columns(columns) => columns.num_rows(),
        }
    }

    /// The first rows, `most` of them.
    pub(crate) fn first(self, most: usize) -> Result<Self, TableError> {
        if self.len() <= most {
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

    /// The rows one by one, which takes a while.
    #[cfg_attr(
        not(feature = "parquet"),
        expect(clippy::unnecessary_wraps, reason = "columns may not be rows")
    )]
    pub(crate) fn into_rows(self) -> Result<Vec<Row>, TableError> {
        Ok(match self {
            Self::Rows(rows) => rows,
            Self::Page(page) => page.to_rows(),
            #[cfg(feature = "parquet")]
            Self::Columns(columns) => crate::from_arrow::rows_of(&columns)?,
        })
    }
}

/// How many rows of a table to hold in memory at once: enough to make the work by column worthwhile, and no more than
/// about a million values.
#[cfg(any(feature = "csv", feature = "parquet"))]
pub(crate) fn rows_at_once(columns: usize) -> usize {
    (1_048_576 / columns.max(1)).clamp(1, 8192)
}

/// Whether a table has so many columns that each of them costs more than its values: then it is written without a look at the
/// columns that a row does not have.
///
/// Below this, buffers for each column take 100 MiB at most, and writing several columns at once is quicker.
#[cfg(feature = "parquet")]
pub(crate) fn is_wide(schema: &crate::columns::Schema) -> bool {
    schema.column_count() > 2_000
}

#[cfg(all(test, any(feature = "csv", feature = "parquet")))]
mod tests {
    use super::*;

    #[test]
    fn a_table_with_many_columns_is_taken_a_few_rows_at_a_time() {
        assert_eq!((rows_at_once(0), rows_at_once(13), rows_at_once(1_000)), (8192, 8192, 1_048));
        assert_eq!(rows_at_once(usize::MAX), 1);
    }
}
