//! `POST /graphql`.

use http::{Method, StatusCode};

use super::body::{self, Reply};
use super::connection::ReceivedRequest;
use crate::bad_nodes::apply_bad_nodes;
use crate::graphql::{Query, execute};
use crate::resolve::{self, Context};

/// Parses the query in a request, if there is one.
pub(crate) fn read(received: &ReceivedRequest) -> Option<Query> {
    if received.method != Method::POST || !received.path.ends_with("/graphql") {
        return None;
    }
    serde_json::from_slice(&received.body).ok()
}

/// Returns the operation name from the request, or from the query's text.
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

/// Validates and executes a query.
pub(crate) fn answer(context: &Context, query: Query) -> Reply {
    let schema = context.shared.schema();
    let checked = match schema.check(query) {
        Ok(checked) => checked,
        Err(mut rejection) => {
            if context.quirks.untyped_arguments {
                rejection.omit_types();
            }
            let (status, body) = schema.rejection_response(&rejection);
            return body::json(StatusCode::from_u16(status).unwrap_or_default(), body.to_string());
        }
    };
    let answer = if checked.operation.is_mutation() {
        execute(&checked, &resolve::Mutation(context.clone()))
    } else {
        execute(&checked, &resolve::Query(context.clone()))
    };
    if let Some(window) = context.rejected_window() {
        let message =
            format!("internal server error: a history window of {} steps is too large", window.steps);
        return body::error(StatusCode::INTERNAL_SERVER_ERROR, &message);
    }
    body::json(StatusCode::OK, apply_bad_nodes(answer, &context.quirks.bad_nodes))
}
