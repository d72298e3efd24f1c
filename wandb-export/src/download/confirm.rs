//! Checks whether an existing file is the listed one when the list alone cannot tell.

use blocking::unblock;
use wandb_core::client::{DownloadReceipt, FileVersion};

use super::fetch::{Fetched, Means, Receipts};
use super::remote_file::{RemoteFile, Wanted};
use crate::error::Error;
use crate::files::{Downloaded, Outcome};

/// Compares the file at `here` with the receipt of an earlier download and with the storage's current version, which
/// takes a request for one byte. `None` if it is a different file, or if there is no way to tell.
pub(super) async fn confirm(file: &RemoteFile, means: &Means, here: &str) -> Result<Option<Fetched>, Error> {
    if file.on_disk().is_some() {
        return Ok(None);
    }
    let receipt = known(file, means).await.filter(|receipt| receipt.is_listed_as(&file.listed));
    if receipt.is_none() && file.listed.md5.is_some() {
        return Ok(None);
    }
    let size = receipt.as_ref().map(|receipt| receipt.bytes).or(file.listed.size);
    let (folder, place) = (means.folder.clone(), here.to_owned());
    let described = unblock(move || folder.describe(&place, size)).await;
    let place = means.folder.place(here);
    let described = described.map_err(|error| Error::io(format!("reading {}", place.display()), error))?;
    let Some((bytes, md5)) = described else { return Ok(None) };
    if receipt.as_ref().is_some_and(|receipt| receipt.md5 != md5) {
        return Ok(None);
    }
    let Some(stored) = stored(file, means, bytes).await? else { return Ok(None) };
    let is_same = match &receipt {
        Some(receipt) => stored.agrees_with(&receipt.stored),
        None => stored.md5.as_ref() == Some(&md5),
    };
    if !is_same {
        return Ok(None);
    }
    means.progress.received(bytes);
    let downloaded = Downloaded::new(&file.name, place, Some(bytes), Outcome::AlreadyThere);
    let inexact = file.content().mismatch(bytes, &md5);
    Ok(Some(Fetched { file: downloaded, inexact, md5: Some(md5), receipt }))
}

async fn known(file: &RemoteFile, means: &Means) -> Option<DownloadReceipt> {
    match &means.receipts {
        Receipts::Known(receipts) => receipts.get(&file.name).cloned(),
        Receipts::InFolder => {
            let (folder, name) = (means.folder.clone(), file.name.clone());
            unblock(move || folder.receipt(&name)).await
        }
    }
}

/// Returns the storage's version of a file with `bytes` bytes. `None` if the stored file is now shorter.
async fn stored(file: &RemoteFile, means: &Means, bytes: u64) -> Result<Option<FileVersion>, Error> {
    // An empty file has no first byte to request.
    let wanted = if bytes == 0 { Wanted::Everything } else { Wanted::FirstByte };
    match file.open(&means.client, wanted).await {
        Ok(download) => Ok(Some(download.version().clone())),
        Err(Error::Request(error)) if error.is_unsatisfiable() => Ok(None),
        Err(error) => Err(error),
    }
}
