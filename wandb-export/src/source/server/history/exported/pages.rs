//! Reads columns in pieces of bounded size, whatever the size of their pages.
//!
//! The Parquet decoder holds whole pages in memory. Some programs put a thousand values into a page or dictionary,
//! however large the values are. Columns with such pages are decompressed piece by piece here, and the decoder gets
//! small pages. All other columns are read unchanged.

mod dictionary;
mod header;
mod inflate;
mod rle;
mod split;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use parquet::arrow::arrow_reader::{
    ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowGroups, RowSelection,
};
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels};
use parquet::basic::Type;
use parquet::column::page::{PageIterator, PageReader};
use parquet::errors::Result;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::ChunkReader;
use parquet::file::serialized_reader::SerializedPageReader;

use self::header::{PageContent, PageHeaders};
use self::split::SplitPages;
use super::footer::Footer;

/// Page size in bytes from which a page is read in pieces.
const MAX_PAGE: u64 = 4 << 20;

/// Maximum bytes of a batch if its rows are the largest of the file.
const MAX_BATCH: u64 = 16 << 20;

/// The row groups and columns of a file to read, and how to read them.
#[derive(Debug, Clone)]
pub(super) struct ReadPlan {
    groups: Vec<usize>,
    columns: Vec<usize>,
    /// The column chunks with pages larger than [`MAX_PAGE`], by row group and leaf.
    large: HashSet<(usize, usize)>,
    /// Bytes per row according to dictionaries, which the footer may not show.
    row_bytes: u64,
    /// Maximum number of rows in a batch, as far as page sizes limit it.
    max_rows: usize,
}

impl ReadPlan {
    /// Reads all page headers of the wanted columns.
    pub(super) fn new(
        file: &(impl ChunkReader + Clone),
        footer: &Footer,
        groups: Vec<usize>,
        columns: Vec<usize>,
    ) -> Result<Self> {
        let metadata = footer.metadata();
        let wanted: HashSet<usize> = columns.iter().copied().collect();
        let mut plan = Self { groups, columns, large: HashSet::new(), row_bytes: 0, max_rows: usize::MAX };
        for &group in &plan.groups {
            let row_group = metadata.row_group(group);
            let mut bytes = 0_u64;
            for (leaf, column) in row_group.columns().iter().enumerate() {
                if !wanted.contains(&footer.root(leaf)) {
                    continue;
                }
                let sizes = ChunkSizes::of(file.clone(), column)?;
                if sizes.largest_page > MAX_PAGE {
                    plan.large.insert((group, leaf));
                }
                bytes = bytes.saturating_add(sizes.dictionary_bytes);
                if column.column_descr().max_rep_level() == 0 && sizes.largest_value > 0 {
                    let rows = usize::try_from(MAX_BATCH / sizes.largest_value).unwrap_or(usize::MAX);
                    plan.max_rows = plan.max_rows.min(rows.max(1));
                }
            }
            let rows = u64::try_from(row_group.num_rows()).unwrap_or_default().max(1);
            plan.row_bytes = plan.row_bytes.max(bytes / rows);
        }
        Ok(plan)
    }

    /// Returns how many rows to decode at once for about `bytes`, given the footer's row size.
    pub(super) fn batch_rows(&self, bytes: u64, row: u64, max: usize) -> usize {
        let rows = usize::try_from(bytes / row.max(self.row_bytes).max(1)).unwrap_or(usize::MAX);
        rows.min(self.max_rows).clamp(1, max.max(1))
    }

