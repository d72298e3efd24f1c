//! Opens a file at the first of its addresses that serves it.

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, IF_RANGE, RANGE};
use http::{Method, StatusCode};
use url::Url;

use super::opened::{Opened, refusal};
use super::range::RangeRequest;
use crate::client::call::FailedAttempts;
use crate::client::download_window::TransferOutcome;
use crate::client::exchange::{Exchange, Received};
use crate::client::reply::Failure;
use crate::client::transfer_slots::FileSlot;
use crate::client::{Client, lock};
use crate::error::{Error, RequestLabel, printable_url};
use crate::operation::AnswerError;
use crate::transport::{Phase, Response, TransportError, TransportErrorKind};

/// The maximum number of origins remembered as closed.
const MAX_CLOSED_ORIGINS: usize = 64;

impl Client {
    /// Tries each of `urls` in turn, until one neither refuses nor is unreachable. Retries other failures at the same
    /// address. Returns the addresses, with the working one first.
    pub(super) async fn open(
        &self,
        urls: &[Url],
        label: &RequestLabel,
        asked: &RangeRequest,
    ) -> Result<(Vec<Url>, Opened), Error> {
        let mut urls = urls.to_vec();
        // The sort is stable, so that origins not known to be closed keep their order.
        urls.sort_by_key(|url| lock(&self.shared.closed_origins).contains(&url.origin()));
        let (mut tries, mut attempts) = (FailedAttempts::default(), 0);
        loop {
            let mut last = None;
            for at in 0..urls.len() {
                attempts += 1;
                let opened = self.open_once(&urls[at], label, asked).await;
                let failure = match opened.and_then(|(response, slot)| Opened::new(response, slot, asked)) {
                    Ok(opened) => {
                        lock(&self.shared.closed_origins).remove(&urls[at].origin());
                        urls[..=at].rotate_right(1);
                        return Ok((urls, opened));
                    }
                    Err(failure) => failure,
                };
                let is_last = at + 1 == urls.len();
                if !is_last && failure.closes_origin() {
                    let mut closed = lock(&self.shared.closed_origins);
                    if closed.len() < MAX_CLOSED_ORIGINS {
                        closed.insert(urls[at].origin());
                    }
                }
                let tries_next = !is_last && failure.is_about_the_address();
                last = Some((failure, urls[at].origin().ascii_serialization()));
                if !tries_next {
                    break;
                }
            }
            let (failure, server) = last.unwrap_or_else(no_address);
            tries.failed(&failure, self.shared.transport.now());
            if !self.back_off(&failure, &tries, || label.clone()).await {
                return Err(self.download_error(failure, label, attempts, &server));
            }
        }
    }

    /// The error of a download that failed at `server`.
    pub(super) fn download_error(
        &self,
        failure: Failure,
        label: &RequestLabel,
        attempts: u32,
        server: &str,
    ) -> Error {
        let max_wait = self.shared.retry.max_retry_after;
        let failure = failure.with_texts(|text| self.shared.redactor.printable(text));
        failure.into_error(label.clone(), attempts, server, false, max_wait)
    }

    async fn open_once(
        &self,
        url: &Url,
        label: &RequestLabel,
        asked: &RangeRequest,
    ) -> Result<(Response, FileSlot), Failure> {
        let invalid = |message: String| Failure::Transport {
            url: printable_url(url),
            error: TransportError::new(TransportErrorKind::InvalidRequest, message),
        };
        let mut request = http::Request::builder().method(Method::GET).uri(url.as_str());
        // Lengths and ranges refer to the stored bytes.
        request = request.header(ACCEPT_ENCODING, "identity");
        if let Some(range) = asked.range_header() {
            request = request.header(RANGE, range);
        }
        if let Some(etag) = asked.if_range_header() {
            request = request.header(IF_RANGE, etag);
        }
        let request = request.body(Bytes::new()).map_err(|error| invalid(error.to_string()))?;
        let (Exchange { url, outcome }, slot) = self.transfer(request, url.clone(), || label.clone()).await;
        let (failure, ended) = match outcome {
            Err(error) => {
                let ended = TransferOutcome::of_error(&error);
                (Failure::Transport { url: printable_url(&url), error }, ended)
            }
            Ok(Received::Redirect(to)) => {
                (Failure::Redirected { to: printable_url(&to) }, TransferOutcome::Unrelated)
            }
            Ok(Received::Response(response)) if response.status().is_success() => {
                return Ok((response, slot));
            }
            Ok(Received::Response(response)) => {
                let status = response.status();
                let failure = match status {
                    StatusCode::NOT_FOUND => {
                        Failure::Answer(AnswerError::NotFound { what: printable_url(&url) })
                    }
                    StatusCode::RANGE_NOT_SATISFIABLE if asked.version.length.is_some() => {
                        Failure::Answer(AnswerError::Changed)
                    }
                    _ => refusal(&url, response).await,
                };
                (failure, TransferOutcome::of_status(status))
            }
        };
        // The wait before a retry needs no slot.
        slot.end(ended);
        Err(failure)
    }
}

impl TransferOutcome {
    /// The outcome of a transfer that was answered with an error status.
    fn of_status(status: StatusCode) -> Self {
        if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
            Self::Overloaded
        } else {
            Self::Unrelated
        }
    }

    /// The outcome of a transfer that failed. Only a wait that was too long tells about the load of the storage.
    pub(super) fn of_error(error: &TransportError) -> Self {
        match error.kind() {
            TransportErrorKind::Timeout(Phase::FirstByte | Phase::Stall) => Self::Overloaded,
            _ => Self::Unrelated,
        }
    }
}

impl Failure {
    /// Returns true if the file may be available at another address: this one was unreachable or refused.
    fn is_about_the_address(&self) -> bool {
        match self {
            Self::Answer(AnswerError::NotFound { .. }) | Self::Unauthorized | Self::Redirected { .. } => true,
            Self::Status { status, .. } => {
                status.is_client_error()
                    && !matches!(
                        *status,
                        StatusCode::REQUEST_TIMEOUT
                            | StatusCode::RANGE_NOT_SATISFIABLE
                            | StatusCode::TOO_EARLY
                            | StatusCode::TOO_MANY_REQUESTS
                    )
            }
            Self::Transport { error, .. } => error.is_before_sending(),
            Self::Closed { .. } | Self::NotWandb { .. } | Self::Answer(_) => false,
        }
    }

    /// Returns true if other files at the same origin are likely to fail in the same way.
    fn closes_origin(&self) -> bool {
        match self {
            Self::Transport { error, .. } => error.is_before_sending(),
            Self::Status { status, .. } => *status == StatusCode::FORBIDDEN,
            _ => false,
        }
    }
}

fn no_address() -> (Failure, String) {
    let error = TransportError::new(TransportErrorKind::InvalidRequest, "the file has no address");
    (Failure::Transport { url: String::new(), error }, String::new())
}
