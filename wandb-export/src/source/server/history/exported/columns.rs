//! Determines the columns of a whole history before reading its first row.

use std::collections::HashMap;

use wandb_core::{Row, Value};
use wandb_tables::{ColumnType, KindCounts, Schema, ValueKind};

use super::footer::{ColumnKind, STEP};

/// The columns of all files.
///
/// `_step` comes first, then the columns of the file with the lowest steps, then those that each later file adds. The
/// order does not depend on the order in which files are added.
#[derive(Debug, Default)]
pub(super) struct ColumnSet(HashMap<String, ColumnStats>);

#[derive(Debug)]
struct ColumnStats {
    /// The first step of the first file that has the column, and the column's index there.
    first: (i64, usize),
    kinds: KindCounts,
    /// Whether every integer is certainly exact as a double.
    safe_ints: bool,
}

impl ColumnSet {
    /// Adds the columns of a file whose rows start at `first_step`. Returns false if a column's type depends on its
    /// values.
    pub(super) fn add<'a>(
        &mut self,
        first_step: i64,
        columns: impl Iterator<Item = (&'a str, ColumnKind)>,
    ) -> bool {
        for (index, (name, kind)) in columns.enumerate() {
            let (value, is_safe) = match kind {
                ColumnKind::Nothing => continue,
                ColumnKind::Other => return false,
                ColumnKind::Bool => (ValueKind::Bool, true),
                ColumnKind::Int { safe } => (ValueKind::Integer, safe),
                ColumnKind::Float => (ValueKind::Float, true),
                ColumnKind::Text { words: true } => (ValueKind::String, true),
                ColumnKind::Text { words: false } => (ValueKind::NonFiniteText, true),
            };
            let first = (first_step, index);
            if !self.0.contains_key(name) {
                let seen = ColumnStats { first, kinds: KindCounts::default(), safe_ints: true };
                self.0.insert(name.to_owned(), seen);
            }
            if let Some(seen) = self.0.get_mut(name) {
                seen.first = seen.first.min(first);
                seen.kinds.add(value, 1);
                seen.safe_ints &= is_safe;
            }
        }
        true
    }

    /// Returns the schema of all files and of the rows after them. `None` if it depends on the values.
    ///
    /// Strings of a file stay strings. But if all strings of a column may stand for numbers, as far as statistics
    /// show, its type depends on the values.
    pub(super) fn into_schema(self, live_rows: &[Row]) -> Option<Schema> {
        let mut files: Vec<(String, ColumnStats)> = self.0.into_iter().collect();
        files.sort_unstable_by(|(name, seen), (other, other_seen)| {
            (name != STEP, seen.first, name).cmp(&(other != STEP, other_seen.first, other))
        });
        let mut rows = count_kinds(live_rows)?;
        let mut columns = Vec::with_capacity(files.len());
        let mut widens = false;
        for (name, seen) in files {
            let has_text =
                seen.kinds.count(ValueKind::String) + seen.kinds.count(ValueKind::NonFiniteText) > 0;
            let mut kinds = seen.kinds;
            if let Some(live_rows) = rows.counts.remove(&name) {
                kinds.merge(&live_rows);
            }
            let column_type = plain_type(&kinds)?;
            let is_certain = match column_type {
                ColumnType::Float64 => !has_text && seen.safe_ints,
                _ => true,
            };
            if !is_certain {
                return None;
            }
            widens |= column_type == ColumnType::Float64 && kinds.count(ValueKind::Integer) > 0;
            columns.push((name, column_type));
        }
        for name in rows.order {
            if let Some(kinds) = rows.counts.remove(&name) {
                let column_type = plain_type(&kinds)?;
                widens |= column_type == ColumnType::Float64 && kinds.count(ValueKind::Integer) > 0;
                columns.push((name, column_type));
            }
        }
        let schema = Schema::given(columns);
        Some(if widens { schema.with_widened_integers() } else { schema })
    }
}

/// Returns the type that holds all values unchanged, without anything to report.
fn plain_type(kinds: &KindCounts) -> Option<ColumnType> {
    match kinds.column_type() {
        (column_type, None) if column_type != ColumnType::Json => Some(column_type),
        _ => None,
    }
}

struct KeyCounts {
    order: Vec<String>,
    counts: HashMap<String, KindCounts>,
}

