//! Downloads of files from URLs sent by the server: streamed, resumed after interruptions, without credentials
//! elsewhere.

mod open;
mod opened;
mod range;
mod receipt;
#[cfg(all(test, feature = "mock"))]
mod tests;

use std::ops::Range;

use bytes::Bytes;
use url::Url;

pub use self::range::FileVersion;
pub use self::receipt::{DownloadReceipt, ListedFile};

use self::opened::Opened;
use self::range::RangeRequest;
use super::Client;
use super::call::FailedAttempts;
use super::download_window::TransferOutcome;
use super::reply::Failure;
use super::transfer_slots::FileSlot;
use crate::error::{Error, RequestLabel, printable_url};
use crate::operation::AnswerError;
use crate::transport::{Body, TransportError, TransportErrorKind};

/// The maximum number of interruptions of one download, however many bytes each connection brings.
const MAX_INTERRUPTIONS: u32 = 10_000;

/// The margin added to twice the listed size, for a file whose length the storage does not send.
const LISTED_MARGIN: u64 = 16 << 20;

/// A download in progress.
///
/// [`chunk`](Self::chunk) returns the bytes in order. After an interruption it requests the rest with a `Range`, if
/// an `ETag` or a digest that the caller [checks](Self::check_by_digest) proves that the rest belongs to the same file.
/// Otherwise `chunk` fails, and the caller [starts again](Self::restart).
///
/// It counts as one of the client's [`downloads`](Client::downloads) in flight until its last chunk has been returned or
/// it is dropped. So do not wait for one download while holding others that nobody reads.
#[derive(Debug)]
pub struct Download {
    client: Client,
    /// The addresses of the file. The first is in use.
    urls: Vec<Url>,
    label: RequestLabel,
    // Dropped before the slot, so that the connection is closed before another one may open.
    body: Body,
    /// `None` once the body has ended.
    slot: Option<FileSlot>,
    version: FileVersion,
    /// The offset of the first chunk in the file.
    start: u64,
    received: u64,
    /// The requested range, unless the whole file was requested.
    part: Option<Range<u64>>,
    /// The end of the range, unless it ends with the file.
    part_end: Option<u64>,
    is_checked_by_digest: bool,
    is_joined_untagged: bool,
    /// Whether further bytes cannot be joined to those already returned.
    is_broken: bool,
    /// The maximum number of bytes if the storage does not send the length.
    unannounced_limit: Option<u64>,
    /// The bytes received over the current connection.
    connection_bytes: u64,
    /// The consecutive failures.
    tries: FailedAttempts,
    interruptions: u32,
    restarts: u32,
}

/// The bytes of a file that an earlier, interrupted download left.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Partial {
    /// The number of bytes received.
    pub received: u64,
    /// The version of the file that they belong to ([`Download::version`]).
    pub version: FileVersion,
}

impl Partial {
    /// Describes `received` bytes of a version of a file.
    pub fn new(received: u64, version: FileVersion) -> Self {
        Self { received, version }
    }
}

impl Client {
    /// Starts the download of a file. Errors name it by `subject`.
    ///
    /// `urls` are addresses of the same file, tried in turn. One that refuses (403, 404 and the like) or cannot be
    /// reached leads to the next at once. Credentials are sent only to the origin of the base URL, never to storage
    /// hosts.
    pub async fn download(&self, urls: &[Url], subject: &str) -> Result<Download, Error> {
        let label = RequestLabel::new("Download", subject);
        let opened = self.open(urls, &label, &RangeRequest::everything()).await?;
        let download = Download::begin(self, label, None, opened);
        download.check_limits()?;
        Ok(download)
    }

    /// Starts the download of a byte range of the file with the given `version`.
    ///
    /// A server may send the whole file instead: [`Download::received`] is the offset of the first chunk, and
    /// [`Download::end`] the end of the last. A different version is an error that [`is_changed`](Error::is_changed).
    pub async fn download_range(
        &self,
        urls: &[Url],
        subject: &str,
        range: &Range<u64>,
        version: &FileVersion,
    ) -> Result<Download, Error> {
        let label = RequestLabel::new("Download", subject);
        let opened = self.open(urls, &label, &RangeRequest::part(range, version)).await?;
        Ok(Download::begin(self, label, Some(range.clone()), opened))
    }

