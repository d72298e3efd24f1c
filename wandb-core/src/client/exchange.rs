//! A single request and its response: permit, rate limit, credentials, redirects. No retries.

use http::StatusCode;
use http::header::{AUTHORIZATION, USER_AGENT};
use url::Url;

use super::progress::guard_body;
use super::quota::{Quota, asked_wait};
use super::redirect::{MAX_REDIRECTS, may_follow, target};
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
            if let Err(error) = self.check_time() {
                return Exchange { url, outcome: Err(error) };
            }
            self.set_headers(&mut request, &url);
            self.shared.counters.request();
            let sent = self.shared.transport.send(request.clone());
            let named =
                || label.take().map_or_else(|| RequestLabel::new("a redirect", url.path()), |label| label());
            let response = match self.await_answer(sent, named).await {
                Ok(response) => {
                    guard_body(response, &self.shared.transport, self.shared.floor, self.shared.deadline)
                }
                Err(error) => return Exchange { url, outcome: Err(error) },
            };
            let Some(to) = target(&url, &response) else {
                return Exchange { url, outcome: Ok(Received::Response(response)) };
            };
            let uri = http::Uri::try_from(to.as_str());
            match uri {
                Ok(uri) if may_follow(request.method(), &url, &to) => *request.uri_mut() = uri,
                _ => return Exchange { url, outcome: Ok(Received::Redirect(to)) },
            }
            url = to;
        }
        let error = TransportError::new(TransportErrorKind::Protocol, "too many redirects");
        Exchange { url, outcome: Err(error) }
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
