//! Reads which fields and arguments a server's schema lacks from its error messages.
//!
//! Servers differ in their wording and may use other type names than W&B (`RunType`), but all of them name the field or
//! argument. The error's position in the query text (`locations`) or in the answer (`path`) tells which occurrence in
//! the query is meant; without either, the type name does.

use serde_json::Value;
use wandb_core::operation::{Argument, Field, UnsupportedFields};

use super::query_text::{QueryField, QueryText};

/// The position of an error in the query.
#[derive(Debug, Default)]
pub(crate) struct ErrorPosition<'a> {
    /// Line and column in the query text, both counted from 1.
    pub(crate) locations: Vec<(u64, u64)>,
    /// Keys of the answer. Some servers put the operation first.
    pub(crate) path: Vec<&'a str>,
}

impl<'a> ErrorPosition<'a> {
    pub(crate) fn new(locations: Option<&Value>, path: Option<&'a Value>) -> Self {
        let list = |value: Option<&'a Value>| value.and_then(Value::as_array).into_iter().flatten();
        let location = |value: &Value| Some((value["line"].as_u64()?, value["column"].as_u64()?));
        Self {
            locations: locations
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(location)
                .collect(),
            path: list(path).filter_map(Value::as_str).collect(),
        }
    }
}

/// The kinds of validation errors about a missing schema element, with the known wordings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// - gqlgen, graphql-core, graphql-js, graphql-go, apollo: `Cannot query field "x" on type "T".`
    /// - async-graphql, juniper: `Unknown field "x" on type "T".`
    /// - graphql-ruby: `Field 'x' doesn't exist on type 'T'`
    /// - graphql-java: `Validation error (FieldUndefined@[a/x]) : Field 'x' in type 'T' is undefined`
    Field,
    /// - gqlgen, graphql-core 3: `Unknown argument "x" on field "T.f".`
    /// - older versions: `Unknown argument "x" on field "f" of type "T".`, also without the type
    /// - graphql-ruby: `Field 'f' doesn't accept argument 'x'`
    /// - apollo: ``the argument `x` is not supported by `T.f` ``
    Argument,
    /// `Unknown type "Int64".`: the type of a variable, which then cannot be used.
    VariableType,
}

impl Kind {
    fn from_message(message: &str) -> Option<Self> {
        let message = message.trim_start();
        let rest = message.strip_prefix("Validation error").and_then(|rest| rest.split_once(": "));
        let message = rest.map_or(message, |(_, rest)| rest).to_ascii_lowercase();
        let says = |phrases: &[&str]| phrases.iter().any(|phrase| message.contains(phrase));
        if message.starts_with("cannot query field ") || message.starts_with("unknown field ") {
            return Some(Self::Field);
        }
        if message.starts_with("unknown argument ")
            || message.starts_with("unknown field argument ")
            || message.starts_with("the argument ") && says(&["is not supported"])
            || message.starts_with("field ") && says(&["doesn't accept argument", "does not accept argument"])
        {
            return Some(Self::Argument);
        }
        if message.starts_with("field ")
            && says(&["doesn't exist on type", "does not exist on type", "is undefined"])
        {
            return Some(Self::Field);
        }
        message.starts_with("unknown type ").then_some(Self::VariableType)
    }
}

/// Records in `unsupported` the schema element that `message` reports as missing.
///
/// Returns `false` for any other message. `text` is the sent query, if known.
pub(crate) fn record_lacking(
    message: &str,
    position: &ErrorPosition<'_>,
    text: Option<&str>,
    unsupported: &mut UnsupportedFields,
) -> bool {
    let Some(kind) = Kind::from_message(message) else { return false };
    let names = quoted(message);
    let text = text.unwrap_or_default();
    let query = QueryText::read(text);
    match kind {
        Kind::Field => {
            let Some(name) = names.first() else { return false };
            let candidates: Vec<_> = query.fields.iter().filter(|field| field.name == *name).collect();
            let fields: Vec<Field> =
                matching_fields(candidates, position, text, names.get(1).copied(), |field| {
                    field.span.start..field.span.end
                })
                .into_iter()
                .map(QueryField::field)
                .collect();
            if !fields.is_empty() {
                unsupported.extend(&fields.into_iter().collect());
                return true;
            }
            // The query is unknown or does not request this field.
            names.get(1).is_some_and(|on_type| {
                unsupported.insert(Field::named(*on_type, *name));
                true
            })
        }
        Kind::Argument => {
            let (of_type, names) = split_type(&names);
            let candidates: Vec<_> =
                query.arguments().filter(|(_, argument)| names.contains(&argument.name)).collect();
            let of_field: Vec<_> =
                candidates.iter().filter(|(field, _)| names.contains(&field.name)).copied().collect();
            let candidates = if of_field.is_empty() { candidates } else { of_field };
            let found = matching_arguments(candidates, position, text, of_type);
            if found.is_empty()
                && let [argument, field, ..] = names[..]
                && let Some(on_type) = of_type
            {
                unsupported.insert_argument(Argument::named(Field::named(on_type, field), argument));
                return true;
            }
            let is_any = !found.is_empty();
            unsupported.extend(&found.into_iter().collect());
            is_any
        }
        Kind::VariableType => {
            let offsets = position.locations.iter().filter_map(|location| byte_offset(text, *location));
            let arguments: Vec<_> = offsets.flat_map(|at| query.arguments_of_variable_at(at)).collect();
            let is_any = !arguments.is_empty();
            unsupported.extend(&arguments.into_iter().collect());
            is_any
        }
    }
}

