//! The types of columns that the SDK records in artifacts.

use std::fmt;

use wandb_core::{Map, Value};

use crate::columns::ColumnType;

/// The type of the cells of a column, as the SDK infers and records it.
///
/// (`to_json` of the classes in `sdk/data_types/_dtypes.py` and `table.py` in wandb/wandb. Files of runs have no types.)
///
/// ```
/// use wandb_core::Value;
/// use wandb_tables::CellType;
///
/// let json = br#"{"wb_type": "union", "params": {"allowed_types": [{"wb_type": "none"}, {"wb_type": "timestamp"}]}}"#;
/// let cell_type = CellType::parse(&Value::parse(json)?);
/// assert_eq!(cell_type.to_string(), "none or timestamp");
/// assert!(cell_type.is_time());
/// # Ok::<(), wandb_core::ValueError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum CellType {
    /// Numbers: integers and floats.
    Number,
    /// Text.
    String,
    /// `true` and `false`.
    Boolean,
    /// Times, in milliseconds since 1970.
    Timestamp,
    /// No value.
    None,
    /// Any value.
    Any,
    /// No value has shown the type yet.
    Unknown,
    /// Lists of elements of one type.
    List(Box<CellType>),
    /// Objects with known keys.
    TypedDict(Vec<(String, CellType)>),
    /// Any of several types.
    Union(Vec<CellType>),
    /// `NumPy` arrays.
    #[non_exhaustive]
    NdArray {
        /// The shape of each array, if known.
        shape: Vec<u64>,
        /// The file in the artifact that holds the arrays. Without one, they are lists in the table.
        path: Option<String>,
    },
    /// Unique text that names each row.
    PrimaryKey,
    /// Keys of rows in another table.
    #[non_exhaustive]
    ForeignKey {
        /// The path of the other table in the artifact.
        table: Option<String>,
        /// The column with the keys.
        column: Option<String>,
    },
    /// Numbers of rows in another table.
    #[non_exhaustive]
    ForeignIndex {
        /// The path of the other table in the artifact.
        table: Option<String>,
    },
    /// A Python object, which is saved as text or JSON.
    PythonObject {
        /// The name of its class.
        class: Option<String>,
    },
    /// A media type such as `image-file`, or another type by its name.
    Other(String),
}

impl CellType {
    /// Parses a type. Everything that is not understood becomes [`Other`](Self::Other).
    pub fn parse(value: &Value) -> Self {
        let Some(name) = value.get("wb_type").and_then(Value::as_str) else {
            return Self::Other(value.to_json());
        };
        let param = |name: &str| value.get_path(["params", name]);
        let text = |name: &str| param(name).and_then(Value::as_str).map(str::to_owned);
        // The second names are those of older SDKs.
        match name {
            "number" => Self::Number,
            "string" => Self::String,
            "boolean" => Self::Boolean,
            "timestamp" => Self::Timestamp,
            "none" => Self::None,
            "any" => Self::Any,
            "unknown" => Self::Unknown,
            "list" => Self::List(Box::new(param("element_type").map_or(Self::Unknown, Self::parse))),
            "typedDict" | "dictionary" => Self::TypedDict(type_map(value)),
            "union" => {
                let types = param("allowed_types").and_then(Value::as_list).unwrap_or_default();
                Self::Union(types.iter().map(Self::parse).collect())
            }
            "ndarray" => Self::NdArray {
                shape: param("shape")
                    .and_then(Value::as_list)
                    .unwrap_or_default()
                    .iter()
                    .filter_map(|length| length.as_i64().and_then(|length| u64::try_from(length).ok()))
                    .collect(),
                path: param("serialization_path")
                    .and_then(|path| path.get("path")?.as_str())
                    .map(str::to_owned),
            },
            "primaryKey" | "wandb.TablePrimaryKey" => Self::PrimaryKey,
            "foreignKey" | "wandb.TableForeignKey" => {
                Self::ForeignKey { table: text("table"), column: text("col_name") }
            }
            "foreignIndex" | "wandb.TableForeignIndex" => Self::ForeignIndex { table: text("table") },
            "pythonObject" | "object" => Self::PythonObject { class: text("class_name") },
            name => Self::Other(name.to_owned()),
        }
    }

    /// Returns whether numbers in the column are times. A column of numbers and times does not tell them apart, so its
    /// numbers stay numbers.
    pub fn is_time(&self) -> bool {
        matches!(self.only(), Some(Self::Timestamp))
    }

    /// Returns the type of the column in the output for cells that do not show it: none at all, or text that only looks
    /// like a number. `raw` keeps times as numbers.
    pub(super) fn column_type(&self, raw: bool) -> Option<ColumnType> {
        match self.only()? {
            Self::Timestamp if raw => Some(ColumnType::Int64),
            Self::Number | Self::ForeignIndex { .. } => Some(ColumnType::Float64),
            Self::String | Self::Timestamp | Self::PrimaryKey | Self::ForeignKey { .. } => {
                Some(ColumnType::Utf8)
            }
            Self::Boolean => Some(ColumnType::Bool),
            Self::List(_) | Self::TypedDict(_) | Self::NdArray { .. } | Self::Other(_) => {
                Some(ColumnType::Json)
            }
            _ => None,
        }
    }