/// Tallies the values of each key in order of appearance. `None` if a value is nested.
fn count_kinds(rows: &[Row]) -> Option<KeyCounts> {
    let mut seen = KeyCounts { order: Vec::new(), counts: HashMap::new() };
    for (key, value) in rows.iter().flat_map(Row::iter) {
        if matches!(value, Value::List(_) | Value::Map(_) | Value::BigInt(_)) {
            return None;
        }
        if let Some(kinds) = seen.counts.get_mut(key) {
            kinds.observe(value);
        } else {
            let mut kinds = KindCounts::default();
            kinds.observe(value);
            seen.order.push(key.to_owned());
            seen.counts.insert(key.to_owned(), kinds);
        }
    }
    Some(seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(files: &[(i64, &[(&str, ColumnKind)])], live_rows: &[&str]) -> Option<String> {
        let mut columns = ColumnSet::default();
        for (first_step, file) in files {
            if !columns.add(*first_step, file.iter().copied()) {
                return None;
            }
        }
        let rows: Vec<Row> =
            live_rows.iter().map(|row| Row::parse(row.as_bytes()).expect("valid JSON")).collect();
        let schema = columns.into_schema(&rows)?;
        let text = |field: &wandb_tables::Field| format!("{}: {:?}", field.name(), field.kind());
        Some(schema.fields().iter().map(text).collect::<Vec<_>>().join(", ").replace("Column", ""))
    }

    const SMALL: ColumnKind = ColumnKind::Int { safe: true };
    const LARGE: ColumnKind = ColumnKind::Int { safe: false };
    const WORDS: ColumnKind = ColumnKind::Text { words: true };
    const NUMBERS: ColumnKind = ColumnKind::Text { words: false };

    #[test]
    fn column_order_follows_the_steps_of_files() {
        let first: (i64, &[_]) =
            (0, &[("b", ColumnKind::Float), (STEP, LARGE), ("gone", ColumnKind::Nothing)]);
        let second: (i64, &[_]) =
            (100, &[("a", ColumnKind::Bool), ("b", ColumnKind::Float), (STEP, LARGE), ("c", WORDS)]);
        let expected = "_step: (Int64), b: (Float64), a: (Bool), c: (Utf8)";
        assert_eq!(schema(&[first, second], &[]).as_deref(), Some(expected));
        assert_eq!(schema(&[second, first], &[]).as_deref(), Some(expected));
    }

    #[test]
    fn only_exact_integers_join_floats() {
        let both = |kind: ColumnKind| schema(&[(0, &[("a", kind)]), (9, &[("a", ColumnKind::Float)])], &[]);
        assert_eq!(both(SMALL).as_deref(), Some("a: (Float64)"));
        assert_eq!(both(LARGE), None);
        assert_eq!(schema(&[(0, &[("a", LARGE)])], &[r#"{"a": 0.5}"#]), None);
        assert_eq!(schema(&[(0, &[("a", SMALL)])], &[r#"{"a": 0.5}"#]).as_deref(), Some("a: (Float64)"));
        assert_eq!(schema(&[(0, &[("a", ColumnKind::Float)])], &[r#"{"a": 9007199254740993}"#]), None);
    }

    #[test]
    fn integers_among_floats_set_the_widens_flag() {
        let widens = |files: &[ColumnKind]| {
            let mut columns = ColumnSet::default();
            for (at, kind) in (0..).zip(files) {
                assert!(columns.add(at, [("a", *kind)].into_iter()));
            }
            columns.into_schema(&[]).expect("plain").has_widened_integers()
        };
        assert!(widens(&[SMALL, ColumnKind::Float]));
        assert!(!widens(&[ColumnKind::Float, ColumnKind::Float]) && !widens(&[SMALL, LARGE]));
    }

    #[test]
    fn changing_types_depend_on_the_values() {
        for kind in [SMALL, ColumnKind::Float, ColumnKind::Bool, NUMBERS] {
            let other = if kind == NUMBERS { ColumnKind::Float } else { WORDS };
            assert_eq!(schema(&[(0, &[("a", kind)]), (9, &[("a", other)])], &[]), None, "{kind:?}");
        }
        assert_eq!(schema(&[(0, &[("a", ColumnKind::Other)])], &[]), None);
        assert_eq!(schema(&[(0, &[("a", ColumnKind::Bool)])], &[r#"{"a": 1}"#]), None);
    }

    #[test]
    fn numeric_strings_are_text_only_among_words() {
        assert_eq!(schema(&[(0, &[("a", NUMBERS)])], &[]), None);
        assert_eq!(
            schema(&[(0, &[("a", NUMBERS)]), (9, &[("a", WORDS)])], &[]).as_deref(),
            Some("a: (Utf8)")
        );
        assert_eq!(schema(&[(0, &[("a", NUMBERS)])], &[r#"{"a": "word"}"#]).as_deref(), Some("a: (Utf8)"));
        assert_eq!(
            schema(&[(0, &[("a", ColumnKind::Float)])], &[r#"{"a": "NaN"}"#]).as_deref(),
            Some("a: (Float64)")
        );
    }

    #[test]
    fn live_rows_add_columns_unless_nested() {
        let file: (i64, &[_]) = (0, &[(STEP, LARGE)]);
        let rows = [r#"{"_step": 5, "z": null, "y": 1}"#, r#"{"_step": 6, "x": "NaN", "z": null, "y": 0.5}"#];
        assert_eq!(schema(&[file], &rows), None, "a string that stands for a number is reported");
        let rows = [r#"{"_step": 5, "z": null, "y": 1}"#, r#"{"_step": 6, "x": true, "z": null, "y": 0.5}"#];
        assert_eq!(
            schema(&[file], &rows).as_deref(),
            Some("_step: (Int64), z: (Utf8), y: (Float64), x: (Bool)")
        );
        for nested in [r#"{"a": []}"#, r#"{"a": {"b": 1}}"#, r#"{"a": 18446744073709551616}"#] {
            assert_eq!(schema(&[file], &[nested]), None, "{nested}");
        }
    }
}
