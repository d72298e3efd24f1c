//! Decodes the rows of one file as record batches: sorted, within the wanted steps, selected by keys.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, Float64Array, Int64Array, RecordBatch, UInt64Array,
};
use arrow_buffer::BooleanBuffer;
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};
use arrow_select::filter::filter_record_batch;
use arrow_select::take::take_record_batch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use wandb_graphql::{Keys, Selection};

use super::super::row_issues::LateRows;
use super::footer::{Footer, STEP, to_integer};
use super::pages::ReadPlan;
use super::sparse_file::SharedFile;
use super::{catch_panic, unusable};
use crate::error::Error;

/// Maximum number of rows in a batch.
const MAX_ROWS: usize = 8 << 10;

/// Target size of the values of a batch, in bytes.
const BATCH_BYTES: u64 = 1 << 20;

/// What to read from a file.
#[derive(Debug, Clone)]
pub(super) struct DecodeRequest {
    /// The run's name in errors.
    pub(super) run: String,
    /// The row groups to read.
    pub(super) groups: Vec<usize>,
    /// The indexes of the columns to read, including `_step`.
    pub(super) columns: Vec<usize>,
    /// The first and last step according to the statistics of the row groups, inclusive.
    pub(super) promised: (i64, i64),
    pub(super) wanted: Range<i64>,
    pub(super) selection: Selection,
    pub(super) late: LateRows,
}

/// Decodes batches. Iterate on a thread that may block on the disk. Ends after the first error.
pub(super) struct Decoder {
    reader: Option<ParquetRecordBatchReader>,
    schema: SchemaRef,
    step: usize,
    /// The columns of the selection. `None` for one that the file lacks.
    selected: Vec<Option<usize>>,
    request: DecodeRequest,
    /// The greatest step so far.
    last_step: Option<i64>,
}

impl Decoder {
    pub(super) fn new(bytes: &SharedFile, footer: &Footer, request: DecodeRequest) -> Result<Self, Error> {
        let failed = |message: &dyn ToString| unusable(&request.run, message);
        let fields: Vec<&FieldRef> = request.columns.iter().map(|&root| &footer.fields()[root]).collect();
        let schema =
            Arc::new(Schema::new(fields.iter().map(|field| widened_field(field)).collect::<Vec<_>>()));
        let index_of = |key: &str| fields.iter().position(|field| field.name() == key);
        let step = index_of(STEP).ok_or_else(|| failed(&"a file has no column _step"))?;
        let keys = request.selection.keys().into_iter().flat_map(Keys::iter);
        let selected = keys.map(index_of).collect();

        let (groups, columns) = (request.groups.clone(), request.columns.clone());
        let row = footer.decoded_row_bytes(&groups, &columns);
        let reader = catch_panic(&request.run, || {
            let plan = ReadPlan::new(bytes, footer, groups, columns)?;
            plan.read(bytes, footer, plan.batch_rows(BATCH_BYTES, row, MAX_ROWS), None)
        })?;
        let reader = reader.map_err(|error| failed(&error))?;
        Ok(Self { reader: Some(reader), schema, step, selected, request, last_step: None })
    }

    fn decode(&mut self) -> Result<Option<RecordBatch>, Error> {
        let Some(reader) = &mut self.reader else { return Ok(None) };
        let Some(batch) = catch_panic(&self.request.run, || reader.next())? else { return Ok(None) };
        let batch = batch.map_err(|error| self.unusable_error(&error))?;
        let columns = batch.columns().iter().enumerate();
        let columns =
            columns.map(|(at, array)| if at == self.step { integer_steps(array) } else { widen(array) });
        let columns: Vec<ArrayRef> = columns
            .collect::<Option<_>>()
            .ok_or_else(|| self.unusable_error(&"the integers of a file contradict its statistics"))?;
        let batch = RecordBatch::try_new(SchemaRef::clone(&self.schema), columns)
            .map_err(|error| self.unusable_error(&error))?;
        let batch = self.check_and_sort(batch)?;
        let range = self.wanted_rows(batch.column(self.step).as_primitive());
        let batch = batch.slice(range.start, range.len());
        let Some(selection_mask) = self.selection_mask(&batch) else { return Ok(Some(batch)) };
        filter_record_batch(&batch, &BooleanArray::new(selection_mask, None))
            .map(Some)
            .map_err(|error| self.unusable_error(&error))
    }

    /// Checks the steps and sorts the rows. Rows with earlier steps than those already returned count as late.
    fn check_and_sort(&mut self, batch: RecordBatch) -> Result<RecordBatch, Error> {
        let steps: &Int64Array = batch.column(self.step).as_primitive();
        if steps.null_count() > 0 {
            return Err(
                self.unusable_error(&"a file has rows without a step, which contradicts its statistics")
            );
        }
        let is_sorted = steps.values().is_sorted();
        let batch = if is_sorted { batch } else { self.sort_by_step(&batch)? };
        let steps: &Int64Array = batch.column(self.step).as_primitive();
        let values = steps.values();
        let (Some(&first), Some(&last)) = (values.first(), values.last()) else { return Ok(batch) };
        let promised = self.request.promised;
        if first < promised.0 || last > promised.1 {
            return Err(self.unusable_error(&"the steps of a file contradict its statistics"));
        }
        if let Some(before) = self.last_step.filter(|before| first < *before) {
            let late = values.partition_point(|&step| step < before);
            self.request.late.add(late);
        }
        self.last_step = self.last_step.max(Some(last));
        Ok(batch)
    }

