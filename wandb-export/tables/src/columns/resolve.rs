//! Resolves the values seen in the rows to the columns of a table.

use std::collections::{HashMap, HashSet};

use super::choose;
use super::column_type::ColumnType;
use super::finding::{Finding, Reason};
use super::kind_counts::{KindCounts, ValueKind};
use super::nested::Nested;
use super::schema::{Field, FieldKind, Schema};
use super::schema_builder::{Limits, Node};

/// The key by which the rows of a history are ordered.
const STEP: &str = "_step";

/// Returns the schema for all values in `nodes`, whose first node is the root. `stated` has the types of columns whose
/// values do not show them.
pub(super) fn schema(
    nodes: &[Node],
    nested: Nested,
    asked_for: &[String],
    stated: &HashMap<String, ColumnType>,
    limits: Limits,
) -> Schema {
    let mut resolver = Resolver { nodes, nested, stated, findings: Vec::new() };
    let mut fields = Vec::new();
    resolver.fields(0, &mut Vec::new(), &mut fields);
    let mut findings = resolver.findings;
    let requested = Requested::new(asked_for);
    let left_out = choose::most_common(&mut fields, &mut findings, &requested, limits);
    add_unseen(&mut fields, asked_for, stated);
    fields.sort_by_cached_key(|field| requested.rank(field));
    if let Some(rest) = left_out {
        fields.push(rest.field());
        findings.push(rest.finding());
    }
    rename_clashes(&mut fields, &mut findings);
    Schema::new(fields, findings)
}

/// Adds the missing requested columns to `schema`, and moves all requested columns to the front in that
/// order.
#[cfg(feature = "parquet")]
pub(crate) fn with_requested_first(schema: Schema, asked_for: &[String]) -> Schema {
    let Schema { mut fields, findings, .. } = schema;
    add_unseen(&mut fields, asked_for, &HashMap::new());
    let requested = Requested::new(asked_for);
    fields.sort_by_cached_key(|field| requested.rank(field));
    Schema::new(fields, findings)
}

struct Resolver<'a> {
    nodes: &'a [Node],
    nested: Nested,
    stated: &'a HashMap<String, ColumnType>,
    findings: Vec<Finding>,
}

impl Resolver<'_> {
    fn fields(&mut self, node: usize, path: &mut Vec<String>, fields: &mut Vec<Field>) {
        for (key, &child) in &self.nodes[node].children {
            path.push(key.clone());
            match self.nested {
                Nested::Struct => fields.push(self.struct_field(child, path)),
                Nested::Dotted | Nested::Json => self.flat_fields(child, path, fields),
            }
            path.pop();
        }
    }

    /// Adds a column for the values at `node`, if it has any, and columns for the keys below it.
    fn flat_fields(&mut self, node: usize, path: &mut Vec<String>, fields: &mut Vec<Field>) {
        let Node { kinds, children, divided, is_too_deep, .. } = &self.nodes[node];
        if children.is_empty() || kinds.has_values() {
            let mut kinds = kinds.clone();
            kinds.add(ValueKind::Object, *divided);
            let (column_type, reason) = self.nodes[node].kinds.column_type();
            let reason = if *is_too_deep { Some(Reason::TooDeep) } else { reason };
            let reason = if children.is_empty() { reason } else { reason.or(Some(Reason::ValueAndObject)) };
            fields.push(self.column(path, &kinds, column_type, reason));
        }
        self.fields(node, path, fields);
    }

    /// Returns one field for everything at and below `node`.
    fn struct_field(&mut self, node: usize, path: &mut Vec<String>) -> Field {
        let Node { kinds, children, divided, empty_objects, is_too_deep } = &self.nodes[node];
        let only_objects = kinds.seen().all(|(kind, count)| match kind {
            ValueKind::Null => true,
            ValueKind::Object => count == *empty_objects,
            _ => false,
        });
        if !children.is_empty() && only_objects {
            let mut fields = Vec::new();
            self.fields(node, path, &mut fields);
            return Field {
                name: last(path),
                path: path.clone(),
                kind: FieldKind::Struct(fields),
                slot: 0,
                values: 0,
            };
        }
        let mut kinds = kinds.clone();
        kinds.add(ValueKind::Object, *divided);
        let (column_type, reason) = kinds.column_type();
        let reason = if *is_too_deep { Some(Reason::TooDeep) } else { reason };
        let mut field = self.column(path, &kinds, column_type, reason);
        field.name = last(path);
        field
    }

    fn column(
        &mut self,
        path: &[String],
        kinds: &KindCounts,
        column_type: ColumnType,
        reason: Option<Reason>,
    ) -> Field {
        let name = path.join(".");
        let stated = if let [key] = path { self.stated.get(key) } else { None };
        let is_stated = stated.is_some_and(|stated| holds(*stated, kinds));
        let (column_type, reason) = match stated {
            Some(stated) if is_stated => (*stated, None),
            _ => (column_type, reason),
        };
        if let Some(reason) = reason {
            self.findings.push(Finding {
                column: name.clone(),
                path: path.to_vec(),
                seen: kinds.seen().collect(),
                written_as: column_type,
                reason,
            });
        }
        Field {
            name,
            path: path.to_vec(),
            kind: FieldKind::Column(column_type),
            slot: 0,
            values: kinds.values(),
        }
    }
}

