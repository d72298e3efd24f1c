//! Files behind URLs that an answer gave: streamed, resumed where they broke off, without credentials elsewhere.

mod open;
mod opened;
mod range;
#[cfg(all(test, feature = "mock"))]
mod tests;

use std::ops::Range;

use bytes::Bytes;
use url::Url;

pub use self::range::FileVersion;

use self::opened::Opened;
use self::range::Asked;
use super::Client;
use super::call::Tries;
use super::reply::Failure;
use crate::error::{Error, RequestLabel, shown};
use crate::operation::AnswerError;
use crate::transport::{Body, TransportError, TransportErrorKind};

/// The most broken connections of one download, however much each of them brought.
const MOST_INTERRUPTIONS: u32 = 10_000;

/// How much longer than twice its listed size a file may be whose length the storage does not say.
const LISTED_MARGIN: u64 = 16 << 20;

/// A file that is being downloaded.
///
/// [`chunk`](Self::chunk) hands out its bytes in order. When the connection breaks, the rest is asked for with a
/// `Range` if something can tell that it belongs to the same file: a tag, or a digest that the caller
/// [checks](Self::check_by_digest). Otherwise `chunk` fails, and the caller [begins anew](Self::restart).
#[derive(Debug)]
pub struct Download {
    client: Client,
    /// The addresses of the file; the first is the one in use.
    urls: Vec<Url>,
    label: RequestLabel,
    body: Body,
    version: FileVersion,
    /// Where the first chunk belongs in the file.
    begun_at: u64,
    received: u64,
    /// The part of the file that was asked for, if it is a part.
    part: Option<Range<u64>>,
    /// Where the part ends, if it does not end with the file.
    part_end: Option<u64>,
    is_checked_by_digest: bool,
    is_joined_untagged: bool,
    /// Whether the bytes that follow cannot be joined to those handed out.
    is_broken: bool,
    /// The most bytes of a file whose length the storage does not say.
    unannounced_limit: Option<u64>,
    /// The bytes that this connection has brought.
    brought: u64,
    /// The failures in a row.
    tries: Tries,
    interruptions: u32,
    restarts: u32,
}

/// What is there already of a file, from an earlier download that broke off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partial {
    /// How many bytes are there.
    pub received: u64,
    /// The version of the file that they are of ([`Download::version`]).
    pub version: FileVersion,
}

impl Client {
    /// Begins to download a file. Errors name it by `subject`.
    ///
    /// `urls` are addresses of the same file, tried in turn: one that refuses (403, 404 and the like) or cannot be reached
    /// leads to the next at once. Credentials go along only where an address is of the base URL's origin, so never to
    /// storage hosts.
    pub async fn download(&self, urls: &[Url], subject: &str) -> Result<Download, Error> {
        let label = RequestLabel::new("Download", subject);
        let opened = self.open(urls, &label, &Asked::everything()).await?;
        let download = Download::begin(self, label, None, opened);
        download.check_limits()?;
        Ok(download)
    }

    /// Begins to download the bytes of a file from one offset up to, not including, another; of the file that `version`
    /// tells.
    ///
    /// A server may send the whole file instead: [`Download::received`] tells where the first chunk belongs, and
    /// [`Download::end`] where the last one ends. A file that is not that version is an error that
    /// [`is_changed`](Error::is_changed).
    pub async fn download_range(
        &self,
        urls: &[Url],
        subject: &str,
        range: &Range<u64>,
        version: &FileVersion,
    ) -> Result<Download, Error> {
        let label = RequestLabel::new("Download", subject);
        let opened = self.open(urls, &label, &Asked::part(range, version)).await?;
        Ok(Download::begin(self, label, Some(range.clone()), opened))
    }

