//! Files behind URLs that an answer gave: streamed, resumed where they broke off, without credentials elsewhere.

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use http::header::{ACCEPT_ENCODING, ETAG, IF_RANGE, RANGE};
use http::{HeaderValue, Method, StatusCode};
use url::Url;

use super::Client;
use super::exchange::{Arrived, Exchange};
use super::reply::{Failure, sort};
use crate::error::{Error, RequestLabel, shown};
use crate::operation::AnswerError;
use crate::transport::{Body, Response, TransportError, TransportErrorKind};

/// A file that is being downloaded.
///
/// [`chunk`](Self::chunk) hands out its bytes in order. When the connection breaks, the rest is asked for with a
/// `Range`; the file having changed meanwhile is an error, never a mixture.
#[derive(Debug)]
pub struct Download {
    client: Client,
    url: Url,
    label: RequestLabel,
    body: Body,
    etag: Option<HeaderValue>,
    received: u64,
    length: Option<u64>,
    failures_in_a_row: u32,
}

impl Client {
    /// Begins to download `url`, which may be relative to the base URL; `subject` says in errors what it is.
    ///
    /// Credentials go along only where `url` is of the base URL's origin, so never to storage hosts.
    pub async fn download(&self, url: &Url, subject: &str) -> Result<Download, Error> {
        let label = RequestLabel::new("Download", subject);
        let response = self.open(url, &label, None).await?;
        let header = |name| response.headers().get(name).cloned();
        let length = header(http::header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        // A weak tag does not promise the same bytes.
        let etag = header(ETAG).filter(|etag| !etag.as_bytes().starts_with(b"W/"));
        Ok(Download {
            client: self.clone(),
            url: url.clone(),
            label,
            body: response.into_body(),
            etag,
            received: 0,
            length,
            failures_in_a_row: 0,
        })
    }

    async fn open(
        &self,
        url: &Url,
        label: &RequestLabel,
        resume: Option<&Resume>,
    ) -> Result<Response, Error> {
        let mut attempts = 0;
        loop {
            let failure = match self.open_once(url, resume).await {
                Ok(response) => return Ok(response),
                Err(failure) => failure,
            };
            attempts += 1;
            if !self.back_off(&failure, attempts).await {
                let server = url.origin().ascii_serialization();
                return Err(failure.into_error(label.clone(), attempts, &server, false));
            }
        }
    }

    async fn open_once(&self, url: &Url, resume: Option<&Resume>) -> Result<Response, Failure> {
        let invalid = |message: String| Failure::Transport {
            url: shown(url),
            error: TransportError::new(TransportErrorKind::InvalidRequest, message),
        };
        let mut request = http::Request::builder().method(Method::GET).uri(url.as_str());
        // Lengths and ranges are of the bytes as they are stored.
        request = request.header(ACCEPT_ENCODING, "identity");
        if let Some(resume) = resume {
            request = request.header(RANGE, format!("bytes={}-", resume.from)).header(IF_RANGE, &resume.etag);
        }
        let request = request.body(Bytes::new()).map_err(|error| invalid(error.to_string()))?;
        let _permit = self.shared.download_permits.acquire().await;
        let Exchange { url, outcome } = self.exchange(request).await;
        match outcome {
            Err(error) => Err(Failure::Transport { url: shown(&url), error }),
            Ok(Arrived::Elsewhere(to)) => Err(Failure::Redirected { to: shown(&to) }),
            Ok(Arrived::Response(response)) if response.status().is_success() => Ok(response),
            Ok(Arrived::Response(response)) if response.status() == StatusCode::NOT_FOUND => {
                Err(Failure::Answer(AnswerError::NotFound { what: shown(&url) }))
            }
            Ok(Arrived::Response(response)) => Err(refusal(&url, response).await),
        }
    }
}

struct Resume {
    from: u64,
    etag: HeaderValue,
}

/// A refusal's body is read only so far as a message shows it.
const REFUSAL_LIMIT: u64 = 1 << 20;

async fn refusal(url: &Url, response: Response) -> Failure {
    let (head, body) = response.into_parts();
    let status = head.status;
    let body = body.bytes(REFUSAL_LIMIT).await.unwrap_or_default();
    match sort(url, http::Response::from_parts(head, body)) {
        Err(Failure::NotWandb { excerpt: message, .. }) => Failure::Status { status, message, asked: None },
        Err(failure) => failure,
        Ok(response) => {
            let message = String::from_utf8_lossy(response.body()).chars().take(200).collect();
            Failure::Status { status, message, asked: None }
        }
    }
}

impl Download {
    /// The file's size in bytes, where the server said it.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// How many bytes have been handed out.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// The next bytes, or `None` at the end of the file.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let error = match self.body.chunk().await {
                Ok(Some(chunk)) => {
                    self.received += chunk.len() as u64;
                    self.failures_in_a_row = 0;
                    self.client.shared.tally.received(chunk.len());
                    return Ok(Some(chunk));
                }
                Ok(None) if self.length.is_none_or(|length| length == self.received) => return Ok(None),
                Ok(None) => TransportError::new(TransportErrorKind::Interrupted, "the file ended too early"),
                Err(error) => error,
            };
            self.resume(error).await?;
        }
    }

    /// The chunks as a stream, which ends after the last or after the first error.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, Error>> + Send {
        stream::unfold(Some(self), |download| async move {
            let mut download = download?;
            match download.chunk().await {
                Ok(chunk) => Some((Ok(chunk?), Some(download))),
                Err(error) => Some((Err(error), None)),
            }
        })
    }

    async fn resume(&mut self, error: TransportError) -> Result<(), Error> {
        self.failures_in_a_row += 1;
        let failure = Failure::Transport { url: shown(&self.url), error };
        // Without a tag nothing tells whether the rest belongs to the same file.
        let resume = self.etag.clone().map(|etag| Resume { from: self.received, etag });
        let can_resume = resume.is_some() || self.received == 0;
        if !can_resume || !self.client.back_off(&failure, self.failures_in_a_row).await {
            return Err(failure.into_error(self.label.clone(), self.failures_in_a_row, "", false));
        }
        let resume = resume.filter(|resume| resume.from > 0);
        let response = self.client.open(&self.url, &self.label, resume.as_ref()).await?;
        if resume.is_some() && response.status() != StatusCode::PARTIAL_CONTENT {
            let source =
                AnswerError::Refused { message: "the file changed while it was downloaded".to_owned() };
            return Err(Error::Answer {
                request: self.label.clone(),
                attempts: self.failures_in_a_row,
                source,
            });
        }
        self.body = response.into_body();
        Ok(())
    }
}
