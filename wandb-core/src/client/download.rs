//! Files behind URLs that an answer gave: streamed, resumed where they broke off, without credentials elsewhere.

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, ETAG, IF_RANGE, RANGE};
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

/// What is there already of a file, from an earlier download that broke off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partial {
    /// How many bytes are there.
    pub received: u64,
    /// The tag that the file had ([`Download::etag`]).
    pub etag: String,
}

impl Client {
    /// Begins to download `url`; `subject` says in errors what it is.
    ///
    /// Credentials go along only where `url` is of the base URL's origin, so never to storage hosts.
    pub async fn download(&self, url: &Url, subject: &str) -> Result<Download, Error> {
        let label = RequestLabel::new("Download", subject);
        let opened = self.open(url, &label, None).await?;
        Ok(Download::begin(self, url, label, opened))
    }

    /// Goes on with a download behind what is there already, if the file is still the same. Where it is not, or the
    /// storage cannot do that, the download begins anew: [`Download::received`] tells where the first chunk belongs.
    pub async fn resume_download(
        &self,
        url: &Url,
        subject: &str,
        partial: &Partial,
    ) -> Result<Download, Error> {
        let Ok(etag) = HeaderValue::from_str(&partial.etag) else { return self.download(url, subject).await };
        let label = RequestLabel::new("Download", subject);
        let rest = Rest { from: partial.received, etag };
        match self.open(url, &label, Some(&rest)).await {
            Ok(opened) => Ok(Download::begin(self, url, label, opened)),
            Err(Error::Status { status: StatusCode::RANGE_NOT_SATISFIABLE, .. }) => {
                self.download(url, subject).await
            }
            Err(error) => Err(error),
        }
    }

    async fn open(&self, url: &Url, label: &RequestLabel, rest: Option<&Rest>) -> Result<Opened, Error> {
        let mut attempts = 0;
        loop {
            let opened = self.open_once(url, rest).await;
            let failure = match opened.and_then(|response| Opened::new(response, rest)) {
                Ok(opened) => return Ok(opened),
                Err(failure) => failure,
            };
            attempts += 1;
            if !self.back_off(&failure, attempts).await {
                let server = url.origin().ascii_serialization();
                return Err(failure.into_error(label.clone(), attempts, &server, false));
            }
        }
    }

    async fn open_once(&self, url: &Url, rest: Option<&Rest>) -> Result<Response, Failure> {
        let invalid = |message: String| Failure::Transport {
            url: shown(url),
            error: TransportError::new(TransportErrorKind::InvalidRequest, message),
        };
        let mut request = http::Request::builder().method(Method::GET).uri(url.as_str());
        // Lengths and ranges are of the bytes as they are stored.
        request = request.header(ACCEPT_ENCODING, "identity");
        if let Some(rest) = rest {
            request = request.header(RANGE, format!("bytes={}-", rest.from)).header(IF_RANGE, &rest.etag);
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

/// The part of a file that is asked for.
struct Rest {
    from: u64,
    etag: HeaderValue,
}

/// A body, and where in the file it begins.
struct Opened {
    response: Response,
    from: u64,
    length: Option<u64>,
}

impl Opened {
    fn new(response: Response, rest: Option<&Rest>) -> Result<Self, Failure> {
        let number = |text: &str| text.trim().parse::<u64>().ok();
        let header = |name| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let Some(rest) = rest.filter(|_| response.status() == StatusCode::PARTIAL_CONTENT) else {
            let length = header(CONTENT_LENGTH).and_then(number);
            return Ok(Self { response, from: 0, length });
        };
        let range = header(CONTENT_RANGE).and_then(|range| range.strip_prefix("bytes ")?.split_once('/'));
        let from = range.and_then(|(range, _)| number(range.split_once('-')?.0));
        if from != Some(rest.from) {
            let message =
                format!("it is not the part of the file from byte {} on that was asked for", rest.from);
            return Err(Failure::Answer(AnswerError::malformed(message, b"")));
        }
        let length = range.and_then(|(_, whole)| number(whole));
        Ok(Self { response, from: rest.from, length })
    }
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
    fn begin(client: &Client, url: &Url, label: RequestLabel, opened: Opened) -> Self {
        // A weak tag does not promise the same bytes.
        let etag = opened.response.headers().get(ETAG).filter(|etag| !etag.as_bytes().starts_with(b"W/"));
        Self {
            client: client.clone(),
            url: url.clone(),
            label,
            etag: etag.cloned(),
            received: opened.from,
            length: opened.length,
            body: opened.response.into_body(),
            failures_in_a_row: 0,
        }
    }

    /// The tag that the storage gave the file, if it promises that the same tag means the same bytes.
    pub fn etag(&self) -> Option<&str> {
        self.etag.as_ref()?.to_str().ok()
    }

    /// The file's size in bytes, where the server said it.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// How many bytes of the file are there: those that were there at the beginning, and those handed out.
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

    /// Goes on from where it was under another URL of the same file: the one there was may have been signed for a while
    /// that is over, which is when [`chunk`](Self::chunk) failed with an error that
    /// [`may_be_expired`](Error::may_be_expired).
    pub async fn renew(&mut self, url: &Url) -> Result<(), Error> {
        url.clone_into(&mut self.url);
        self.reopen().await
    }

    async fn resume(&mut self, error: TransportError) -> Result<(), Error> {
        self.failures_in_a_row += 1;
        let failure = Failure::Transport { url: shown(&self.url), error };
        // Without a tag nothing tells whether the rest belongs to the same file.
        let can_resume = self.etag.is_some() || self.received == 0;
        if !can_resume || !self.client.back_off(&failure, self.failures_in_a_row).await {
            return Err(failure.into_error(self.label.clone(), self.failures_in_a_row, "", false));
        }
        self.reopen().await
    }

    async fn reopen(&mut self) -> Result<(), Error> {
        let rest = self.etag.clone().map(|etag| Rest { from: self.received, etag });
        let rest = rest.filter(|rest| rest.from > 0);
        let opened = self.client.open(&self.url, &self.label, rest.as_ref()).await?;
        if opened.from != self.received {
            let (request, attempts) = (self.label.clone(), self.failures_in_a_row);
            return Err(Error::Answer { request, attempts, source: AnswerError::Changed });
        }
        self.body = opened.response.into_body();
        Ok(())
    }
}
