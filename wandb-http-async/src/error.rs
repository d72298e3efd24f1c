use std::error::Error as StdError;
use std::io;
use std::iter;

use wandb_core::transport::{Phase, TransportError, TransportErrorKind as Kind};

/// Converts an error of reqwest to a kind, which decides whether the request is retried.
pub(crate) fn translate(error: reqwest::Error) -> TransportError {
    // The URL may contain a signature in its query.
    let error = error.without_url();
    let kind = if error.is_builder() {
        Kind::InvalidRequest
    } else if error.is_connect() {
        match () {
            () if causes(&error).any(is_tls) => Kind::Tls,
            () if error.is_timeout() => Kind::Timeout(Phase::Connect),
            () => Kind::Connect,
        }
    } else {
        causes(&error).find_map(exchange_kind).unwrap_or(Kind::Closed)
    };
    TransportError::new(kind, message(&error))
}

/// Converts an error of reading a compressed body.
pub(crate) fn translate_read(error: io::Error) -> TransportError {
    match error.downcast::<TransportError>() {
        Ok(original) => original,
        Err(error) => TransportError::new(exchange_kind(&error).unwrap_or(Kind::Protocol), message(&error)),
    }
}

/// Classifies a cause as an error of an exchange that has begun, if possible.
fn exchange_kind(cause: &(dyn StdError + 'static)) -> Option<Kind> {
    if let Some(error) = cause.downcast_ref::<hyper::Error>() {
        return match () {
            () if error.is_parse() => Some(Kind::Protocol),
            () if error.is_user() => Some(Kind::InvalidRequest),
            () if error.is_incomplete_message() || error.is_canceled() || error.is_closed() => {
                Some(Kind::Interrupted)
            }
            () => None,
        };
    }
    let error = cause.downcast_ref::<io::Error>()?;
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput if !causes(error).any(is_tls) => {
            Some(Kind::Protocol)
        }
        // A wrapper; its content is the next cause.
        io::ErrorKind::Other if error.get_ref().is_some() => None,
        _ => Some(Kind::Interrupted),
    }
}

#[cfg(feature = "tls")]
fn is_tls(cause: &(dyn StdError + 'static)) -> bool {
    cause.is::<rustls::Error>()
}

#[cfg(not(feature = "tls"))]
fn is_tls(_: &(dyn StdError + 'static)) -> bool {
    false
}

/// The chain of causes, outermost first.
fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    iter::successors(Some(error), |error| cause(*error))
}

fn cause<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        // Its `source` skips the wrapped error.
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// Formats the innermost cause; the outer ones only add context.
fn message(error: &(dyn StdError + 'static)) -> String {
    let Some(innermost) = causes(error).last() else { return String::new() };
    explain(innermost).map_or_else(|| innermost.to_string(), str::to_owned)
}

#[cfg(feature = "tls")]
fn explain(cause: &(dyn StdError + 'static)) -> Option<&'static str> {
    wandb_http_tls::explain(cause.downcast_ref()?)
}

#[cfg(not(feature = "tls"))]
fn explain(_: &(dyn StdError + 'static)) -> Option<&'static str> {
    None
}