fn last(path: &[String]) -> String {
    path.last().cloned().unwrap_or_default()
}

/// Returns whether values of these kinds leave the type open, and `stated` holds them: no values, or only texts such as
/// `NaN`, which may stand for numbers.
fn holds(stated: ColumnType, kinds: &KindCounts) -> bool {
    let is_text = matches!(stated, ColumnType::Utf8 | ColumnType::Float64);
    kinds.seen().all(|(kind, _)| match kind {
        ValueKind::Null => true,
        ValueKind::NonFiniteText => is_text,
        _ => false,
    })
}

/// Adds the requested columns that no row has.
fn add_unseen(fields: &mut Vec<Field>, asked_for: &[String], stated: &HashMap<String, ColumnType>) {
    let mut seen = HashSet::new();
    for field in &*fields {
        seen.extend(answered_names(&field.name).map(str::to_owned));
    }
    for name in asked_for {
        if !seen.contains(name) {
            seen.extend(answered_names(name).map(str::to_owned));
            fields.push(Field {
                name: name.clone(),
                path: vec![name.clone()],
                kind: FieldKind::Column(stated.get(name).copied().unwrap_or(ColumnType::Utf8)),
                slot: 0,
                values: 0,
            });
        }
    }
}

/// Returns the names that refer to a column: its own, and those of the objects whose dotted columns it belongs to.
fn answered_names(name: &str) -> impl Iterator<Item = &str> {
    std::iter::once(name).chain(name.match_indices('.').map(|(end, _)| &name[..end]))
}

/// The positions of requested columns. A map, because thousands of columns may be requested.
pub(super) struct Requested<'a> {
    positions: HashMap<&'a str, usize>,
    pub(super) count: usize,
}

impl<'a> Requested<'a> {
    fn new(asked_for: &'a [String]) -> Self {
        let mut positions = HashMap::new();
        for (position, name) in asked_for.iter().enumerate() {
            positions.entry(&**name).or_insert(position);
        }
        Self { positions, count: asked_for.len() }
    }

    /// Returns the sort key of a column. Requested columns have at most [`count`](Self::count).
    pub(super) fn rank(&self, field: &Field) -> usize {
        match answered_names(&field.name).filter_map(|name| self.positions.get(name)).min() {
            Some(position) => position + 1,
            None if field.path == [STEP] => 0,
            None => self.count + 1,
        }
    }
}

/// Makes the column names unique. Of several columns with the same dotted name, the one with the shortest
/// path keeps it, and the others get a suffix.
fn rename_clashes(fields: &mut [Field], findings: &mut Vec<Finding>) {
    let mut by_claim: Vec<usize> = (0..fields.len()).collect();
    // The column for the rest has an empty path and always yields: the subtraction wraps around to sort it
    // last.
    by_claim.sort_by_key(|&index| fields[index].path.len().wrapping_sub(1));
    let mut taken = HashSet::new();
    let clashing: Vec<usize> =
        by_claim.into_iter().filter(|&index| !taken.insert(fields[index].name.clone())).collect();
    if clashing.is_empty() {
        return;
    }
    // Use maps rather than linear searches, because thousands of names may clash.
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let mut noted: HashMap<Vec<String>, Vec<usize>> = HashMap::new();
    for (place, finding) in findings.iter().enumerate() {
        noted.entry(finding.path.clone()).or_default().push(place);
    }
    for index in clashing {
        let field = &mut fields[index];
        let number = numbers.entry(field.name.clone()).or_insert(2);
        let mut name = format!("{}#{number}", field.name);
        while !taken.insert(name.clone()) {
            *number += 1;
            name = format!("{}#{number}", field.name);
        }
        for &place in noted.get(&field.path).into_iter().flatten() {
            findings[place].column.clone_from(&name);
        }
        findings.push(Finding {
            column: name.clone(),
            path: field.path.clone(),
            seen: Vec::new(),
            written_as: match field.kind {
                FieldKind::Column(column_type) => column_type,
                FieldKind::Struct(_) => ColumnType::Json,
            },
            reason: Reason::NameTaken,
        });
        field.name = name;
    }
}
