//! The server's own words about its schema.

use wandb_core::operation::Field;

/// The field that a validation error says the schema lacks.
///
/// - `Cannot query field "historyKeys" on type "Run". Did you mean …?` names the field and its type.
/// - `Unknown argument "filters" on field "runCount" of type "Project".` (or `… on field "Project.runCount".`) means
///   that the field is there but cannot be asked in this way, which comes to the same.
pub(crate) fn lacking_field(message: &str) -> Option<Field> {
    if let Some(rest) = after(message, "Cannot query field ") {
        let (name, rest) = quoted(rest)?;
        let (on_type, _) = quoted(after(rest, "on type ")?)?;
        return Some(Field::named(on_type, name));
    }
    let (_argument, rest) = quoted(after(message, "Unknown argument ")?)?;
    let (field, rest) = quoted(after(rest, "on field ")?)?;
    if let Some((on_type, name)) = field.rsplit_once('.') {
        return Some(Field::named(on_type, name));
    }
    let (on_type, _) = quoted(after(rest, "of type ")?)?;
    Some(Field::named(on_type, field))
}

fn after<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    text.find(start).map(|at| &text[at + start.len()..])
}

/// The text between the first quotation mark of `text` and the next of its kind, and what follows.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let mark = text.chars().next().filter(|mark| matches!(mark, '"' | '\'' | '`'))?;
    text[1..].split_once(mark).filter(|(name, _)| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_from_messages() {
        for (message, field) in [
            (r#"Cannot query field "features" on type "ServerInfo"."#, Some(("ServerInfo", "features"))),
            (
                r#"Cannot query field "historyKeys" on type "Run". Did you mean "historyKey" or "history"?"#,
                Some(("Run", "historyKeys")),
            ),
            ("Cannot query field 'x' on type 'Run'.", Some(("Run", "x"))),
            (
                r#"Unknown argument "filters" on field "runCount" of type "Project"."#,
                Some(("Project", "runCount")),
            ),
            (r#"Unknown argument "filters" on field "Project.runCount"."#, Some(("Project", "runCount"))),
            (r#"Unknown argument "useImprovedPagination" on field "logLines""#, None),
            (r#"Unknown type "Int64"."#, None),
            (r#"Cannot query field "" on type "Run"."#, None),
            ("Cannot query field x on type Run.", None),
            ("Cannot query field ", None),
            ("permission denied", None),
        ] {
            assert_eq!(lacking_field(message), field.map(|(on, name)| Field::named(on, name)), "{message}");
        }
    }
}
