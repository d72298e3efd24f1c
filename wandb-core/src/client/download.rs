//! Files behind URLs that an answer gave: streamed, resumed where they broke off, without credentials elsewhere.

mod opened;
mod range;
#[cfg(all(test, feature = "mock"))]
mod tests;

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use http::header::{ACCEPT_ENCODING, ETAG, IF_RANGE, RANGE};
use http::{HeaderValue, Method, StatusCode};
use url::Url;

pub use self::range::{ByteRange, FileVersion};

use self::opened::{Opened, refusal, strong_tag};
use self::range::Asked;
use super::Client;
use super::exchange::{Arrived, Exchange};
use super::reply::Failure;
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
    /// Where the first chunk belongs in the file.
    begun_at: u64,
    received: u64,
    /// Where the part of the file that was asked for ends, if it is a part.
    part_end: Option<u64>,
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
        let opened = self.open(url, &label, &Asked::everything()).await?;
        Ok(Download::begin(self, url, label, opened))
    }

    /// Begins to download a part of `url`, of the file that `version` tells.
    ///
    /// A server may send the whole file instead: [`Download::received`] tells where the first chunk belongs, and
    /// [`Download::end`] where the last one ends. A file that is not that version is an error that
    /// [`is_changed`](Error::is_changed).
    pub async fn download_range(
        &self,
        url: &Url,
        subject: &str,
        range: &ByteRange,
        version: &FileVersion,
    ) -> Result<Download, Error> {
        let label = RequestLabel::new("Download", subject);
        let opened = self.open(url, &label, &Asked::of(range, version)).await?;
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
        match self.open(url, &label, &Asked::rest(partial.received, None, Some(etag))).await {
            Ok(opened) => Ok(Download::begin(self, url, label, opened)),
            Err(Error::Status { status: StatusCode::RANGE_NOT_SATISFIABLE, .. }) => {
                self.download(url, subject).await
            }
            Err(error) => Err(error),
        }
    }

    async fn open(&self, url: &Url, label: &RequestLabel, asked: &Asked) -> Result<Opened, Error> {
        let mut attempts = 0;
        loop {
            let opened = self.open_once(url, asked).await;
            let failure = match opened.and_then(|response| Opened::new(response, asked)) {
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

    async fn open_once(&self, url: &Url, asked: &Asked) -> Result<Response, Failure> {
        let invalid = |message: String| Failure::Transport {
            url: shown(url),
            error: TransportError::new(TransportErrorKind::InvalidRequest, message),
        };
        let mut request = http::Request::builder().method(Method::GET).uri(url.as_str());
        // Lengths and ranges are of the bytes as they are stored.
        request = request.header(ACCEPT_ENCODING, "identity");
        if let Some(range) = asked.header() {
            request = request.header(RANGE, range);
            if let Some(etag) = &asked.etag {
                request = request.header(IF_RANGE, etag);
            }
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
            Ok(Arrived::Response(response))
                if response.status() == StatusCode::RANGE_NOT_SATISFIABLE && asked.length.is_some() =>
            {
                Err(Failure::Answer(AnswerError::Changed))
            }
            Ok(Arrived::Response(response)) => Err(refusal(&url, response).await),
        }
    }
}

impl Download {
    fn begin(client: &Client, url: &Url, label: RequestLabel, opened: Opened) -> Self {
        Self {
            client: client.clone(),
            url: url.clone(),
            label,
            etag: strong_tag(opened.response.headers().get(ETAG)).cloned(),
            begun_at: opened.from,
            received: opened.from,
            part_end: opened.part_end,
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

    /// What tells the file from another one at the same URL.
    pub fn version(&self) -> FileVersion {
        FileVersion { etag: self.etag().map(str::to_owned), length: self.length }
    }

    /// How many bytes of the file are there: those that were there at the beginning, or come before the part that was
    /// asked for, and those handed out. So it is where the next chunk belongs.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Where in the file the last chunk ends: at the end of the part that was asked for, or of the file. `None` where
    /// the server said no length.
    pub fn end(&self) -> Option<u64> {
        self.part_end.or(self.length)
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
                Ok(None) if self.end().is_none_or(|end| end == self.received) => return Ok(None),
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
        let can_resume = self.etag.is_some() || self.received == self.begun_at;
        if !can_resume || !self.client.back_off(&failure, self.failures_in_a_row).await {
            return Err(failure.into_error(self.label.clone(), self.failures_in_a_row, "", false));
        }
        self.reopen().await
    }

    async fn reopen(&mut self) -> Result<(), Error> {
        let is_whole = self.received == 0 && self.part_end.is_none();
        let asked = if is_whole {
            Asked::everything()
        } else {
            Asked::rest(self.received, self.part_end, self.etag.clone())
        };
        let opened = self.client.open(&self.url, &self.label, &asked).await?;
        if opened.from != self.received {
            let (request, attempts) = (self.label.clone(), self.failures_in_a_row);
            return Err(Error::Answer { request, attempts, source: AnswerError::Changed });
        }
        self.body = opened.response.into_body();
        Ok(())
    }
}
