//! One exported file where it is stored, and the way of its bytes from there.

use std::ops::Range;

use bytes::Bytes;
use futures_util::FutureExt;
use url::Url;
use wandb_core::RunPath;
use wandb_core::client::{Client, Download, FileVersion};
use wandb_graphql::ops::GetParquetHistory;

use super::held::Held;
use super::unusable;
use crate::error::Error;

/// The most bytes of a file whose length the server does not tell.
const MOST_UNSIZED: u64 = 8 << 30;

/// A file behind a signed URL.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    client: Client,
    run: RunPath,
    url: Url,
    /// What errors call it.
    subject: String,
    version: FileVersion,
}

impl Stored {
    pub(super) fn new(client: &Client, run: &RunPath, url: &str, subject: String) -> Result<Self, Error> {
        let found = client.base_url().resolve(url);
        let url =
            found.ok_or_else(|| unusable(&run.to_string(), &format!("{url} is not an http address")))?;
        Ok(Self { client: client.clone(), run: run.clone(), url, subject, version: FileVersion::default() })
    }

    /// The last bytes of the file, `most` of them. It is known from then on which version of the file is read; another
    /// one is an error.
    ///
    /// Asks for the first bytes, as the answer says how long the file is, and then for the last ones if these are others.
    /// (A request for a suffix, `bytes=-N`, would bring the whole file from Azure.)
    pub(super) async fn end(&mut self, most: u64) -> Result<Held, Error> {
        let mut download = self.download(&(0..most)).await?;
        if download.length().is_none() && download.end().is_some() {
            // A part of nobody knows how much: only the whole file has an end.
            download = self.download(&(0..u64::MAX)).await?;
        }
        self.version = download.version().clone();
        let mut held = Held::nothing(download.length().unwrap_or_default());
        let received = self.receive(download, &mut held).await?;
        // Where the server does not say how long the file is, it has sent it as a whole.
        let length = *self.version.length.get_or_insert(received);
        held.set_length(length);
        self.bring(std::slice::from_ref(&(length.saturating_sub(most)..length)), &mut held).await?;
        Ok(held)
    }

    /// Brings `ranges` into `held`. A server may send more than is asked for.
    pub(super) async fn bring(&self, ranges: &[Range<u64>], held: &mut Held) -> Result<(), Error> {
        for range in ranges {
            let is_here = |there: &Range<u64>| there.start <= range.start && range.end <= there.end;
            if held.ranges().iter().any(is_here) {
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
            Err(error) if error.may_be_expired() => match self.signed_anew().await? {
                Some(url) => Ok(begin(&url).await?),
                None => Err(error.into()),
            },
            download => Ok(download?),
        }
    }

    async fn chunk(&self, download: &mut Download) -> Result<Option<Bytes>, Error> {
        match download.chunk().await {
            Err(error) if error.may_be_expired() => {
                let Some(url) = self.signed_anew().await? else { return Err(error.into()) };
                download.renew(std::slice::from_ref(&url)).await?;
                Ok(download.chunk().await?)
            }
            chunk => Ok(chunk?),
        }
    }

    /// The same file's URL with a new signature: the one there is may have been good for a while that is over, where
    /// whoever takes the rows takes their time.
    async fn signed_anew(&self) -> Result<Option<Url>, Error> {
        let answer = self.client.call(GetParquetHistory::new(self.run.clone())).boxed().await?.answer;
        let mut urls = answer.urls.iter().filter_map(|url| self.client.base_url().resolve(url));
        let place = |url: &Url| (url.origin(), url.path().to_owned());
        Ok(urls.find(|url| place(url) == place(&self.url)))
    }

    /// Keeps what a download brings, up to the end of the part that was asked for, and returns where the last byte was.
    /// A body may go on behind its end.
    async fn receive(&self, mut download: Download, held: &mut Held) -> Result<u64, Error> {
        let failed = |error| Error::io(format!("keeping {} in a temporary file", self.subject), error);
        let mut room = held.room(download.received(), download.end());
        let mut received = download.received();
        loop {
            match self.chunk(&mut download).await {
                Ok(None) => break,
                Ok(Some(chunk)) => {
                    let start = download.received().saturating_sub(chunk.len() as u64);
                    let left = download.end().unwrap_or(MOST_UNSIZED).saturating_sub(start);
                    let wanted = usize::try_from(left).map_or(chunk.len(), |left| left.min(chunk.len()));
                    if room.add(&chunk[..wanted]) {
                        room = blocking::unblock(move || room.write()).await.map_err(failed)?;
                    }
                    if wanted < chunk.len() {
                        if download.end().is_none() {
                            return Err(self.endless());
                        }
                        received = start + wanted as u64;
                        break;
                    }
                    received = download.received();
                }
                // Nothing tells that the rest belongs to it.
                Err(Error::Request(error)) => {
                    download.restart(*error).await?;
                    held.discard(room);
                    room = held.room(download.received(), download.end());
                    received = download.received();
                }
                Err(error) => return Err(error),
            }
        }
        if room.is_on_disk() {
            room = blocking::unblock(move || room.write()).await.map_err(failed)?;
        }
        held.take(room);
        Ok(received)
    }

    fn endless(&self) -> Error {
        let message = format!("{} has no length and goes on behind {MOST_UNSIZED} bytes", self.subject);
        unusable(&self.run.to_string(), &message)
    }
}