    /// Resumes a download after the bytes of `partial`, if the file is unchanged.
    ///
    /// If it has changed, or the storage cannot send ranges, the download starts again: [`Download::received`] is the
    /// offset of the first chunk. Without an `ETag`, only a digest proves that the parts belong together, and the
    /// caller must compare it.
    pub async fn resume_download(
        &self,
        urls: &[Url],
        subject: &str,
        partial: &Partial,
    ) -> Result<Download, Error> {
        let label = RequestLabel::new("Download", subject);
        match self.open(urls, &label, &RangeRequest::rest(partial.received, None, &partial.version)).await {
            Ok((_, opened)) if opened.from > 0 && !opened.is_of(&partial.version) => {
                // Frees its slot, which the new download may wait for.
                drop(opened);
                self.download(urls, subject).await
            }
            Ok(opened) => {
                let is_resumed = opened.1.from > 0;
                let mut download = Download::begin(self, label, None, opened);
                download.check_limits()?;
                download.is_joined_untagged = is_resumed && !download.has_tag_of(&partial.version);
                Ok(download)
            }
            Err(error) if error.is_changed() || error.is_unsatisfiable() => {
                self.download(urls, subject).await
            }
            Err(error) => Err(error),
        }
    }
}

impl Download {
    fn begin(
        client: &Client,
        label: RequestLabel,
        part: Option<Range<u64>>,
        (urls, opened): (Vec<Url>, Opened),
    ) -> Self {
        Self {
            client: client.clone(),
            urls,
            label,
            start: opened.from,
            received: opened.from,
            part,
            part_end: opened.part_end,
            version: opened.version,
            body: opened.response.into_body(),
            slot: Some(opened.slot),
            is_checked_by_digest: false,
            is_joined_untagged: false,
            is_broken: false,
            unannounced_limit: None,
            connection_bytes: 0,
            tries: FailedAttempts::default(),
            interruptions: 0,
            restarts: 0,
        }
    }

    /// Declares that the caller compares a digest of the whole file afterwards. Parts are then joined even if the
    /// storage sends no `ETag`.
    pub fn check_by_digest(&mut self, is_checked: bool) {
        self.is_checked_by_digest = is_checked;
    }

    /// Sets the size from a file listing, which bounds a file whose length the storage does not send.
    ///
    /// Listings may be out of date, so up to twice that size plus 16 MiB is accepted.
    pub fn expect_size(&mut self, bytes: Option<u64>) {
        self.unannounced_limit = bytes.map(|bytes| bytes.saturating_mul(2).saturating_add(LISTED_MARGIN));
    }

    /// Returns true if parts were joined without an `ETag` to prove that they are of the same file.
    pub fn is_joined_untagged(&self) -> bool {
        self.is_joined_untagged
    }

    /// The version of the file at its address.
    pub fn version(&self) -> &FileVersion {
        &self.version
    }

    /// The file's size in bytes, if the server sent it.
    pub fn length(&self) -> Option<u64> {
        self.version.length
    }

    /// The offset of the next chunk: the bytes before the start of this download, and those returned since.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// The offset at which the last chunk ends: the end of the requested range or of the file. `None` if the server
    /// sent no length.
    pub fn end(&self) -> Option<u64> {
        self.part_end.or(self.version.length)
    }

