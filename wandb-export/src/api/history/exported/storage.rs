//! One exported file where it is stored, and the way of its bytes from there.

use std::ops::Range;

use bytes::Bytes;
use futures_util::FutureExt;
use url::Url;
use wandb_core::RunPath;
use wandb_core::client::{ByteRange, Client, Download, FileVersion};
use wandb_graphql::ops::GetParquetHistory;

use super::held::Held;
use crate::error::Error;

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
    pub(super) fn new(client: &Client, run: &RunPath, url: &str, subject: String) -> Self {
        let url = client.base_url().join(url);
        Self { client: client.clone(), run: run.clone(), url, subject, version: FileVersion::default() }
    }

    /// The last bytes of the file, `most` of them. It is known from then on which version of the file is read; another
    /// one is an error.
    pub(super) async fn end(&mut self, most: u64) -> Result<Held, Error> {
        let download = self.download(&ByteRange::Last(most)).await?;
        self.version = download.version();
        let mut held = Held::nothing(download.length().unwrap_or_default());
        let end = self.receive(download, &mut held).await?;
        // Where the server does not say how long the file is, it has sent it as a whole.
        if self.version.length.is_none() {
            self.version.length = Some(end);
            held.set_length(end);
        }
        Ok(held)
    }

    /// Brings `ranges` into `held`. A server may send more than is asked for.
    pub(super) async fn bring(&self, ranges: &[Range<u64>], held: &mut Held) -> Result<(), Error> {
        for range in ranges {
            let is_here = |there: &Range<u64>| there.start <= range.start && range.end <= there.end;
            if held.ranges().iter().any(is_here) {
                continue;
            }
            let download = self.download(&ByteRange::Within(range.clone())).await?;
            self.receive(download, held).await?;
        }
        Ok(())
    }

    async fn download(&self, range: &ByteRange) -> Result<Download, Error> {
        let begin =
            async |url: &Url| self.client.download_range(url, &self.subject, range, &self.version).await;
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
                download.renew(&url).await?;
                Ok(download.chunk().await?)
            }
            chunk => Ok(chunk?),
        }
    }

    /// The same file's URL with a new signature: the one there is may have been good for a while that is over, where
    /// whoever takes the rows takes their time.
    async fn signed_anew(&self) -> Result<Option<Url>, Error> {
        let answer = self.client.call(GetParquetHistory::new(self.run.clone())).boxed().await?.answer;
        let mut urls = answer.urls.iter().map(|url| self.client.base_url().join(url));
        let place = |url: &Url| (url.origin(), url.path().to_owned());
        Ok(urls.find(|url| place(url) == place(&self.url)))
    }

    /// Returns where the last byte was.
    async fn receive(&self, mut download: Download, held: &mut Held) -> Result<u64, Error> {
        let failed = |error| Error::io(format!("keeping {} in a temporary file", self.subject), error);
        let mut room = held.room(download.received(), download.end());
        while let Some(chunk) = self.chunk(&mut download).await? {
            if room.add(&chunk) {
                room = blocking::unblock(move || room.write()).await.map_err(failed)?;
            }
        }
        if room.is_on_disk() {
            room = blocking::unblock(move || room.write()).await.map_err(failed)?;
        }
        held.take(room);
        Ok(download.received())
    }
}
