//! Checks whether an existing file is the listed one when the list alone cannot tell.

use blocking::unblock;
use wandb_core::client::{DownloadReceipt, FileVersion};

use super::fetch::{DownloadSettings, Fetched, Receipts};
use super::remote_file::{RemoteFile, RequestedBytes};
use crate::error::Error;
use crate::files::{DownloadOutcome, DownloadedFile};

/// Compares the file at `local_name` with the receipt of an earlier download and with the storage's current version, which
/// takes a request for one byte. `None` if it is a different file, or if there is no way to tell.
pub(super) async fn confirm(
    file: &RemoteFile,
    settings: &DownloadSettings,
    local_name: &str,
) -> Result<Option<Fetched>, Error> {
    if file.on_disk().is_some() {
        return Ok(None);
    }
    let receipt = load_receipt(file, settings).await.filter(|receipt| receipt.is_listed_as(&file.listed));
    if receipt.is_none() && file.listed.has_digest() {
        return Ok(None);
    }
    let size = receipt.as_ref().map(|receipt| receipt.bytes).or(file.listed.size);
    let (folder, path) = (settings.folder.clone(), local_name.to_owned());
    let digest = file.content().start_digest();
    let described = unblock(move || folder.describe(&path, size, digest)).await;
    let path = settings.folder.full_path(local_name);
    let described = described.map_err(|error| Error::io(format!("reading {}", path.display()), error))?;
    let Some((bytes, digests)) = described else { return Ok(None) };
    if receipt.as_ref().is_some_and(|receipt| receipt.md5 != digests.md5) {
        return Ok(None);
    }
    let Some(stored) = fetch_stored_version(file, settings, bytes).await? else { return Ok(None) };
    let is_same = match &receipt {
        Some(receipt) => stored.agrees_with(&receipt.stored),
        None => stored.md5.as_ref() == Some(&digests.md5),
    };
    if !is_same {
        return Ok(None);
    }
    settings.progress.add_received(bytes);
    let downloaded = DownloadedFile::new(&file.name, path, Some(bytes), DownloadOutcome::AlreadyThere);
    let inexact = file.content().mismatch(bytes, &digests);
    Ok(Some(Fetched { file: downloaded, inexact, md5: Some(digests.md5), receipt }))
}

async fn load_receipt(file: &RemoteFile, settings: &DownloadSettings) -> Option<DownloadReceipt> {
    match &settings.receipts {
        Receipts::Known(receipts) => receipts.get(&file.name).cloned(),
        Receipts::InFolder => {
            let (folder, name) = (settings.folder.clone(), file.name.clone());
            unblock(move || folder.read_receipt(&name)).await
        }
    }
}

/// Returns the storage's version of a file with `bytes` bytes. `None` if the stored file is now shorter.
async fn fetch_stored_version(
    file: &RemoteFile,
    settings: &DownloadSettings,
    bytes: u64,
) -> Result<Option<FileVersion>, Error> {
    // An empty file has no first byte to request.
    let wanted = if bytes == 0 { RequestedBytes::Everything } else { RequestedBytes::FirstByte };
    match file.open(&settings.client, wanted).await {
        Ok(download) => Ok(Some(download.version().clone())),
        Err(Error::Request(error)) if error.is_unsatisfiable() => Ok(None),
        Err(error) => Err(error),
    }
}
