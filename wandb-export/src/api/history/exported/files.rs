//! The exported files, each in a temporary file of its own.

use std::fs::File;
use std::io::{Seek, Write};

use futures_util::FutureExt;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use wandb_core::RunPath;
use wandb_core::client::Client;

use crate::error::Error;

/// Downloads `urls` into unnamed temporary files, which are gone with their last handle.
///
/// Nothing is kept from one call to the next: the files of a run change as it goes on, and their order does not tell
/// which is which.
pub(super) async fn fetch(client: &Client, run: &RunPath, urls: &[String]) -> Result<Vec<File>, Error> {
    let mut downloads = Vec::with_capacity(urls.len());
    for (index, url) in urls.iter().enumerate() {
        let subject = format!("part {} of {} of the exported history of {run}", index + 1, urls.len());
        downloads.push(download(client, url.clone(), subject).boxed());
    }
    stream::iter(downloads).buffered(client.concurrency()).try_collect().await
}

async fn download(client: &Client, url: String, subject: String) -> Result<File, Error> {
    let url = client.base_url().join(&url);
    let failed = |error| Error::io(format!("keeping {subject} in a temporary file"), error);
    let mut file = tempfile::tempfile().map_err(failed)?;
    let mut download = client.download(&url, &subject).await?;
    while let Some(chunk) = download.chunk().await? {
        let write = move || file.write_all(&chunk).map(|()| file);
        file = blocking::unblock(write).await.map_err(failed)?;
    }
    file.rewind().map_err(failed)?;
    Ok(file)
}