    /// Returns the only type besides null, if there is one.
    fn only(&self) -> Option<&Self> {
        let Self::Union(types) = self else { return Some(self) };
        let mut types = types.iter().filter(|cell_type| **cell_type != Self::None);
        let only = types.next()?;
        if types.next().is_some() { None } else { only.only() }
    }

    /// Returns the path of the file that holds the arrays of the column.
    pub(super) fn array_file(&self) -> Option<&str> {
        match self {
            Self::NdArray { path, .. } => path.as_deref(),
            Self::Union(types) => types.iter().find_map(Self::array_file),
            _ => None,
        }
    }
}

/// Parses the types of the keys of a `typedDict`.
pub(super) fn type_map(value: &Value) -> Vec<(String, CellType)> {
    let types = value.get_path(["params", "type_map"]).and_then(Value::as_map).map(Map::iter);
    types.into_iter().flatten().map(|(name, value)| (name.to_owned(), CellType::parse(value))).collect()
}

impl fmt::Display for CellType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number => f.write_str("number"),
            Self::String => f.write_str("string"),
            Self::Boolean => f.write_str("boolean"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::None => f.write_str("none"),
            Self::Any => f.write_str("any"),
            Self::Unknown => f.write_str("unknown"),
            Self::List(element) => write!(f, "list of {element}"),
            Self::TypedDict(types) => {
                f.write_str("{")?;
                for (index, (key, value)) in types.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(f, "{comma}{key}: {value}")?;
                }
                f.write_str("}")
            }
            Self::Union(types) => {
                for (index, value) in types.iter().enumerate() {
                    let or = if index > 0 { " or " } else { "" };
                    write!(f, "{or}{value}")?;
                }
                Ok(())
            }
            Self::NdArray { shape, .. } => {
                let shape: Vec<_> = shape.iter().map(u64::to_string).collect();
                write!(f, "array of {}", shape.join(" by "))
            }
            Self::PrimaryKey => f.write_str("primary key"),
            Self::ForeignKey { table, column } => write!(
                f,
                "key of {} in {}",
                column.as_deref().unwrap_or("a column"),
                table.as_deref().unwrap_or("another table")
            ),
            Self::ForeignIndex { table } => {
                write!(f, "row number in {}", table.as_deref().unwrap_or("another table"))
            }
            Self::PythonObject { class } => {
                write!(f, "Python object {}", class.as_deref().unwrap_or_default())
            }
            Self::Other(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> CellType {
        CellType::parse(&Value::parse(json.as_bytes()).expect("JSON"))
    }

    fn union(types: &str) -> CellType {
        parse(&format!(r#"{{"wb_type": "union", "params": {{"allowed_types": [{types}]}}}}"#))
    }

    #[test]
    fn every_type_of_the_sdk_is_understood() {
        for (json, text) in [
            (r#"{"wb_type": "number"}"#, "number"),
            (
                r#"{"wb_type": "list", "params": {"element_type": {"wb_type": "string"}, "length": 2}}"#,
                "list of string",
            ),
            (
                r#"{"wb_type": "typedDict", "params": {"type_map": {"a": {"wb_type": "any"}, "b": {"wb_type": "none"}}}}"#,
                "{a: any, b: none}",
            ),
            (
                r#"{"wb_type": "ndarray", "params": {"shape": [2, 3], "serialization_path": null}}"#,
                "array of 2 by 3",
            ),
            (r#"{"wb_type": "wandb.TablePrimaryKey"}"#, "primary key"),
            (
                r#"{"wb_type": "foreignKey", "params": {"table": "t.table.json", "col_name": "id"}}"#,
                "key of id in t.table.json",
            ),
            (
                r#"{"wb_type": "foreignIndex", "params": {"table": "t.table.json"}}"#,
                "row number in t.table.json",
            ),
            (r#"{"wb_type": "object", "params": {"class_name": "Path"}}"#, "Python object Path"),
            (r#"{"wb_type": "image-file", "params": {"class_map": {}}}"#, "image-file"),
            (r#"{"wb_type": "classesId", "params": {"valid_ids": []}}"#, "classesId"),
            ("7", "7"),
        ] {
            assert_eq!(parse(json).to_string(), text);
        }
    }

    #[test]
    fn optional_columns_have_the_type_of_their_values() {
        let optional = |name: &str| union(&format!(r#"{{"wb_type": "none"}}, {{"wb_type": "{name}"}}"#));
        assert_eq!(optional("number").column_type(false), Some(ColumnType::Float64));
        assert_eq!(optional("string").column_type(false), Some(ColumnType::Utf8));
        assert!(optional("timestamp").is_time());
        let mixed = union(r#"{"wb_type": "number"}, {"wb_type": "timestamp"}"#);
        assert_eq!((mixed.column_type(false), mixed.is_time()), (None, false));
        assert_eq!((union("").column_type(false), optional("unknown").column_type(false)), (None, None));
    }

    #[test]
    fn arrays_name_their_file() {
        let array = r#"{"wb_type": "ndarray", "params": {"shape": [9], "serialization_path": {"path": "a.npz", "key": "a"}}}"#;
        assert_eq!(parse(array).array_file(), Some("a.npz"));
        assert_eq!(union(array).array_file(), Some("a.npz"));
    }
}
