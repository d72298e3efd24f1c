//! Fetches the manifest of an artifact.

use std::io::{self, BufReader, Seek as _, SeekFrom, Write as _};

use bytes::Bytes;
use tempfile::SpooledTempFile;
use wandb_core::client::{Client, Download};
use wandb_core::model::{Manifest, ManifestError};
use wandb_graphql::ops::GetArtifactManifest;

use super::Artifact;
use crate::error::Error;

/// A manifest up to this size in bytes stays in memory until it is parsed. A larger one waits on the disk.
const MAX_IN_MEMORY: usize = 1 << 20;

/// Maximum size of a manifest in bytes.
const MAX_BYTES: u64 = 4 << 30;

/// How often the address of a manifest is requested.
const MAX_ADDRESSES: u32 = 3;

impl Artifact {
    /// Fetches the manifest, which lists the entries (query `currentManifest`).
    ///
    /// It takes about 100 bytes of memory for each entry, and the entry's path.
    ///
    /// # Errors
    /// If the version has no manifest, or it cannot be fetched or read.
    pub async fn manifest(&self) -> Result<Manifest, Error> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            match self.fetch_manifest().await {
                // The address may have expired.
                Err(Error::Request(error)) if error.may_be_expired() && attempts < MAX_ADDRESSES => {}
                outcome => return outcome,
            }
        }
    }

    async fn fetch_manifest(&self) -> Result<Manifest, Error> {
        let client = &self.api.client;
        let address = client.call(GetArtifactManifest::new(&*self.id, self.path().to_string())).await?.answer;
        let name = format!("the manifest of {}", self.path());
        let url = self.api.base_url().resolve(&address).ok_or_else(|| Error::no_url(&name))?;
        let mut download = client.download(&[url], &name).await?;
        let spool = receive(client, &mut download, &name).await?;
        let parsed = client.work(move || parse(spool)).await;
        match parsed.map_err(|error| Error::io(format!("reading {name}"), error))? {
            Ok(manifest) => Ok(manifest),
            Err(error) => Err(Error::File { name, message: error.to_string() }),
        }
    }
}

/// Receives a whole body. Starts over if it is interrupted.
async fn receive(client: &Client, download: &mut Download, name: &str) -> Result<SpooledTempFile, Error> {
    let mut spool = SpooledTempFile::new(MAX_IN_MEMORY);
    let mut received = 0;
    loop {
        match download.chunk().await {
            Ok(None) => return Ok(spool),
            Ok(Some(chunk)) => {
                received += chunk.len() as u64;
                if received > MAX_BYTES {
                    let message = format!("it has more than {MAX_BYTES} bytes");
                    return Err(Error::File { name: name.to_owned(), message });
                }
                spool = append(client, spool, chunk)
                    .await
                    .map_err(|error| Error::io(format!("saving {name}"), error))?;
            }
            Err(error) => {
                download.restart(error).await?;
                (spool, received) = (SpooledTempFile::new(MAX_IN_MEMORY), 0);
            }
        }
    }
}

/// Writes a chunk, on another thread once the spool is on the disk.
async fn append(client: &Client, mut spool: SpooledTempFile, chunk: Bytes) -> io::Result<SpooledTempFile> {
    let write = move || {
        spool.write_all(&chunk)?;
        Ok(spool)
    };
    client.work(write).await
}

fn parse(mut spool: SpooledTempFile) -> io::Result<Result<Manifest, ManifestError>> {
    spool.seek(SeekFrom::Start(0))?;
    Ok(Manifest::read(BufReader::new(spool)))
}
