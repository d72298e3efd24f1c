//! Selects the keys that become columns when a table has too many.

use std::cmp::Reverse;
use std::collections::HashSet;

use super::column_type::ColumnType;
use super::finding::{Finding, Reason};
use super::resolve::Requested;
use super::schema::{Field, FieldKind};
use super::schema_builder::Limits;

/// Name of the column for all other keys, unless another column already has it.
const REST: &str = "rest";

/// The keys without a column.
pub(super) struct LeftOut {
    keys: usize,
    columns: usize,
    /// Number of values seen under these keys.
    values: u64,
}

/// Removes the less common columns from `fields`, and their entries from `findings`, if there are more than
/// allowed. Requested columns and the step stay.
pub(super) fn most_common(
    fields: &mut Vec<Field>,
    findings: &mut Vec<Finding>,
    requested: &Requested<'_>,
    limits: Limits,
) -> Option<LeftOut> {
    if fields.iter().map(leaves).sum::<usize>() <= limits.columns && !limits.overflowed {
        return None;
    }
    let (mut values, mut is_asked_for) = (Vec::new(), Vec::new());
    for field in &*fields {
        add_values(field, &mut values);
        is_asked_for.resize(values.len(), requested.rank(field) <= requested.count);
    }
    // One column is reserved for the rest.
    let columns = values.len().min(limits.columns.saturating_sub(1));
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by_key(|&leaf| (!is_asked_for[leaf], Reverse(values[leaf]), leaf));
    let mut kept = vec![false; values.len()];
    order[..columns].iter().for_each(|&leaf| kept[leaf] = true);
    let left_out = order[columns..].iter().map(|&leaf| values[leaf]).sum();
    keep(fields, &mut kept.into_iter());
    let mut paths = HashSet::new();
    add_paths(fields, &mut paths);
    findings.retain(|finding| paths.contains(finding.path.as_slice()));
    Some(LeftOut { keys: values.len() - columns + usize::from(limits.overflowed), columns, values: left_out })
}

impl LeftOut {
    pub(super) fn field(&self) -> Field {
        Field {
            name: REST.to_owned(),
            path: Vec::new(),
            kind: FieldKind::Column(ColumnType::Json),
            slot: 0,
            values: self.values,
        }
    }

    pub(super) fn finding(&self) -> Finding {
        Finding {
            column: REST.to_owned(),
            path: Vec::new(),
            seen: Vec::new(),
            written_as: ColumnType::Json,
            reason: Reason::TooManyKeys { keys: self.keys, columns: self.columns },
        }
    }
}

fn leaves(field: &Field) -> usize {
    match field.kind() {
        FieldKind::Column(_) => 1,
        FieldKind::Struct(fields) => fields.iter().map(leaves).sum(),
    }
}

fn add_values(field: &Field, values: &mut Vec<u64>) {
    match field.kind() {
        FieldKind::Column(_) => values.push(field.values),
        FieldKind::Struct(fields) => fields.iter().for_each(|field| add_values(field, values)),
    }
}

/// Drops the columns for which `kept` yields false, and structs left without columns.
fn keep(fields: &mut Vec<Field>, kept: &mut impl Iterator<Item = bool>) {
    fields.retain_mut(|field| match &mut field.kind {
        FieldKind::Column(_) => kept.next().unwrap_or(true),
        FieldKind::Struct(fields) => {
            keep(fields, kept);
            !fields.is_empty()
        }
    });
}

fn add_paths<'a>(fields: &'a [Field], paths: &mut HashSet<&'a [String]>) {
    for field in fields {
        paths.insert(field.path());
        if let FieldKind::Struct(fields) = field.kind() {
            add_paths(fields, paths);
        }
    }
}