fn matching_arguments(
    candidates: Vec<(&QueryField<'_>, &super::query_text::QueryArgument<'_>)>,
    position: &ErrorPosition<'_>,
    text: &str,
    server_type: Option<&str>,
) -> Vec<Argument> {
    let fields: Vec<_> = candidates.iter().map(|(field, _)| *field).collect();
    let kept = matching_fields(fields, position, text, server_type, |field| {
        let end = field.arguments.last().map_or(field.span.end, |argument| argument.span.end);
        field.span.start..end
    });
    let is_kept = |field: &QueryField<'_>| kept.iter().any(|kept| std::ptr::eq(*kept, field));
    candidates
        .into_iter()
        .filter(|(field, _)| is_kept(field))
        .map(|(field, argument)| field.argument(argument))
        .collect()
}

/// The fields in `candidates` (all of one name) that an error concerns: by its position, else by the type name.
fn matching_fields<'q, 'a>(
    candidates: Vec<&'q QueryField<'a>>,
    position: &ErrorPosition<'_>,
    text: &str,
    server_type: Option<&str>,
    span: impl Fn(&QueryField<'a>) -> std::ops::Range<usize>,
) -> Vec<&'q QueryField<'a>> {
    let at_positions: Vec<_> = position
        .locations
        .iter()
        .filter_map(|location| {
            let at = byte_offset(text, *location)?;
            // Servers point to the alias, the name or the arguments.
            let on_line = |field: &&&QueryField<'a>| line_of(text, field.span.end) == location.0;
            let exact = candidates.iter().find(|field| (span(field).start..=span(field).end).contains(&at));
            exact.or_else(|| candidates.iter().find(on_line)).copied()
        })
        .collect();
    if !at_positions.is_empty() {
        return at_positions;
    }
    if let Some(last) = position.path.last() {
        let by_path = candidates.iter().filter(|field| {
            field.path.last() == Some(last)
                && (position.path.ends_with(&field.path) || field.path.ends_with(&position.path))
        });
        let by_path: Vec<_> = by_path.copied().collect();
        if !by_path.is_empty() {
            return by_path;
        }
    }
    let Some(server_type) = server_type else { return candidates };
    let similarity = |field: &&QueryField<'a>| type_similarity(field.on_type, server_type);
    let best = candidates.iter().map(similarity).max().unwrap_or_default();
    candidates.into_iter().filter(|field| similarity(field) == best).collect()
}

/// How similar a server's type name is to ours: `RunType` is closer to `Run` than to `User`.
fn type_similarity(ours: &str, servers: &str) -> usize {
    if ours == servers {
        return usize::MAX;
    }
    let is_part = servers.to_ascii_lowercase().contains(&ours.to_ascii_lowercase());
    if is_part { ours.len() } else { 0 }
}

/// Splits off the type that is given with its field (`T.f`) or as the third name; returns it and the other names.
fn split_type<'a>(names: &[&'a str]) -> (Option<&'a str>, Vec<&'a str>) {
    let mut owner = None;
    let mut others = Vec::new();
    for (at, name) in names.iter().enumerate() {
        match name.split_once('.') {
            Some((server_type, field)) => {
                owner = Some(server_type);
                others.push(field);
            }
            None if at == 2 && owner.is_none() => owner = Some(name),
            None => others.push(name),
        }
    }
    (owner, others)
}

