//! A file to fetch.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use url::Url;
use wandb_core::client::{Client, Download, FileVersion, ListedFile, Partial};

use crate::error::Error;
use crate::files::Content;
use crate::source::StoredFile;

/// How often a new URL is requested before any byte has arrived.
pub(super) const MAX_RENEWALS: u32 = 3;

/// A file to fetch, as a list names it.
#[derive(Debug, Clone)]
pub(crate) struct RemoteFile {
    /// The name in the list.
    pub(crate) name: String,
    /// The name in errors of requests, such as `model.h5 of team/project/run`.
    pub(crate) subject: String,
    /// Size, digest and time in the list.
    pub(crate) listed: ListedFile,
    pub(crate) source: FileSource,
    /// The list.
    pub(crate) list: Arc<dyn FileListing>,
}

/// Where the content of a file is.
#[derive(Debug, Clone)]
pub(crate) enum FileSource {
    /// At any of these URLs, the best first. Some may reject this machine or be unreachable.
    Urls(Vec<Url>),
    /// On the local disk.
    Disk(Arc<dyn StoredFile>),
    /// Stored elsewhere, at this address. Such files are not fetched.
    Reference(String),
}

/// A list that can be asked for a file once more: the file may have been replaced, or its URLs may have expired.
pub(crate) trait FileListing: fmt::Debug + Send + Sync {
    /// Returns the present entry of the file with this name.
    fn fetch_entry<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<RemoteFile, Error>>;
}

/// The bytes of a file to request.
#[derive(Debug, Clone, Copy)]
pub(super) enum RequestedBytes<'a> {
    Everything,
    /// The bytes that the partial file lacks.
    Rest(&'a Partial),
    /// One byte, just to learn the version of the file.
    FirstByte,
}

impl RemoteFile {
    /// Returns the size and digest in the list.
    pub(super) fn content(&self) -> Content {
        Content::from(&self.listed)
    }

    /// Returns the file on the local disk.
    pub(crate) fn on_disk(&self) -> Option<&Arc<dyn StoredFile>> {
        match &self.source {
            FileSource::Disk(file) => Some(file),
            _ => None,
        }
    }

    /// Fails if the content is stored elsewhere.
    pub(super) fn check_stored(&self) -> Result<(), Error> {
        match &self.source {
            FileSource::Reference(address) => {
                Err(Error::FileIsReference { name: self.name.clone(), address: address.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Returns the present entry of the file.
    pub(super) async fn refetch_entry(&self) -> Result<Self, Error> {
        self.list.fetch_entry(&self.name).await
    }

    /// Opens the file at its URLs. Requests new URLs if their signatures have expired.
    pub(super) async fn open(&self, client: &Client, wanted: RequestedBytes<'_>) -> Result<Download, Error> {
        let mut urls = self.urls()?;
        let mut renewals = 0;
        loop {
            let opened = match wanted {
                RequestedBytes::Everything => client.download(&urls, &self.subject).await,
                RequestedBytes::Rest(partial) => client.resume_download(&urls, &self.subject, partial).await,
                RequestedBytes::FirstByte => {
                    client.download_range(&urls, &self.subject, &(0..1), &FileVersion::default()).await
                }
            };
            match opened {
                Err(error) if error.may_be_expired() && renewals < MAX_RENEWALS => {
                    renewals += 1;
                    urls = self.request_new_urls().await?;
                }
                opened => return Ok(opened?),
            }
        }
    }

    /// Requests freshly signed URLs.
    pub(super) async fn request_new_urls(&self) -> Result<Vec<Url>, Error> {
        self.refetch_entry().await?.urls()
    }

    fn urls(&self) -> Result<Vec<Url>, Error> {
        self.check_stored()?;
        match &self.source {
            FileSource::Urls(urls) if !urls.is_empty() => Ok(urls.clone()),
            _ => Err(Error::no_url(&self.name)),
        }
    }
}