    fn sort_by_step(&self, batch: &RecordBatch) -> Result<RecordBatch, Error> {
        let steps: &Int64Array = batch.column(self.step).as_primitive();
        let mut order: Vec<u64> = (0..steps.len() as u64).collect();
        order.sort_by_key(|&row| usize::try_from(row).map(|row| steps.value(row)).unwrap_or_default());
        take_record_batch(batch, &UInt64Array::from(order)).map_err(|error| self.unusable_error(&error))
    }

    /// Returns the range of rows with wanted steps.
    fn wanted_rows(&self, steps: &Int64Array) -> Range<usize> {
        let wanted = &self.request.wanted;
        let values = steps.values();
        let start = values.partition_point(|&step| step < wanted.start);
        start..values.partition_point(|&step| step < wanted.end).max(start)
    }

    /// Returns the rows that match the selection. `None` if all do.
    fn selection_mask(&self, batch: &RecordBatch) -> Option<BooleanBuffer> {
        let rows = batch.num_rows();
        let has_value = |column: &Option<usize>| match column {
            None => BooleanBuffer::new_unset(rows),
            Some(index) => match batch.column(*index).logical_nulls() {
                Some(nulls) => nulls.into_inner(),
                None => BooleanBuffer::new_set(rows),
            },
        };
        let held = self.selected.iter().map(has_value);
        match self.request.selection {
            Selection::Everything => None,
            Selection::AllOf(_) => held.reduce(|all, one| &all & &one),
            Selection::AnyOf(_) => held.reduce(|any, one| &any | &one),
        }
    }

    fn unusable_error(&self, message: &dyn ToString) -> Error {
        unusable(&self.request.run, message)
    }
}

impl Iterator for Decoder {
    type Item = Result<RecordBatch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let batch = self.decode();
            match &batch {
                Ok(Some(batch)) if batch.num_rows() == 0 => continue,
                Ok(Some(_)) => {}
                _ => self.reader = None,
            }
            return batch.transpose();
        }
    }
}

/// Returns the field for values converted by [`widen`] or [`integer_steps`].
fn widened_field(field: &FieldRef) -> Field {
    let data_type = match field.data_type() {
        _ if field.name() == STEP => DataType::Int64,
        data_type if data_type.is_integer() => DataType::Int64,
        DataType::Float32 => DataType::Float64,
        other => other.clone(),
    };
    Field::new(field.name(), data_type, true)
}

/// Converts steps to integers, even if they are stored as floats. `None` if one is not an integer.
pub(super) fn integer_steps(array: &ArrayRef) -> Option<ArrayRef> {
    let floats = match array.data_type() {
        DataType::Float64 => array.as_primitive::<Float64Type>().clone(),
        DataType::Float32 => array.as_primitive::<Float32Type>().unary(f64::from),
        data_type if data_type.is_integer() => return widen(array),
        _ => return None,
    };
    if floats.iter().flatten().any(|float| to_integer(float).is_none()) {
        return None;
    }
    Some(Arc::new(floats.unary::<_, Int64Type>(|float| to_integer(float).unwrap_or_default())))
}

/// Widens numbers to 64-bit signed integers and doubles. `None` if a value does not fit.
pub(super) fn widen(array: &ArrayRef) -> Option<ArrayRef> {
    Some(match array.data_type() {
        DataType::Int8 => to_int64::<Int8Type>(array, i64::from),
        DataType::Int16 => to_int64::<Int16Type>(array, i64::from),
        DataType::Int32 => to_int64::<Int32Type>(array, i64::from),
        DataType::UInt8 => to_int64::<UInt8Type>(array, i64::from),
        DataType::UInt16 => to_int64::<UInt16Type>(array, i64::from),
        DataType::UInt32 => to_int64::<UInt32Type>(array, i64::from),
        DataType::UInt64 => {
            if array.as_primitive::<UInt64Type>().iter().flatten().any(|value| i64::try_from(value).is_err())
            {
                return None;
            }
            to_int64::<UInt64Type>(array, u64::cast_signed)
        }
        DataType::Float32 => {
            let floats: Float64Array = array.as_primitive::<Float32Type>().unary(f64::from);
            Arc::new(floats)
        }
        _ => Arc::clone(array),
    })
}

fn to_int64<T: ArrowPrimitiveType>(array: &ArrayRef, widen: impl Fn(T::Native) -> i64) -> ArrayRef {
    Arc::new(array.as_primitive::<T>().unary::<_, Int64Type>(widen))
}