    /// Returns the next bytes, or `None` at the end of the file.
    ///
    /// # Errors
    /// Fails after too many interruptions, or if the rest may belong to another file. In the latter case,
    /// [`restart`](Self::restart) starts again.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let error = match self.body.chunk().await {
                Ok(Some(mut chunk)) => {
                    self.client.shared.counters.received(chunk.len());
                    if let Some(end) = self.end() {
                        let left = end.saturating_sub(self.received);
                        chunk.truncate(usize::try_from(left).unwrap_or(usize::MAX));
                        if left == 0 {
                            // The storage sends bytes beyond the end.
                            self.body = Body::empty();
                            continue;
                        }
                    }
                    self.received += chunk.len() as u64;
                    self.check_limits()?;
                    self.connection_bytes += chunk.len() as u64;
                    if self.connection_bytes >= self.client.shared.floor.bytes_per_connection {
                        self.tries = FailedAttempts::default();
                    }
                    return Ok(Some(chunk));
                }
                Ok(None) if self.end().is_none_or(|end| end == self.received) => {
                    self.close(TransferOutcome::Completed);
                    return Ok(None);
                }
                Ok(None) => TransportError::new(TransportErrorKind::Interrupted, "the file ended too early"),
                Err(error) => error,
            };
            self.resume(error).await?;
        }
    }

    /// Fails if the file exceeds a size limit.
    fn check_limits(&self) -> Result<(), Error> {
        let taken = if self.part.is_some() { self.received - self.start } else { self.received };
        let announced = self.end().filter(|_| self.part.is_none());
        let unannounced = self.unannounced_limit.filter(|_| self.end().is_none());
        let limit = self.client.shared.file_limit.min(unannounced.unwrap_or(u64::MAX));
        if taken.max(announced.unwrap_or_default()) <= limit {
            return Ok(());
        }
        let source = AnswerError::FileTooLarge { limit };
        Err(Error::Answer { request: self.label.clone(), attempts: 1, source })
    }

    /// Resumes at new addresses of the same file. Call it when signed addresses have expired: when
    /// [`chunk`](Self::chunk) fails with an error that [`may_be_expired`](Error::may_be_expired).
    pub async fn renew(&mut self, urls: &[Url]) -> Result<(), Error> {
        urls.clone_into(&mut self.urls);
        self.reopen().await
    }

    /// Starts again after [`chunk`](Self::chunk) or [`renew`](Self::renew) failed with `error` because parts could
    /// not be joined.
    ///
    /// [`received`](Self::received) is then the offset of the first chunk; all chunks returned before are void.
    ///
    /// # Errors
    /// Returns `error` if it has another cause, or once the [`RetryPolicy`](super::RetryPolicy) is exhausted. Also
    /// returns the errors of opening the file.
    pub async fn restart(&mut self, error: Error) -> Result<(), Error> {
        if !std::mem::take(&mut self.is_broken) {
            return Err(error);
        }
        self.close(TransferOutcome::Unrelated);
        self.restarts += 1;
        let failure = self.interrupted("the download restarts");
        self.tries.failed(&failure, self.client.now());
        let is_allowed = self.restarts < self.client.shared.retry.max_attempts;
        if !is_allowed || !self.client.back_off(&failure, &self.tries, || self.label.clone()).await {
            return Err(error);
        }
        let asked = match &self.part {
            Some(part) => RangeRequest::part(part, &self.version),
            None => RangeRequest::everything(),
        };
        let (urls, opened) = self.client.open(&self.urls, &self.label, &asked).await?;
        let anew = Self::begin(&self.client, self.label.clone(), self.part.take(), (urls, opened));
        let Self { is_checked_by_digest, unannounced_limit, tries, interruptions, restarts, .. } = *self;
        *self = Self { is_checked_by_digest, unannounced_limit, tries, interruptions, restarts, ..anew };
        Ok(())
    }

    /// Ends the present body and frees its slot, which the wait before a retry does not need.
    fn close(&mut self, outcome: TransferOutcome) {
        self.body = Body::empty();
        if let Some(slot) = self.slot.take() {
            slot.end(outcome);
        }
    }

    async fn resume(&mut self, error: TransportError) -> Result<(), Error> {
        self.close(TransferOutcome::of_error(&error));
        self.interruptions += 1;
        let is_retryable = error.is_retryable();
        let failure = Failure::Transport { url: self.address(), error };
        self.tries.failed(&failure, self.client.now());
        let is_same = self.version.etag.is_some() || self.received == self.start;
        let may_resume = is_same || self.is_checked_by_digest;
        if may_resume
            && self.interruptions < MAX_INTERRUPTIONS
            && self.client.back_off(&failure, &self.tries, || self.label.clone()).await
        {
            return self.reopen().await;
        }
        self.is_broken = !may_resume && is_retryable;
        Err(self.client.download_error(failure, &self.label, self.tries.failed, ""))
    }

    async fn reopen(&mut self) -> Result<(), Error> {
        self.close(TransferOutcome::Unrelated);
        let is_whole = self.received == 0 && self.part.is_none();
        let asked = if is_whole {
            RangeRequest::everything()
        } else {
            RangeRequest::rest(self.received, self.part_end, &self.version)
        };
        let (urls, opened) = self.client.open(&self.urls, &self.label, &asked).await?;
        self.urls = urls;
        if !opened.is_of(&self.version) {
            let (request, attempts) = (self.label.clone(), self.tries.failed);
            return Err(Error::Answer { request, attempts, source: AnswerError::Changed });
        }
        let is_tagged = opened.version.etag.is_some() && opened.version.etag == self.version.etag;
        let is_joined = self.received > self.start;
        if opened.from != self.received || (is_joined && !is_tagged && !self.is_checked_by_digest) {
            self.is_broken = true;
            let failure = self.interrupted("the storage cannot send the rest of the file");
            return Err(self.client.download_error(failure, &self.label, self.tries.failed, ""));
        }
        self.is_joined_untagged |= is_joined && !is_tagged;
        if !is_joined {
            self.version = opened.version;
        }
        self.body = opened.response.into_body();
        self.slot = Some(opened.slot);
        self.connection_bytes = 0;
        Ok(())
    }

    /// Returns true if the `ETag` proves that the file is that version.
    fn has_tag_of(&self, version: &FileVersion) -> bool {
        version.etag.is_some() && version.etag == self.version.etag
    }

    fn interrupted(&self, message: &str) -> Failure {
        let error = TransportError::new(TransportErrorKind::Interrupted, message);
        Failure::Transport { url: self.address(), error }
    }

    fn address(&self) -> String {
        self.urls.first().map(printable_url).unwrap_or_default()
    }
}
