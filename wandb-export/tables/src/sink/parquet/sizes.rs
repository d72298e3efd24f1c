//! Sizes of record batches, independent of how rows are divided among them.

use arrow_array::cast::AsArray as _;
use arrow_array::{Array, RecordBatch, StringArray};

/// Returns the bytes of text in a batch.
pub(super) fn text_size(batch: &RecordBatch) -> usize {
    batch.columns().iter().filter_map(|column| column.as_string_opt()).map(text).sum()
}

/// Returns the number of leading rows that contain at least `bytes` bytes of text, or all rows if they have
/// less.
pub(super) fn rows_of_text(batch: &RecordBatch, bytes: usize) -> usize {
    if text_size(batch) < bytes {
        return batch.num_rows();
    }
    let (mut fewer, mut enough) = (0, batch.num_rows());
    while enough - fewer > 1 {
        let middle = fewer.midpoint(enough);
        if text_size(&batch.slice(0, middle)) < bytes {
            fewer = middle;
        } else {
            enough = middle;
        }
    }
    enough
}

/// Returns the approximate size of a column in bytes.
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
