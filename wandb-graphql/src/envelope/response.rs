//! Parses HTTP responses into typed data or an error.

use std::borrow::Cow;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use wandb_core::operation::{AnswerError, SentBody, UnsupportedFields};

use super::classify::{self, ErrorClass};
use super::entry_errors::EntryErrors;
use super::message::{ErrorPosition, record_lacking};
use crate::row::rows;
use crate::schema::JsonText;
use crate::{HistoryRow, lenient};

/// The answer as in the GraphQL specification, plus the fields that proxies and W&B's gateway use instead.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(default)]
    errors: Option<Vec<GraphQlError>>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct GraphQlError {
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    locations: Option<serde_json::Value>,
    #[serde(default)]
    pub(super) path: Option<serde_json::Value>,
    #[serde(default)]
    extensions: Option<Extensions>,
}

impl GraphQlError {
    /// The server's message.
    pub(super) fn text(&self) -> &str {
        self.message.as_deref().unwrap_or("no message")
    }

    fn error_class(&self, status: StatusCode) -> ErrorClass {
        let code = self.extensions.as_ref().and_then(|extensions| extensions.code.as_ref()?.as_str());
        classify::error_class(self.text(), code, status)
    }
}

/// The query in the body of a request.
#[derive(Deserialize)]
struct SentQuery<'a> {
    #[serde(borrow)]
    query: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Extensions {
    #[serde(default)]
    code: Option<serde_json::Value>,
}

/// Parses the data of a response. `what` names the requested object in the user's terms.
///
/// Rejects data that comes with errors, because part of it is missing.
pub(crate) fn data<T: DeserializeOwned>(
    response: &Response<Bytes>,
    what: impl FnOnce() -> String,
) -> Result<T, AnswerError> {
    read(response, what, Tolerance::None).map(|(data, _)| data)
}

/// Parses the data of a list page, and the errors that concern single entries of it.
pub(crate) fn list_data<T: DeserializeOwned>(
    response: &Response<Bytes>,
    what: impl FnOnce() -> String,
) -> Result<(T, EntryErrors), AnswerError> {
    read(response, what, Tolerance::Entries)
}

/// Which errors are accepted along with data.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tolerance {
    None,
    /// Errors that concern single entries of a list.
    Entries,
}

fn read<T: DeserializeOwned>(
    response: &Response<Bytes>,
    what: impl FnOnce() -> String,
    tolerance: Tolerance,
) -> Result<(T, EntryErrors), AnswerError> {
    let body = response.body();
    if let Some(data) = plain_data(body) {
        return Ok((data, EntryErrors::default()));
    }
    let text = to_parsable_json(body)?;
    let envelope: Envelope<'_> =
        serde_json::from_slice(&text).map_err(|error| AnswerError::malformed(error.to_string(), body))?;
    let mut entry_errors = EntryErrors::default();
    if let (Tolerance::Entries, Some(errors), Some(data)) = (tolerance, &envelope.errors, envelope.data) {
        let may_pass = |error: &GraphQlError| error.error_class(response.status()).is_transient();
        entry_errors = EntryErrors::group(errors, data.get(), may_pass).unwrap_or_default();
    }
    if let Some(errors) = envelope.errors.filter(|errors| !errors.is_empty() && entry_errors.is_empty()) {
        // Servers do not execute a query that does not match the schema.
        let lacking =
            if envelope.data.is_none() { lacking(&errors, response) } else { UnsupportedFields::nothing() };
        return Err(if lacking.is_empty() {
            error(&errors, response.status(), what)
        } else {
            AnswerError::UnsupportedFields(lacking)
        });
    }
    let Some(data) = envelope.data else {
        return Err(match envelope.error.or(envelope.message) {
            Some(reason) => refusal(reason, response.status(), what),
            None => AnswerError::malformed("it holds neither data nor errors", body),
        });
    };
    match serde_json::from_str(data.get()) {
        Ok(data) => Ok((data, entry_errors)),
        Err(error) => Err(AnswerError::malformed(error.to_string(), body)),
    }
}

/// Parses an answer with data and without errors, which most answers are, in a single pass.
fn plain_data<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    #[derive(Deserialize)]
    struct Plain<T> {
        data: T,
        #[serde(default)]
        errors: Option<[(); 0]>,
    }

    let Plain { data, errors: None | Some([]) } =
        serde_json::from_str(std::str::from_utf8(body).ok()?).ok()?;
    Some(data)
}

/// Parses a JSON list of row texts.
pub(crate) fn list_of_rows(list: &[u8]) -> Result<Vec<HistoryRow>, AnswerError> {
    let texts: Vec<Option<JsonText>> = match serde_json::from_slice(list) {
        Ok(texts) => texts,
        Err(_) => serde_json::from_slice(&to_parsable_json(list)?)
            .map_err(|error| AnswerError::malformed(error.to_string(), list))?,
    };
    Ok(rows(texts))
}

/// The error for a null in place of `what`.
pub(crate) fn not_found(what: impl Into<String>) -> AnswerError {
    AnswerError::NotFound { what: what.into() }
}

/// The body as strict JSON. Repairs lenient JSON; fails if the body is not JSON at all. Takes a pass over the body, so
/// callers first try to parse it directly.
fn to_parsable_json(body: &[u8]) -> Result<Cow<'_, [u8]>, AnswerError> {
    let Err(first) = serde_json::from_slice::<&RawValue>(body) else { return Ok(Cow::Borrowed(body)) };
    let text = lenient::to_strict(body);
    match serde_json::from_slice::<&RawValue>(&text) {
        Ok(_) => Ok(text),
        Err(_) => Err(AnswerError::malformed(first.to_string(), body)),
    }
}

/// The fields and arguments that the errors report as missing from the server's schema.
fn lacking(errors: &[GraphQlError], response: &Response<Bytes>) -> UnsupportedFields {
    let sent = response.extensions().get::<SentBody>();
    let sent: Option<SentQuery<'_>> = sent.and_then(|sent| serde_json::from_slice(&sent.0).ok());
    let mut unsupported = UnsupportedFields::nothing();
    for error in errors {
        let Some(message) = &error.message else { continue };
        let position = ErrorPosition::new(error.locations.as_ref(), error.path.as_ref());
        record_lacking(message, &position, sent.as_ref().map(|sent| &*sent.query), &mut unsupported);
    }
    unsupported
}

fn error(errors: &[GraphQlError], status: StatusCode, what: impl FnOnce() -> String) -> AnswerError {
    let most_severe =
        errors.iter().map(|error| error.error_class(status)).min().unwrap_or(ErrorClass::Refused);
    let mut messages: Vec<String> = errors.iter().map(|error| error.text().to_owned()).collect();
    messages.dedup();
    most_severe.into_error(what, messages.join("; "))
}

/// The error for JSON that is not GraphQL, such as `{"error": "…"}`.
fn refusal(reason: &RawValue, status: StatusCode, what: impl FnOnce() -> String) -> AnswerError {
    let message = serde_json::from_str(reason.get()).unwrap_or_else(|_| reason.get().to_owned());
    classify::error_class(&message, None, status).into_error(what, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_without_errors_take_a_single_pass() {
        let plain = |body: &str| plain_data::<serde_json::Value>(body.as_bytes()).is_some();
        assert!(plain(r#"{"data":{"a":1}}"#));
        assert!(plain(r#"{"data":{"a":1},"errors":null}"#));
        assert!(plain(r#"{"errors":[],"data":{"a":1}}"#));
        assert!(!plain(r#"{"data":{"a":1},"errors":[{"message":"no"}]}"#));
        assert!(!plain(r#"{"errors":[]}"#));
    }
}
