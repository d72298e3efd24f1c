//! Fetches byte ranges of one exported file from storage.

use std::ops::Range;

use bytes::Bytes;
use futures_util::FutureExt;
use url::Url;
use wandb_core::RunPath;
use wandb_core::client::{Client, Download, FileVersion};
use wandb_graphql::ops::GetParquetHistory;

use super::sparse_file::SparseFile;
use super::unusable;
use crate::error::Error;

/// Maximum bytes of a file if the server does not report its length.
const MAX_UNSIZED_BYTES: u64 = 8 << 30;

/// A file behind a signed URL.
#[derive(Debug, Clone)]
pub(super) struct StoredFile {
    client: Client,
    run: RunPath,
    url: Url,
    /// The file's name in errors.
    subject: String,
    version: FileVersion,
}

impl StoredFile {
    pub(super) fn new(client: &Client, run: &RunPath, url: &str, subject: String) -> Result<Self, Error> {
        let found = client.base_url().resolve(url);
        let url =
            found.ok_or_else(|| unusable(&run.to_string(), &format!("{url} is not an HTTP address")))?;
        Ok(Self { client: client.clone(), run: run.clone(), url, subject, version: FileVersion::default() })
    }

    /// Returns the last `max` bytes of the file. Pins the version of the file: later requests fail if it changes.
    ///
    /// Requests the first bytes to learn the length of the file, and then the last bytes if they are different ones.
    /// (Azure answers a suffix request, `bytes=-N`, with the whole file.)
    pub(super) async fn fetch_tail(&mut self, max: u64) -> Result<SparseFile, Error> {
        let mut download = self.download(&(0..max)).await?;
        if download.length().is_none() && download.end().is_some() {
            // A range without a total length. Only the whole file reveals its end. Drop the first download before
            // waiting for another one.
            drop(download);
            download = self.download(&(0..u64::MAX)).await?;
        }
        self.version = download.version().clone();
        let mut held = SparseFile::empty(download.length().unwrap_or_default());
        let received = self.receive(download, &mut held).await?;
        // Without a reported length, the server has sent the whole file.
        let length = *self.version.length.get_or_insert(received);
        held.set_length(length);
        self.fetch_ranges(std::slice::from_ref(&(length.saturating_sub(max)..length)), &mut held).await?;
        Ok(held)
    }

    /// Fetches `ranges` into `held`. A server may send more than requested.
    pub(super) async fn fetch_ranges(
        &self,
        ranges: &[Range<u64>],
        held: &mut SparseFile,
    ) -> Result<(), Error> {
        for range in ranges {
            let is_fetched = |fetched: &Range<u64>| fetched.start <= range.start && range.end <= fetched.end;
            if held.ranges().iter().any(is_fetched) {
                continue;
            }
            let download = self.download(range).await?;
            self.receive(download, held).await?;
        }
        Ok(())
    }

    async fn download(&self, range: &Range<u64>) -> Result<Download, Error> {
        let begin = async |url: &Url| {
            let urls = std::slice::from_ref(url);
            self.client.download_range(urls, &self.subject, range, &self.version).await
        };
        match begin(&self.url).await {
            Err(error) if error.may_be_expired() => match self.request_new_url().await? {
                Some(url) => Ok(begin(&url).await?),
                None => Err(error.into()),
            },
            download => Ok(download?),
        }
    }

    async fn next_chunk(&self, download: &mut Download) -> Result<Option<Bytes>, Error> {
        match download.chunk().await {
            Err(error) if error.may_be_expired() => {
                let Some(url) = self.request_new_url().await? else { return Err(error.into()) };
                download.renew(std::slice::from_ref(&url)).await?;
                Ok(download.chunk().await?)
            }
            chunk => Ok(chunk?),
        }
    }

    /// Returns the file's URL with a new signature. The current one may have expired if the caller reads slowly.
    async fn request_new_url(&self) -> Result<Option<Url>, Error> {
        let answer = self.client.call(GetParquetHistory::new(self.run.clone())).boxed().await?.answer;
        let mut urls = answer.urls.iter().filter_map(|url| self.client.base_url().resolve(url));
        let location = |url: &Url| (url.origin(), url.path().to_owned());
        Ok(urls.find(|url| location(url) == location(&self.url)))
    }

    /// Stores the body up to the end of the requested range, and returns the offset after the last byte. Ignores
    /// surplus bytes.
    async fn receive(&self, mut download: Download, held: &mut SparseFile) -> Result<u64, Error> {
        let failed = |error| Error::io(format!("keeping {} in a temporary file", self.subject), error);
        let mut pending = held.reserve(download.received(), download.end());
        let mut received = download.received();
        loop {
            match self.next_chunk(&mut download).await {
                Ok(None) => break,
                Ok(Some(chunk)) => {
                    let start = download.received().saturating_sub(chunk.len() as u64);
                    let left = download.end().unwrap_or(MAX_UNSIZED_BYTES).saturating_sub(start);
                    let wanted = usize::try_from(left).map_or(chunk.len(), |left| left.min(chunk.len()));
                    if pending.add(&chunk[..wanted]) {
                        pending = blocking::unblock(move || pending.write()).await.map_err(failed)?;
                    }
                    if wanted < chunk.len() {
                        if download.end().is_none() {
                            return Err(self.unsized_error());
                        }
                        received = start + wanted as u64;
                        break;
                    }
                    received = download.received();
                }
                // Nothing shows that the rest belongs to the same file.
                Err(Error::Request(error)) => {
                    download.restart(*error).await?;
                    held.discard(pending);
                    pending = held.reserve(download.received(), download.end());
                    received = download.received();
                }
                Err(error) => return Err(error),
            }
        }
        if pending.is_on_disk() {
            pending = blocking::unblock(move || pending.write()).await.map_err(failed)?;
        }
        held.commit(pending);
        Ok(received)
    }

    fn unsized_error(&self) -> Error {
        let message = format!("{} has no length and is larger than {MAX_UNSIZED_BYTES} bytes", self.subject);
        unusable(&self.run.to_string(), &message)
    }
}
