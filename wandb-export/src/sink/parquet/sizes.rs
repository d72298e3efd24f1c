//! How much there is in record batches, however the rows are shared out among them.

use arrow_array::cast::AsArray as _;
use arrow_array::{Array, RecordBatch, StringArray};

/// The bytes of the strings in a batch.
pub(super) fn text_size(batch: &RecordBatch) -> usize {
    batch.columns().iter().filter_map(|column| column.as_string_opt()).map(text).sum()
}

/// About the bytes of a column.
pub(super) fn column_size(batches: &[RecordBatch], index: usize) -> usize {
    batches.iter().map(|batch| size(batch.column(index))).sum()
}

fn size(array: &dyn Array) -> usize {
    if let Some(texts) = array.as_string_opt() {
        return text(texts);
    }
    if let Some(fields) = array.as_struct_opt() {
        return fields.columns().iter().map(|field| size(field)).sum();
    }
    array.len() * array.data_type().primitive_width().unwrap_or(1)
}

fn text(texts: &StringArray) -> usize {
    match texts.value_offsets() {
        [first, .., last] => usize::try_from(last - first).unwrap_or_default(),
        _ => 0,
    }
}