    /// Goes on with a download behind what is there already, if the file is still the same. Where it is not, or the
    /// storage cannot do that, the download begins anew: [`Download::received`] tells where the first chunk belongs.
    ///
    /// Without a tag, only a digest tells whether the parts belong together: the caller has to compare it.
    pub async fn resume_download(
        &self,
        urls: &[Url],
        subject: &str,
        partial: &Partial,
    ) -> Result<Download, Error> {
        let label = RequestLabel::new("Download", subject);
        match self.open(urls, &label, &Asked::rest(partial.received, None, &partial.version)).await {
            Ok((_, opened)) if opened.from > 0 && !opened.is_of(&partial.version) => {
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
            begun_at: opened.from,
            received: opened.from,
            part,
            part_end: opened.part_end,
            version: opened.version,
            body: opened.response.into_body(),
            is_checked_by_digest: false,
            is_joined_untagged: false,
            is_broken: false,
            unannounced_limit: None,
            brought: 0,
            tries: Tries::default(),
            interruptions: 0,
            restarts: 0,
        }
    }

    /// Promises that the caller compares a digest of the whole file afterwards. Then parts are put together also where
    /// the storage gives no tag.
    pub fn check_by_digest(&mut self, is_checked: bool) {
        self.is_checked_by_digest = is_checked;
    }

    /// Says how long the file is by a list, which bounds a file whose length the storage does not say: lists are out of
    /// date at times, so up to twice that and 16 MiB are taken.
    pub fn expect_size(&mut self, bytes: Option<u64>) {
        self.unannounced_limit = bytes.map(|bytes| bytes.saturating_mul(2).saturating_add(LISTED_MARGIN));
    }

    /// Whether parts were put together that no tag shows to be of the same file.
    pub fn is_joined_untagged(&self) -> bool {
        self.is_joined_untagged
    }

    /// What tells the file from another one at the same address.
    pub fn version(&self) -> &FileVersion {
        &self.version
    }

    /// The file's size in bytes, where the server said it.
    pub fn length(&self) -> Option<u64> {
        self.version.length
    }

    /// How many bytes of the file are there: those that were there at the beginning, or come before the part that was
    /// asked for, and those handed out. So it is where the next chunk belongs.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Where in the file the last chunk ends: at the end of the part that was asked for, or of the file. `None` where
    /// the server said no length.
    pub fn end(&self) -> Option<u64> {
        self.part_end.or(self.version.length)
    }

    /// The next bytes, or `None` at the end of the file.
    ///
    /// # Errors
    /// After too many broken connections, and where the rest cannot be told from that of another file: then
    /// [`restart`](Self::restart) begins anew.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let error = match self.body.chunk().await {
                Ok(Some(mut chunk)) => {
                    self.client.shared.tally.received(chunk.len());
                    if let Some(end) = self.end() {
                        let left = end.saturating_sub(self.received);
                        chunk.truncate(usize::try_from(left).unwrap_or(usize::MAX));
                        if left == 0 {
                            // The storage goes on behind the end.
                            self.body = Body::empty();
                            continue;
                        }
                    }
                    self.received += chunk.len() as u64;
                    self.check_limits()?;
                    self.brought += chunk.len() as u64;
                    if self.brought >= self.client.shared.floor.bytes_per_connection {
                        self.tries = Tries::default();
                    }
                    return Ok(Some(chunk));
                }
                Ok(None) if self.end().is_none_or(|end| end == self.received) => return Ok(None),
                Ok(None) => TransportError::new(TransportErrorKind::Interrupted, "the file ended too early"),
                Err(error) => error,
            };
            self.resume(error).await?;
        }
    }

    /// An error if the file is larger than it may be.
    fn check_limits(&self) -> Result<(), Error> {
        let taken = if self.part.is_some() { self.received - self.begun_at } else { self.received };
        let announced = self.end().filter(|_| self.part.is_none());
        let unannounced = self.unannounced_limit.filter(|_| self.end().is_none());
        let limit = self.client.shared.file_limit.min(unannounced.unwrap_or(u64::MAX));
        if taken.max(announced.unwrap_or_default()) <= limit {
            return Ok(());
        }
        let source = AnswerError::FileTooLarge { limit };
        Err(Error::Answer { request: self.label.clone(), attempts: 1, source })
    }

    /// Resumes at new addresses of the same file. To be called when signed addresses have expired: when
    /// [`chunk`](Self::chunk) fails with an error that [`may_be_expired`](Error::may_be_expired).
    pub async fn renew(&mut self, urls: &[Url]) -> Result<(), Error> {
        urls.clone_into(&mut self.urls);
        self.reopen().await
    }

    /// Begins anew after [`chunk`](Self::chunk) or [`renew`](Self::renew) failed with `error`, if that is because the
    /// parts could not be put together. [`received`](Self::received) then tells where the first chunk belongs; all that
    /// was handed out is void.
    ///
    /// # Errors
    /// `error` itself if it has another cause, or after as many times as the [`RetryPolicy`](super::RetryPolicy) allows;
    /// and the errors of opening the file.
    pub async fn restart(&mut self, error: Error) -> Result<(), Error> {
        if !std::mem::take(&mut self.is_broken) {
            return Err(error);
        }
        self.restarts += 1;
        let failure = self.interrupted("it begins anew");
        self.tries.failed(&failure, self.client.now());
        let is_allowed = self.restarts < self.client.shared.retry.attempts;
        if !is_allowed || !self.client.back_off(&failure, &self.tries, || self.label.clone()).await {
            return Err(error);
        }
        let asked = match &self.part {
            Some(part) => Asked::part(part, &self.version),
            None => Asked::everything(),
        };
        let (urls, opened) = self.client.open(&self.urls, &self.label, &asked).await?;
        let anew = Self::begin(&self.client, self.label.clone(), self.part.take(), (urls, opened));
        let Self { is_checked_by_digest, unannounced_limit, tries, interruptions, restarts, .. } = *self;
        *self = Self { is_checked_by_digest, unannounced_limit, tries, interruptions, restarts, ..anew };
        Ok(())
    }

    async fn resume(&mut self, error: TransportError) -> Result<(), Error> {
        self.interruptions += 1;
        let is_retryable = error.is_retryable();
        let failure = Failure::Transport { url: self.address(), error };
        self.tries.failed(&failure, self.client.now());
        let is_same = self.version.etag.is_some() || self.received == self.begun_at;
        let may_resume = is_same || self.is_checked_by_digest;
        if may_resume
            && self.interruptions < MOST_INTERRUPTIONS
            && self.client.back_off(&failure, &self.tries, || self.label.clone()).await
        {
            return self.reopen().await;
        }
        self.is_broken = !may_resume && is_retryable;
        Err(self.client.download_error(failure, &self.label, self.tries.failed, ""))
    }

    async fn reopen(&mut self) -> Result<(), Error> {
        let is_whole = self.received == 0 && self.part.is_none();
        let asked = if is_whole {
            Asked::everything()
        } else {
            Asked::rest(self.received, self.part_end, &self.version)
        };
        let (urls, opened) = self.client.open(&self.urls, &self.label, &asked).await?;
        self.urls = urls;
        if !opened.is_of(&self.version) {
            let (request, attempts) = (self.label.clone(), self.tries.failed);
            return Err(Error::Answer { request, attempts, source: AnswerError::Changed });
        }
        let is_tagged = opened.version.etag.is_some() && opened.version.etag == self.version.etag;
        let is_joined = self.received > self.begun_at;
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
        self.brought = 0;
        Ok(())
    }

    /// Whether a tag shows that the file is that version.
    fn has_tag_of(&self, version: &FileVersion) -> bool {
        version.etag.is_some() && version.etag == self.version.etag
    }

    fn interrupted(&self, message: &str) -> Failure {
        let error = TransportError::new(TransportErrorKind::Interrupted, message);
        Failure::Transport { url: self.address(), error }
    }

    fn address(&self) -> String {
        self.urls.first().map(shown).unwrap_or_default()
    }
}
