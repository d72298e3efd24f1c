//! From an HTTP response to typed data, or to the reason why there is none.

use std::borrow::Cow;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use wandb_core::operation::{AnswerError, Lacks, SentBody};

use super::classify::{self, Meaning};
use super::entry_errors::EntryErrors;
use super::message::{Place, note_lacking};
use crate::row::rows;
use crate::schema::JsonText;
use crate::{HistoryRow, lenient};

/// The answer as the GraphQL specification has it, plus what proxies and W&B's own gateway say instead.
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
    /// The server's words.
    pub(super) fn text(&self) -> &str {
        self.message.as_deref().unwrap_or("no message")
    }

    fn meaning(&self, status: StatusCode) -> Meaning {
        let code = self.extensions.as_ref().and_then(|extensions| extensions.code.as_ref()?.as_str());
        classify::meaning(self.text(), code, status)
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

/// The data of a response. `what` was asked about, in the user's terms.
///
/// Data beside errors is not used: the errors say that some of it is missing.
pub(crate) fn data<T: DeserializeOwned>(
    response: &Response<Bytes>,
    what: impl FnOnce() -> String,
) -> Result<T, AnswerError> {
    read(response, what, Tolerance::None).map(|(data, _)| data)
}

/// The data of a response that is a page of a list, and the errors that are each of one of its entries.
pub(crate) fn list_data<T: DeserializeOwned>(
    response: &Response<Bytes>,
    what: impl FnOnce() -> String,
) -> Result<(T, EntryErrors), AnswerError> {
    read(response, what, Tolerance::Entries)
}

/// The errors beside which data is used.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tolerance {
    None,
    /// Those that are each of one entry of a list.
    Entries,
}

fn read<T: DeserializeOwned>(
    response: &Response<Bytes>,
    what: impl FnOnce() -> String,
    tolerance: Tolerance,
) -> Result<(T, EntryErrors), AnswerError> {
    let body = response.body();
    let text = parsable(body)?;
    let envelope: Envelope<'_> =
        serde_json::from_slice(&text).map_err(|error| AnswerError::malformed(error.to_string(), body))?;
    let mut entry_errors = EntryErrors::default();
    if let (Tolerance::Entries, Some(errors), Some(data)) = (tolerance, &envelope.errors, envelope.data) {
        let may_pass = |error: &GraphQlError| error.meaning(response.status()).may_pass();
        entry_errors = EntryErrors::of(errors, data.get(), may_pass).unwrap_or_default();
    }
    if let Some(errors) = envelope.errors.filter(|errors| !errors.is_empty() && entry_errors.is_empty()) {
        // A query that does not fit the schema is not executed.
        let lacking = if envelope.data.is_none() { lacking(&errors, response) } else { Lacks::nothing() };
        return Err(if lacking.is_empty() {
            error(&errors, response.status(), what)
        } else {
            AnswerError::Lacks(lacking)
        });
    }
    let Some(data) = envelope.data else {
        return Err(match envelope.error.or(envelope.message) {
            Some(said) => refusal(said, response.status(), what),
            None => AnswerError::malformed("it holds neither data nor errors", body),
        });
    };
    match serde_json::from_str(data.get()) {
        Ok(data) => Ok((data, entry_errors)),
        Err(error) => Err(AnswerError::malformed(error.to_string(), body)),
    }
}

/// The rows of a JSON list of texts.
pub(crate) fn list_of_rows(list: &[u8]) -> Result<Vec<HistoryRow>, AnswerError> {
    let text = parsable(list)?;
    let texts: Vec<Option<JsonText>> =
        serde_json::from_slice(&text).map_err(|error| AnswerError::malformed(error.to_string(), list))?;
    Ok(rows(texts))
}

/// The error for a null where `what` was asked for.
pub(crate) fn missing(what: impl Into<String>) -> AnswerError {
    AnswerError::NotFound { what: what.into() }
}

/// The body as JSON that a strict parser takes, if it is JSON at all.
fn parsable(body: &[u8]) -> Result<Cow<'_, [u8]>, AnswerError> {
    let Err(first) = serde_json::from_slice::<&RawValue>(body) else { return Ok(Cow::Borrowed(body)) };
    let text = lenient::strict(body);
    match serde_json::from_slice::<&RawValue>(&text) {
        Ok(_) => Ok(text),
        Err(_) => Err(AnswerError::malformed(first.to_string(), body)),
    }
}

/// What the errors say that the server's schema lacks.
fn lacking(errors: &[GraphQlError], response: &Response<Bytes>) -> Lacks {
    let sent = response.extensions().get::<SentBody>();
    let sent: Option<SentQuery<'_>> = sent.and_then(|sent| serde_json::from_slice(&sent.0).ok());
    let mut lacks = Lacks::nothing();
    for error in errors {
        let Some(message) = &error.message else { continue };
        let place = Place::new(error.locations.as_ref(), error.path.as_ref());
        note_lacking(message, &place, sent.as_ref().map(|sent| &*sent.query), &mut lacks);
    }
    lacks
}

fn error(errors: &[GraphQlError], status: StatusCode, what: impl FnOnce() -> String) -> AnswerError {
    let gravest = errors.iter().map(|error| error.meaning(status)).min().unwrap_or(Meaning::Refused);
    let mut messages: Vec<String> = errors.iter().map(|error| error.text().to_owned()).collect();
    messages.dedup();
    gravest.into_error(what, messages.join("; "))
}

/// The error for JSON that is not GraphQL: `{"error": "…"}` and the like.
fn refusal(said: &RawValue, status: StatusCode, what: impl FnOnce() -> String) -> AnswerError {
    let message = serde_json::from_str(said.get()).unwrap_or_else(|_| said.get().to_owned());
    classify::meaning(&message, None, status).into_error(what, message)
}
