//! Reads the values of an Arrow column.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, OffsetSizeTrait};
use arrow_buffer::ArrowNativeType as _;
use arrow_schema::{DataType, Field};
use wandb_core::{Map, Value};

use super::notes::Notes;
use super::scalar;
use crate::columns::TableError;

/// Reads the non-null value at an index. Returns `None` if it is invalid for its type.
pub(super) type Read<'a> = Box<dyn Fn(usize) -> Option<Value> + 'a>;

/// Reads the values of one array. The type is inspected only once.
pub(super) struct Column<'a> {
    name: String,
    array: &'a dyn Array,
    read: Read<'a>,
}

impl<'a> Column<'a> {
    /// Creates a reader; `name` identifies the column in errors.
    pub(super) fn new(array: &'a ArrayRef, name: &str, field: &Field) -> Result<Self, TableError> {
        let array = array.as_ref();
        let mut read = nested(array, name)?.or_else(|| scalar::read(array)).ok_or_else(|| {
            TableError::UnsupportedType { column: name.to_owned(), data_type: array.data_type().to_string() }
        })?;
        if Notes::of(field).json {
            let text = read;
            read = Box::new(move |index| text(index).map(parsed));
        }
        Ok(Self { name: name.to_owned(), array, read })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the value at `index`, which may be null.
    pub(super) fn value(&self, index: usize) -> Result<Value, TableError> {
        self.get(index).ok_or_else(|| TableError::InvalidValue {
            column: self.name.clone(),
            data_type: self.array.data_type().to_string(),
            row: index,
        })
    }

    fn get(&self, index: usize) -> Option<Value> {
        if self.array.is_null(index) { Some(Value::Null) } else { (self.read)(index) }
    }
}

/// Parses JSON text. Text that is not valid JSON stays a string, because the metadata may come from anyone.
fn parsed(value: Value) -> Value {
    value.as_str().and_then(|text| Value::parse(text.as_bytes()).ok()).unwrap_or(value)
}

/// Returns a reader for a nested type, or `None` if the type of `array` is not nested.
fn nested<'a>(array: &'a dyn Array, name: &str) -> Result<Option<Read<'a>>, TableError> {
    Ok(match array.data_type() {
        DataType::List(item) => Some(list::<i32>(array, name, item)?),
        DataType::LargeList(item) => Some(list::<i64>(array, name, item)?),
        DataType::ListView(item) => Some(list_view::<i32>(array, name, item)?),
        DataType::LargeListView(item) => Some(list_view::<i64>(array, name, item)?),
        DataType::FixedSizeList(item, _) => {
            let list = array.as_fixed_size_list();
            let items = Column::new(list.values(), name, item)?;
            let length = usize::try_from(list.value_length()).unwrap_or_default();
            let offset = move |index: usize| index * length;
            Some(Box::new(move |index| items.list(offset(index), length)))
        }
        DataType::Struct(fields) => {
            let columns = fields
                .iter()
                .zip(array.as_struct().columns())
                .map(|(field, child)| {
                    Ok((field.name(), Column::new(child, &format!("{name}.{}", field.name()), field)?))
                })
                .collect::<Result<Vec<_>, TableError>>()?;
            Some(Box::new(move |index| object(&columns, index)))
        }
        DataType::Map(entries, _) => Some(map(array, name, entries)?),
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let values = Column::new(dictionary.values(), name, &Field::new(name, DataType::Null, true))?;
            let keys = dictionary.normalized_keys();
            Some(Box::new(move |index| values.get(keys[index])))
        }
        _ => None,
    })
}

impl Column<'_> {
    fn list(&self, from: usize, length: usize) -> Option<Value> {
        (from..from + length).map(|index| self.get(index)).collect::<Option<Vec<_>>>().map(Value::List)
    }
}

fn list<'a, O: OffsetSizeTrait>(
    array: &'a dyn Array,
    name: &str,
    item: &Field,
) -> Result<Read<'a>, TableError> {
    let list = array.as_list::<O>();
    let items = Column::new(list.values(), name, item)?;
    let offsets = list.value_offsets();
    Ok(Box::new(move |index| {
        let from = offsets[index].as_usize();
        items.list(from, offsets[index + 1].as_usize() - from)
    }))
}

fn list_view<'a, O: OffsetSizeTrait>(
    array: &'a dyn Array,
    name: &str,
    item: &Field,
) -> Result<Read<'a>, TableError> {
    let list = array.as_list_view::<O>();
    let items = Column::new(list.values(), name, item)?;
    Ok(Box::new(move |index| {
        items.list(list.value_offsets()[index].as_usize(), list.value_sizes()[index].as_usize())
    }))
}

fn map<'a>(array: &'a dyn Array, name: &str, entries: &Field) -> Result<Read<'a>, TableError> {
    let map = array.as_map();
    let DataType::Struct(fields) = entries.data_type() else {
        return Err(TableError::UnsupportedType {
            column: name.to_owned(),
            data_type: array.data_type().to_string(),
        });
    };
    let keys = Column::new(map.keys(), name, &fields[0])?;
    let values = Column::new(map.values(), name, &fields[1])?;
    let text_keys = scalar::is_text(map.keys().data_type());
    let offsets = map.value_offsets();
    Ok(Box::new(move |index| {
        let range = offsets[index].as_usize()..offsets[index + 1].as_usize();
        let mut entries = range.map(|entry| Some((keys.get(entry)?, values.get(entry)?)));
        if text_keys {
            let object = entries.map(|entry| match entry? {
                (Value::String(key), value) => Some((key, value)),
                _ => None,
            });
            object.collect::<Option<Map>>().map(Value::Map)
        } else {
            let pair = |(key, value)| Value::Map([("key", key), ("value", value)].into_iter().collect());
            entries
                .try_fold(Vec::new(), |mut list, entry| {
                    list.push(pair(entry?));
                    Some(list)
                })
                .map(Value::List)
        }
    }))
}

/// Returns an object of the non-null fields.
fn object(columns: &[(&String, Column<'_>)], index: usize) -> Option<Value> {
    let mut map = Map::new();
    for (key, column) in columns {
        let value = column.get(index)?;
        if !value.is_null() {
            map.insert(key.as_str(), value);
        }
    }
    Some(Value::Map(map))
}
