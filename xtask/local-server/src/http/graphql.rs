//! `POST /graphql`.

use http::{Method, StatusCode};

use super::body::{self, Reply};
use super::connection::Asked;
use crate::bad_nodes::spoil;
use crate::graphql::{Query, execute};
use crate::resolve::{self, Context};

/// The query in a request, if it is one.
pub(crate) fn read(asked: &Asked) -> Option<Query> {
    if asked.method != Method::POST || !asked.path.ends_with("/graphql") {
        return None;
    }
    serde_json::from_slice(&asked.body).ok()
}

/// The name of the operation: as sent, or else as the text of the query gives it.
pub(crate) fn operation_name(query: &Query) -> Option<String> {
    if let Some(name) = query.operation_name.as_ref().filter(|name| !name.is_empty()) {
        return Some(name.clone());
    }
    let rest = ["query", "mutation"].iter().find_map(|word| {
        let at = query.text.find(&format!("{word} "))?;
        Some(query.text[at + word.len()..].trim_start())
    })?;
    let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    Some(name).filter(|name| !name.is_empty())
}

/// Checks and runs a query.
pub(crate) fn answer(context: &Context, query: Query) -> Reply {
    let schema = context.shared.schema();
    let checked = match schema.check(query) {
        Ok(checked) => checked,
        Err(mut refusal) => {
            if context.quirks.untyped_arguments {
                refusal.forget_types();
            }
            let (status, refused) = schema.refused(&refusal);
            return body::json(StatusCode::from_u16(status).unwrap_or_default(), refused.to_string());
        }
    };
    let answer = if checked.operation.is_mutation() {
        execute(&checked, &resolve::Mutation(context.clone()))
    } else {
        execute(&checked, &resolve::Query(context.clone()))
    };
    if let Some(refused) = context.refused() {
        let message =
            format!("internal server error: a history window of {} steps is too large", refused.steps);
        return body::error(StatusCode::INTERNAL_SERVER_ERROR, &message);
    }
    body::json(StatusCode::OK, spoil(answer, &context.quirks.bad_nodes))
}
