//! One request and its response: permit, pace, credentials, redirects. No retries.

use http::header::{AUTHORIZATION, USER_AGENT};
use url::Url;

use super::quota::{Quota, retry_after};
use super::redirect::{MOST_REDIRECTS, may_follow, target};
use super::{Client, lock};
use crate::transport::{Request, Response, TransportError, TransportErrorKind};

/// What came back, and from where.
pub(super) struct Exchange {
    pub(super) url: Url,
    pub(super) outcome: Result<Arrived, TransportError>,
}

pub(super) enum Arrived {
    Response(Response),
    /// A redirect that is not followed.
    Elsewhere(Url),
}

impl Client {
    /// Sends `request` to the server when its rate limit has room for it, and notes what the headers say of it.
    pub(super) async fn paced_exchange(&self, request: Request) -> Exchange {
        let transport = &self.shared.transport;
        let wait = lock(&self.shared.pacer).book(transport.now());
        let booking = Booking { client: self, landed: false };
        if !wait.is_zero() {
            self.wait(wait).await;
        }
        let exchange = self.exchange(request).await;
        let quota = match &exchange.outcome {
            Ok(Arrived::Response(response)) => {
                let now = transport.now();
                if response.status() == http::StatusCode::TOO_MANY_REQUESTS {
                    self.shared.tally.rate_limited();
                    if let Some(wait) = retry_after(response.headers()) {
                        lock(&self.shared.pacer).hold(now, wait);
                    }
                }
                Quota::of(response.headers())
            }
            _ => None,
        };
        booking.land(quota);
        exchange
    }

    /// Sends `request` and follows where it may; the key goes to the base URL's origin only.
    pub(super) async fn exchange(&self, mut request: Request) -> Exchange {
        let mut url = match Url::parse(&request.uri().to_string()) {
            Ok(url) => url,
            Err(error) => {
                let error =
                    TransportError::new(TransportErrorKind::InvalidRequest, "not a URL").with_source(error);
                return Exchange { url: self.shared.endpoint.graphql_url().clone(), outcome: Err(error) };
            }
        };
        for _ in 0..=MOST_REDIRECTS {
            self.sign(&mut request, &url);
            self.shared.tally.request();
            let response = match self.shared.transport.send(request.clone()).await {
                Ok(response) => response,
                Err(error) => return Exchange { url, outcome: Err(error) },
            };
            let Some(to) = target(&url, &response) else {
                return Exchange { url, outcome: Ok(Arrived::Response(response)) };
            };
            let uri = http::Uri::try_from(to.as_str());
            match uri {
                Ok(uri) if may_follow(request.method(), &url, &to) => *request.uri_mut() = uri,
                _ => return Exchange { url, outcome: Ok(Arrived::Elsewhere(to)) },
            }
            url = to;
        }
        let error = TransportError::new(TransportErrorKind::Protocol, "it redirects in circles");
        Exchange { url, outcome: Err(error) }
    }

    fn sign(&self, request: &mut Request, url: &Url) {
        let headers = request.headers_mut();
        headers.insert(USER_AGENT, self.shared.user_agent.clone());
        headers.remove(AUTHORIZATION);
        if let Some(authorization) = &self.shared.authorization
            && self.base_url().same_origin(url)
        {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
    }

    pub(super) async fn wait(&self, duration: std::time::Duration) {
        self.shared.tally.waited(duration);
        self.shared.transport.sleep(duration).await;
    }
}

/// A booked request; a future that is dropped before the answer must not count as in flight for ever.
struct Booking<'a> {
    client: &'a Client,
    landed: bool,
}

impl Booking<'_> {
    fn land(mut self, quota: Option<Quota>) {
        self.landed = true;
        lock(&self.client.shared.pacer).landed(self.client.shared.transport.now(), quota);
    }
}

impl Drop for Booking<'_> {
    fn drop(&mut self) {
        if !self.landed {
            lock(&self.client.shared.pacer).landed(self.client.shared.transport.now(), None);
        }
    }
}