/// The quoted parts of a message, with any kind of quotation mark.
fn quoted(message: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = message;
    while let Some(at) = rest.find(['"', '\'', '`']) {
        let mark = &rest[at..=at];
        let starts_quote = rest[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric());
        let inside = &rest[at + 1..];
        match inside.split_once(mark).filter(|_| starts_quote) {
            Some((name, after)) => {
                names.push(name);
                rest = after;
            }
            // This mark is an apostrophe.
            None => rest = inside,
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// Converts a line and column to a byte offset. Servers count both from 1, columns in characters.
fn byte_offset(text: &str, (line, column): (u64, u64)) -> Option<usize> {
    let line = usize::try_from(line.checked_sub(1)?).ok()?;
    let column = usize::try_from(column.checked_sub(1)?).ok()?;
    let start = if line == 0 { 0 } else { text.match_indices('\n').nth(line - 1)?.0 + 1 };
    let in_line = text[start..].lines().next().unwrap_or_default();
    Some(start + in_line.char_indices().nth(column).map_or(in_line.len(), |(at, _)| at))
}

fn line_of(text: &str, at: usize) -> u64 {
    text.get(..at).map_or(0, |before| before.matches('\n').count() as u64 + 1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const QUERY: &str = "query Run($filters: JSONString, $minStep: Int64) {
  viewer {
    name
  }
  project(name: \"p\") {
    name
    runs(filters: $filters, order: \"x\") {
      edges {
        node {
          name
          historyKeys
          history(minStep: $minStep)
        }
      }
    }
  }
}";

    fn lacking_at(message: &str, locations: &Value, path: &Value) -> Vec<String> {
        let mut unsupported = UnsupportedFields::nothing();
        record_lacking(
            message,
            &ErrorPosition::new(Some(locations), Some(path)),
            Some(QUERY),
            &mut unsupported,
        );
        let arguments = unsupported.arguments().map(ToString::to_string);
        unsupported.iter().map(ToString::to_string).chain(arguments).collect()
    }

    fn lacking(message: &str) -> Vec<String> {
        lacking_at(message, &Value::Null, &Value::Null)
    }

    #[test]
    fn field_errors_of_many_servers_are_read() {
        for message in [
            r#"Cannot query field "historyKeys" on type "Run"."#,
            r#"Cannot query field "historyKeys" on type "RunType". Did you mean "history" or "name"?"#,
            "Cannot query field 'historyKeys' on type 'RunType'. Did you mean 'history'?",
            r#"Unknown field "historyKeys" on type "Bucket". Did you mean "history"?"#,
            "Field 'historyKeys' doesn't exist on type 'Run'",
            "Validation error (FieldUndefined@[project/runs]) : Field 'historyKeys' in type 'Run' is undefined",
        ] {
            assert_eq!(lacking(message), ["Run.historyKeys"], "{message}");
        }
    }

    #[test]
    fn argument_errors_of_many_servers_are_read() {
        for message in [
            r#"Unknown argument "order" on field "runs" of type "Project"."#,
            r#"Unknown argument "order" on field "Project.runs"."#,
            r#"Unknown argument "order" on field "ProjectType.runs". Did you mean "first"?"#,
            "Unknown argument 'order' on field 'ProjectType.runs'.",
            r#"Unknown argument "order" on field "runs""#,
            "Field 'runs' doesn't accept argument 'order'",
            "the argument `order` is not supported by `Project.runs`",
        ] {
            assert_eq!(lacking(message), ["Project.runs(order:)"], "{message}");
        }
    }

    #[test]
    fn other_messages_report_no_lack() {
        for message in [
            "permission denied",
            "Cannot query field historyKeys on type Run.",
            r#"Cannot query field "" on type "Run"."#,
            "Cannot query field ",
            "invalid filter: unknown field 'history'",
            "it's not the user's",
        ] {
            assert_eq!(lacking(message), [""; 0], "{message}");
        }
    }

    #[test]
    fn error_position_distinguishes_equal_names() {
        let name = r#"Cannot query field "name" on type "Thing"."#;
        let at = |line: u64, column: u64| json!([{ "line": line, "column": column }]);
        for (locations, path, expected) in [
            (at(3, 5), Value::Null, "User.name"),
            (at(6, 5), Value::Null, "Project.name"),
            (at(10, 1), Value::Null, "Run.name"),
            (Value::Null, json!(["query Run", "viewer", "name"]), "User.name"),
            (Value::Null, json!(["project", "runs", "edges", "node", "name"]), "Run.name"),
            (Value::Null, json!(["project", "name"]), "Project.name"),
        ] {
            assert_eq!(lacking_at(name, &locations, &path), [expected], "{locations} {path}");
        }
        assert_eq!(lacking(r#"Cannot query field "name" on type "RunType"."#), ["Run.name"]);
        assert_eq!(lacking(name), ["Project.name", "Run.name", "User.name"]);
    }

    #[test]
    fn unknown_scalar_drops_arguments_of_that_type() {
        let message = r#"Unknown type "Int64"."#;
        let column = QUERY.find("Int64").unwrap() + 1;
        let locations = json!([{ "line": 1, "column": column }]);
        assert_eq!(lacking_at(message, &locations, &Value::Null), ["Run.history(minStep:)"]);
        assert_eq!(lacking(message), [""; 0]);
    }

    #[test]
    fn message_is_enough_without_the_query() {
        let mut unsupported = UnsupportedFields::nothing();
        let nowhere = ErrorPosition::default();
        assert!(record_lacking(r#"Cannot query field "x" on type "Run"."#, &nowhere, None, &mut unsupported));
        assert!(record_lacking(
            r#"Unknown argument "y" on field "Run.f"."#,
            &nowhere,
            None,
            &mut unsupported
        ));
        assert!(!record_lacking(r#"Unknown argument "y" on field "f""#, &nowhere, None, &mut unsupported));
        assert_eq!(unsupported.to_string(), "Run.x, Run.f(y:)");
    }
}
