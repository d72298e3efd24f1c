//! The routes of the API port. They require the API key, except for health checks and the front page.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Method, StatusCode, header};
use percent_encoding::percent_decode_str;

use super::body::{Reply, error, html, json};
use super::connection::ReceivedRequest;
use super::{artifact_files, file_stream, graphql};
use crate::graphql::Query;
use crate::options::User;
use crate::resolve::Context;
use crate::store::{Shared, blob_key};
use crate::urls;

pub(crate) fn answer(
    shared: &std::sync::Arc<Shared>,
    received: &ReceivedRequest,
    query: Option<Query>,
) -> Reply {
    let Some(path) = received.path.strip_prefix(&urls::prefix(&shared.options)) else {
        return html(StatusCode::NOT_FOUND);
    };
    let parts: Result<Vec<String>, _> = path
        .trim_start_matches('/')
        .splitn(5, '/')
        .map(|part| percent_decode_str(part).decode_utf8().map(std::borrow::Cow::into_owned))
        .collect();
    let Ok(parts) = parts else { return error(StatusCode::BAD_REQUEST, "the path is not UTF-8") };
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match (&received.method, &parts[..]) {
        (&Method::GET, ["healthz" | "ready"]) => return json(StatusCode::OK, r#"{"ok":true}"#),
        (&Method::GET, [""]) => return html(StatusCode::OK),
        _ => {}
    }
    let Some(user) = authenticate(shared, received) else {
        return error(StatusCode::UNAUTHORIZED, "user is not logged in");
    };
    match (&received.method, &parts[..]) {
        (&Method::POST, ["graphql"]) => match query {
            Some(query) => graphql::answer(&Context::new(std::sync::Arc::clone(shared), user), query),
            None => error(StatusCode::BAD_REQUEST, "the body is not a GraphQL request"),
        },
        (&Method::POST, ["files", entity, project, run, "file_stream"]) => {
            file_stream::answer(shared, entity, project, run, &received.body)
        }
        (&Method::GET | &Method::HEAD, ["files", entity, project, run, file]) => {
            redirect(shared, &blob_key(entity, project, run, file))
        }
        (&Method::GET | &Method::HEAD, ["artifacts" | "artifactsV2", ..]) => {
            redirect(shared, &artifact_files::find(shared, path).unwrap_or_default())
        }
        _ => error(StatusCode::NOT_FOUND, "no such route"),
    }
}

/// Returns the user whose API key is the password of HTTP Basic authentication, with the user name `api`.
fn authenticate(shared: &Shared, received: &ReceivedRequest) -> Option<User> {
    let value = received.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let decoded = STANDARD.decode(value.strip_prefix("Basic ")?).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let key = text.strip_prefix("api:")?;
    shared.options.users.iter().find(|user| user.api_key == key).cloned()
}

/// Redirects to the signed URL on the storage port.
fn redirect(shared: &Shared, key: &str) -> Reply {
    if !shared.read().blobs.contains_key(key) {
        return error(StatusCode::NOT_FOUND, "file not found");
    }
    let mut reply = json(StatusCode::TEMPORARY_REDIRECT, "{}");
    if let Ok(location) = HeaderValue::from_str(&urls::signed(shared, "GET", key)) {
        reply.headers_mut().insert(header::LOCATION, location);
    }
    reply
}
