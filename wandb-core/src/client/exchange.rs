//! A single request and its response: rate limit, slots of files, credentials, redirects. No retries.

use http::StatusCode;
use http::header::{AUTHORIZATION, USER_AGENT};
use url::Url;

use super::download_window::TransferOutcome;
use super::progress::guard_body;
use super::quota::{Quota, asked_wait};
use super::redirect::{MAX_REDIRECTS, may_follow, target};
use super::transfer_slots::FileSlot;
use super::waiting::WaitReason;
use super::{Client, lock};
use crate::error::RequestLabel;
use crate::transport::{Request, Response, TransportError, TransportErrorKind};

/// The outcome of a request, and the URL that it came from.
pub(super) struct Exchange {
    pub(super) url: Url,
    pub(super) outcome: Result<Received, TransportError>,
}

pub(super) enum Received {
    Response(Response),
    /// A redirect that must not be followed.
    Redirect(Url),
}

/// The answer to a single request.
enum Answer {
    Received(Received),
    /// A redirect that may be followed.
    Follow(Url),
}

impl Client {
    /// Sends `request` once the rate limit allows, and updates the rate limit from the response headers.
    pub(super) async fn paced_exchange(
        &self,
        request: Request,
        label: impl FnOnce() -> RequestLabel + Send,
    ) -> Exchange {
        let transport = &self.shared.transport;
        let now = transport.now();
        let wait = lock(&self.shared.pacer).book(now);
        let booking = Booking { client: self, is_complete: false };
        if !wait.is_zero() {
            self.wait(wait, now, || WaitReason::RateLimit).await;
        }
        let exchange = self.exchange(request, label).await;
        let quota = match &exchange.outcome {
            Ok(Received::Response(response)) => {
                let now = transport.now();
                let asked = asked_wait(response.status(), response.headers());
                let is_limited = response.status() == StatusCode::TOO_MANY_REQUESTS;
                if is_limited {
                    self.shared.counters.rate_limited();
                }
                let is_of_all = is_limited || response.status() == StatusCode::SERVICE_UNAVAILABLE;
                let longest = self.shared.retry.max_retry_after;
                match asked.filter(|_| is_of_all) {
                    Some(wait) if wait > longest => self.close_for(wait),
                    Some(wait) if is_limited => lock(&self.shared.pacer).hold(now, wait),
                    _ => {}
                }
                Quota::of(response.headers())
            }
            _ => None,
        };
        booking.complete(quota);
        exchange
    }

    /// Sends `request` and follows permitted redirects. The API key is sent to the base URL's origin only.
    pub(super) async fn exchange(
        &self,
        mut request: Request,
        label: impl FnOnce() -> RequestLabel + Send,
    ) -> Exchange {
        let mut url = match Url::parse(&request.uri().to_string()) {
            Ok(url) => url,
            Err(error) => {
                let error =
                    TransportError::new(TransportErrorKind::InvalidRequest, "not a URL").with_source(error);
                return Exchange { url: self.shared.endpoint.graphql_url().clone(), outcome: Err(error) };
            }
        };
        let mut label = Some(label);
        for _ in 0..=MAX_REDIRECTS {
            match self.send_once(&mut request, &url, &mut label).await {
                Ok(Answer::Follow(to)) => url = to,
                Ok(Answer::Received(received)) => return Exchange { url, outcome: Ok(received) },
                Err(error) => return Exchange { url, outcome: Err(error) },
            }
        }
        Exchange { url, outcome: Err(too_many_redirects()) }
    }

    /// Like [`exchange`](Self::exchange), but for the file at `url`. Returns the slot that its body holds.
    ///
    /// Each host has its own slots: the request needs one of the server's only while it is at the server's host, and one
    /// of the storage's afterwards.
    pub(super) async fn transfer(
        &self,
        mut request: Request,
        mut url: Url,
        label: impl FnOnce() -> RequestLabel + Send,
    ) -> (Exchange, FileSlot) {
        let mut label = Some(label);
        let mut slot = self.slot_for(&url).await;
        for _ in 0..=MAX_REDIRECTS {
            match self.send_once(&mut request, &url, &mut label).await {
                Ok(Answer::Follow(to)) => {
                    if self.base_url().same_origin(&to) != matches!(slot, FileSlot::Api(_)) {
                        // Never wait for a slot while holding another one.
                        slot.end(TransferOutcome::Unrelated);
                        slot = self.slot_for(&to).await;
                    }
                    url = to;
                }
                Ok(Answer::Received(received)) => return (Exchange { url, outcome: Ok(received) }, slot),
                Err(error) => return (Exchange { url, outcome: Err(error) }, slot),
            }
        }
        (Exchange { url, outcome: Err(too_many_redirects()) }, slot)
    }

    /// Waits for a slot for a file at `url`.
    async fn slot_for(&self, url: &Url) -> FileSlot {
        if self.base_url().same_origin(url) {
            FileSlot::Api(self.shared.permits.acquire_arc().await)
        } else {
            FileSlot::Storage(self.shared.transfers.acquire().await)
        }
    }

    /// Sends `request` to `url`. Points it at the target of a redirect that may be followed.
    async fn send_once(
        &self,
        request: &mut Request,
        url: &Url,
        label: &mut Option<impl FnOnce() -> RequestLabel + Send>,
    ) -> Result<Answer, TransportError> {
        self.check_time()?;
        self.set_headers(request, url);
        self.shared.counters.request();
        let sent = self.shared.transport.send(request.clone());
        let named =
            || label.take().map_or_else(|| RequestLabel::new("a redirect", url.path()), |label| label());
        let response = self.await_answer(sent, named).await?;
        let response = guard_body(response, &self.shared.transport, self.shared.floor, self.shared.deadline);
        let Some(to) = target(url, &response) else {
            return Ok(Answer::Received(Received::Response(response)));
        };
        match http::Uri::try_from(to.as_str()) {
            Ok(uri) if may_follow(request.method(), url, &to) => {
                *request.uri_mut() = uri;
                Ok(Answer::Follow(to))
            }
            _ => Ok(Answer::Received(Received::Redirect(to))),
        }
    }

    fn set_headers(&self, request: &mut Request, url: &Url) {
        let headers = request.headers_mut();
        headers.insert(USER_AGENT, self.shared.user_agent.clone());
        headers.remove(AUTHORIZATION);
        if let Some(authorization) = &self.shared.authorization
            && self.base_url().same_origin(url)
        {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
    }
}

fn too_many_redirects() -> TransportError {
    TransportError::new(TransportErrorKind::Protocol, "too many redirects")
}

/// A booked request. Releases it on drop, so that a cancelled future does not count as in flight forever.
struct Booking<'a> {
    client: &'a Client,
    is_complete: bool,
}

impl Booking<'_> {
    fn complete(mut self, quota: Option<Quota>) {
        self.is_complete = true;
        lock(&self.client.shared.pacer).complete(self.client.shared.transport.now(), quota);
    }
}

impl Drop for Booking<'_> {
    fn drop(&mut self) {
        if !self.is_complete {
            lock(&self.client.shared.pacer).complete(self.client.shared.transport.now(), None);
        }
    }
}