    /// Reads all rows, or a range of them, in batches of at most `batch_rows`.
    pub(super) fn read(
        &self,
        file: &(impl ChunkReader + Clone + 'static),
        footer: &Footer,
        batch_rows: usize,
        rows: Option<&Range<usize>>,
    ) -> Result<ParquetRecordBatchReader> {
        let read = footer.reader_metadata();
        let mask = ProjectionMask::roots(read.parquet_schema(), self.columns.iter().copied());
        if self.large.is_empty() {
            let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file.clone(), read.clone());
            let builder = builder.with_row_groups(self.groups.clone()).with_projection(mask);
            let builder = match rows {
                Some(rows) => builder.with_offset(rows.start).with_limit(rows.len()),
                None => builder,
            };
            return builder.with_batch_size(batch_rows).build();
        }
        let levels =
            parquet_to_arrow_field_levels(read.parquet_schema(), mask, Some(read.schema().fields()))?;
        let groups =
            PlannedGroups { file: file.clone(), metadata: Arc::clone(read.metadata()), plan: self.clone() };
        let total = RowGroups::num_rows(&groups);
        let selection = rows.map(|rows| {
            let rows = rows.start.min(total)..rows.end.min(total);
            RowSelection::from_consecutive_ranges(std::iter::once(rows), total)
        });
        ParquetRecordBatchReader::try_new_with_row_groups(&levels, &groups, batch_rows.min(total), selection)
    }
}

/// Sizes from the page headers of a column chunk.
#[derive(Debug, Default)]
struct ChunkSizes {
    largest_page: u64,
    /// The largest average value size of a page, in bytes.
    largest_value: u64,
    /// The bytes of all values, if they have the average size of the dictionary's values.
    dictionary_bytes: u64,
}

impl ChunkSizes {
    fn of(file: impl ChunkReader, column: &ColumnChunkMetaData) -> Result<Self> {
        let mut sizes = Self::default();
        let mut dictionary_value = 0;
        for header in PageHeaders::new(file, column.byte_range()) {
            let header = header?;
            sizes.largest_page = sizes.largest_page.max(header.uncompressed);
            let values = match header.content {
                PageContent::Dictionary { values, .. } | PageContent::Data { values, .. } => {
                    u64::from(values)
                }
                PageContent::Other => continue,
            };
            let value = header.uncompressed / values.max(1);
            if matches!(header.content, PageContent::Dictionary { .. })
                && column.column_type() == Type::BYTE_ARRAY
            {
                dictionary_value = value;
            }
            sizes.largest_value = sizes.largest_value.max(value);
        }
        sizes.dictionary_bytes =
            u64::try_from(column.num_values()).unwrap_or(0).saturating_mul(dictionary_value);
        Ok(sizes)
    }
}

/// The row groups of a plan, in the form that the decoder needs.
struct PlannedGroups<R> {
    file: R,
    metadata: Arc<ParquetMetaData>,
    plan: ReadPlan,
}

impl<R: ChunkReader + Clone + 'static> RowGroups for PlannedGroups<R> {
    fn num_rows(&self) -> usize {
        self.row_groups().map(|group| usize::try_from(group.num_rows()).unwrap_or_default()).sum()
    }

    fn column_chunks(&self, leaf: usize) -> Result<Box<dyn PageIterator>> {
        let open = |&group: &usize| {
            let row_group = self.metadata.row_group(group);
            let column = row_group.column(leaf);
            let rows = usize::try_from(row_group.num_rows()).unwrap_or_default();
            let pages: Box<dyn PageReader> = if self.plan.large.contains(&(group, leaf)) {
                Box::new(SplitPages::new(self.file.clone(), column))
            } else {
                Box::new(SerializedPageReader::new(Arc::new(self.file.clone()), column, rows, None)?)
            };
            Ok(pages)
        };
        let chunks: Vec<Result<Box<dyn PageReader>>> = self.plan.groups.iter().map(open).collect();
        Ok(Box::new(ChunkPages(chunks.into_iter())))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(self.plan.groups.iter().map(|&group| self.metadata.row_group(group)))
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.metadata
    }
}

struct ChunkPages(std::vec::IntoIter<Result<Box<dyn PageReader>>>);

impl Iterator for ChunkPages {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

impl PageIterator for ChunkPages {}
