//! Filters, grouping and order of the runs of a report, as text for people.

use wandb_core::Value;

use super::inline::text;

/// Returns a filter as an expression such as `config.lr > 0.1 and (state = "finished" or tags in ["a"])`. Empty if
/// every run passes.
///
/// There are two forms: a tree of operators, and a flat list whose entries name the operator before them
/// (`filterV2`).
pub(super) fn expression(filter: &Value) -> String {
    let parts = filter.get("filters").and_then(Value::as_list).unwrap_or_default();
    if text(filter, "filterFormat") == Some("filterV2") {
        return flat(parts);
    }
    match condition(filter) {
        Some(condition) => condition,
        None => tree(filter, parts),
    }
}

fn tree(filter: &Value, parts: &[Value]) -> String {
    let operator = text(filter, "op").unwrap_or("AND").to_lowercase();
    let mut parts: Vec<(bool, String)> = parts
        .iter()
        .map(|part| (condition(part).is_none() && is_compound(part), expression(part)))
        .filter(|(_, expression)| !expression.is_empty())
        .collect();
    if parts.len() == 1 {
        return parts.remove(0).1;
    }
    let parts: Vec<String> = parts
        .into_iter()
        .map(|(is_compound, expression)| if is_compound { format!("({expression})") } else { expression })
        .collect();
    parts.join(&format!(" {operator} "))
}

/// Whether a filter joins several others.
fn is_compound(filter: &Value) -> bool {
    let parts = filter.get("filters").and_then(Value::as_list).unwrap_or_default();
    match parts {
        [only] => is_compound(only),
        parts => parts.len() > 1,
    }
}

fn flat(parts: &[Value]) -> String {
    let mut out = String::new();
    for part in parts {
        let expression = match part.get("filters").and_then(Value::as_list) {
            Some(inner) => {
                Some(flat(inner)).filter(|inner| !inner.is_empty()).map(|inner| format!("({inner})"))
            }
            None => condition(part),
        };
        let Some(expression) = expression else { continue };
        if !out.is_empty() {
            let operator = text(part, "connector").unwrap_or("AND").to_lowercase();
            out.extend([" ", &*operator, " "]);
        }
        out.push_str(&expression);
    }
    out
}

/// Returns a single comparison, or `None` if the filter is none.
fn condition(filter: &Value) -> Option<String> {
    let key = key(filter.get("key")?)?;
    let operator = match text(filter, "op").unwrap_or("=") {
        "IN" => "in",
        "NIN" => "not in",
        "WITHINSECONDS" => "within the last seconds:",
        other => other,
    };
    let value = filter.get("value").map_or_else(|| "null".to_owned(), Value::to_json);
    let disabled = match filter.get("disabled").and_then(Value::as_bool) {
        Some(true) => " (disabled)",
        _ => "",
    };
    Some(format!("{key} {operator} {value}{disabled}"))
}

/// Returns a key as users write it: `config.lr`, `summary.loss`, `state`. A key is an object of section and name.
pub(super) fn key(key: &Value) -> Option<String> {
    if let Some(name) = key.as_str() {
        return Some(name.to_owned());
    }
    let name = text(key, "name").filter(|name| !name.is_empty())?;
    Some(match text(key, "section") {
        None | Some("run" | "") => name.to_owned(),
        Some(section) => format!("{section}.{name}"),
    })
}

/// Returns the order of runs, such as `summary.loss ascending, created_at descending`.
pub(super) fn order(sort: &Value) -> String {
    // Before version 5 of the format, there was a single key.
    let keys = match sort.get("keys").and_then(Value::as_list) {
        Some(keys) => keys,
        None => std::slice::from_ref(sort),
    };
    let part = |entry: &Value| {
        let is_ascending = entry.get("ascending").and_then(Value::as_bool) == Some(true);
        let direction = if is_ascending { "ascending" } else { "descending" };
        Some(format!("{} {direction}", key(entry.get("key")?)?))
    };
    keys.iter().filter_map(part).collect::<Vec<_>>().join(", ")
}
