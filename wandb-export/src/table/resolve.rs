//! From what was seen in the rows to the columns of their table.

use std::collections::HashSet;

use super::column_type::ColumnType;
use super::finding::{Finding, Reason};
use super::nested::Nested;
use super::schema::{Field, FieldKind, Schema};
use super::schema_builder::Node;
use super::tally::{Tally, ValueKind};

/// The key that orders the rows of a history.
const STEP: &str = "_step";

/// The schema for everything in `nodes`, of which the first is the root.
pub(super) fn schema(nodes: &[Node], nested: Nested, asked_for: &[String]) -> Schema {
    let mut resolver = Resolver { nodes, nested, findings: Vec::new() };
    let mut fields = Vec::new();
    resolver.fields(0, &mut Vec::new(), &mut fields);
    add_unseen(&mut fields, asked_for);
    fields.sort_by_cached_key(|field| rank(field, asked_for));
    let mut findings = resolver.findings;
    rename_clashes(&mut fields, &mut findings);
    Schema::new(fields, findings)
}

/// `schema` with the columns that are asked for, in the order that is asked for.
#[cfg(feature = "parquet")]
pub(crate) fn arranged(schema: Schema, asked_for: &[String]) -> Schema {
    let Schema { mut fields, findings, .. } = schema;
    add_unseen(&mut fields, asked_for);
    fields.sort_by_cached_key(|field| rank(field, asked_for));
    Schema::new(fields, findings)
}

struct Resolver<'a> {
    nodes: &'a [Node],
    nested: Nested,
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

    /// The column for the values at `node`, if it has any, and those for the keys below it.
    fn flat_fields(&mut self, node: usize, path: &mut Vec<String>, fields: &mut Vec<Field>) {
        let Node { tally, children, divided, .. } = &self.nodes[node];
        if children.is_empty() || tally.has_values() {
            let mut tally = tally.clone();
            tally.add(ValueKind::Object, *divided);
            let (column_type, reason) = ColumnType::fitting(&self.nodes[node].tally);
            let reason = if children.is_empty() { reason } else { reason.or(Some(Reason::ValueAndObject)) };
            fields.push(self.column(path, &tally, column_type, reason));
        }
        self.fields(node, path, fields);
    }

    /// One field for everything at and below `node`.
    fn struct_field(&mut self, node: usize, path: &mut Vec<String>) -> Field {
        let Node { tally, children, divided, empty_objects } = &self.nodes[node];
        let only_objects = tally.seen().all(|(kind, count)| match kind {
            ValueKind::Null => true,
            ValueKind::Object => count == *empty_objects,
            _ => false,
        });
        if !children.is_empty() && only_objects {
            let mut fields = Vec::new();
            self.fields(node, path, &mut fields);
            return Field { name: last(path), path: path.clone(), kind: FieldKind::Struct(fields), slot: 0 };
        }
        let mut tally = tally.clone();
        tally.add(ValueKind::Object, *divided);
        let (column_type, reason) = ColumnType::fitting(&tally);
        let mut field = self.column(path, &tally, column_type, reason);
        field.name = last(path);
        field
    }

    fn column(
        &mut self,
        path: &[String],
        tally: &Tally,
        column_type: ColumnType,
        reason: Option<Reason>,
    ) -> Field {
        let name = path.join(".");
        if let Some(reason) = reason {
            self.findings.push(Finding {
                column: name.clone(),
                path: path.to_vec(),
                seen: tally.seen().collect(),
                written_as: column_type,
                reason,
            });
        }
        Field { name, path: path.to_vec(), kind: FieldKind::Column(column_type), slot: 0 }
    }
}

fn last(path: &[String]) -> String {
    path.last().cloned().unwrap_or_default()
}

/// Columns that were asked for and that no row has.
fn add_unseen(fields: &mut Vec<Field>, asked_for: &[String]) {
    for name in asked_for {
        if !fields.iter().any(|field| answers(field, name)) {
            fields.push(Field {
                name: name.clone(),
                path: vec![name.clone()],
                kind: FieldKind::Column(ColumnType::Utf8),
                slot: 0,
            });
        }
    }
}

/// Whether `field` is what a user means by `name`: the column itself, or one of those that its objects became.
fn answers(field: &Field, name: &str) -> bool {
    field.name == name || field.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
}

fn rank(field: &Field, asked_for: &[String]) -> usize {
    match asked_for.iter().position(|name| answers(field, name)) {
        Some(position) => position + 1,
        None if field.path == [STEP] => 0,
        None => asked_for.len() + 1,
    }
}

/// Gives each column a name of its own: of several with the same dotted name, the one with the fewest keys in its
/// path keeps it, and the others get a suffix.
fn rename_clashes(fields: &mut [Field], findings: &mut Vec<Finding>) {
    let mut by_claim: Vec<usize> = (0..fields.len()).collect();
    by_claim.sort_by_key(|&index| fields[index].path.len());
    let mut taken = HashSet::new();
    let clashing: Vec<usize> =
        by_claim.into_iter().filter(|&index| !taken.insert(fields[index].name.clone())).collect();
    for index in clashing {
        let field = &mut fields[index];
        let mut number = 2;
        let mut name = format!("{}#{number}", field.name);
        while !taken.insert(name.clone()) {
            number += 1;
            name = format!("{}#{number}", field.name);
        }
        for finding in findings.iter_mut().filter(|finding| finding.path == field.path) {
            finding.column.clone_from(&name);
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
