//! Rows on their way from a source to a sink.

use wandb_core::Row;
use wandb_core::page::Page;

use crate::table::TableError;

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
            Self::Columns(columns) => crate::table::rows_of(&columns)?,
        })
    }
}
