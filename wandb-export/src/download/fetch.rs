//! Fetches one file, checks it against the list, and renames it into place.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use blocking::unblock;
use wandb_core::client::Client;

use super::attempt::{Arrived, Attempt};
use super::confirm::confirm;
use super::progress::DownloadProgress;
use super::remote_file::RemoteFile;
use crate::error::Error;
use crate::files::{DownloadFolder, Downloaded, Existing, Outcome, Receipt, There, digest};

/// How often a file that fails its checks is downloaded from scratch.
const MAX_ATTEMPTS: u32 = 3;

/// A file in its final place, and what to remember about it.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) file: Downloaded,
    /// Describes how it differs from its list, if it does.
    pub(crate) inexact: Option<String>,
    /// The base64 MD5 digest of its content, if computed.
    #[cfg_attr(not(feature = "mirror"), expect(dead_code, reason = "only mirrors use it"))]
    pub(crate) md5: Option<String>,
    /// Identifies the file in later downloads if the list cannot.
    #[cfg_attr(not(feature = "mirror"), expect(dead_code, reason = "only mirrors use it"))]
    pub(crate) receipt: Option<Receipt>,
}

/// Where the receipts of earlier downloads are stored.
#[derive(Debug, Clone)]
pub(crate) enum Receipts {
    /// In the folder itself, which also receives the new ones.
    InFolder,
    /// In memory, by the server's names of the files.
    #[cfg_attr(not(feature = "mirror"), expect(dead_code, reason = "only mirrors store them elsewhere"))]
    Known(Arc<HashMap<String, Receipt>>),
}

/// The settings of a download.
#[derive(Debug, Clone)]
pub(crate) struct Means {
    pub(crate) client: Client,
    pub(crate) folder: DownloadFolder,
    pub(crate) existing: Existing,
    pub(crate) receipts: Receipts,
    pub(crate) progress: DownloadProgress,
}

/// Downloads `file` to `here` in the folder, unless the existing file is to stay.
pub(super) async fn fetch(file: &RemoteFile, means: &Means, here: &str) -> Result<Fetched, Error> {
    let Means { client, folder, existing, progress, .. } = means;
    file.is_stored()?;
    let digested;
    let file = match file.on_disk() {
        Some(place) if file.listed.md5.is_none() => {
            digested = with_digest(file, place).await?;
            &digested
        }
        _ => file,
    };
    let place = folder.place(here);
    let done = |bytes, outcome| {
        let md5 = file.listed.md5.clone().filter(|_| outcome == Outcome::AlreadyThere);
        let file = Downloaded::new(&file.name, place.clone(), bytes, outcome);
        Ok(Fetched { file, inexact: None, md5, receipt: None })
    };
    match (look(file, folder, here).await?, existing) {
        (There::Same(bytes), _) => {
            progress.received(bytes);
            return done(Some(bytes), Outcome::AlreadyThere);
        }
        (There::Folder, _) => {
            return Err(Error::FileExists { path: place, what: "a folder" });
        }
        (There::Different, Existing::Keep) => return done(None, Outcome::Kept),
        (There::Different, _) => match confirm(file, means, here).await? {
            Some(fetched) => return Ok(fetched),
            None if *existing == Existing::Refuse => {
                return Err(Error::FileExists { path: place, what: "another file" });
            }
            None => {}
        },
        (There::Nothing, _) => {}
    }
    let mut fresh = None;
    let mut attempts = 0;
    // The last content that certainly matches the storage but not the list.
    let mut stored = None;
    loop {
        attempts += 1;
        let file = fresh.as_ref().unwrap_or(file);
        let attempt = Attempt { client, file, folder, progress, may_join: attempts == 1 };
        let problem = match attempt.transfer().await {
            Ok(arrived) => {
                let mismatch = arrived.mismatch(&file.content());
                let came = arrived.is_as_stored().then(|| (arrived.partial.written(), arrived.md5.clone()));
                match mismatch {
                    None => return put(file, arrived, means, here, None).await,
                    Some(detail) if came.is_some() && came == stored => {
                        return put(file, arrived, means, here, Some(detail)).await;
                    }
                    Some(message) => {
                        stored = came;
                        progress.thrown_away(arrived.partial.written());
                        unblock(move || arrived.partial.discard()).await;
                        let message = format!("the content does not match the file: {message}");
                        Error::File { name: file.name.clone(), message }
                    }
                }
            }
            Err(error @ Error::Request(_)) if is_changed(&error) => error,
            Err(error) => return Err(error),
        };
        if attempts == MAX_ATTEMPTS || file.on_disk().is_some() {
            return Err(problem);
        }
        // The file may have been replaced since it was listed.
        fresh = Some(file.relisted().await?);
    }
}

/// Moves a received file into place. `inexact` describes how it differs from the list.
async fn put(
    file: &RemoteFile,
    arrived: Arrived,
    means: &Means,
    here: &str,
    inexact: Option<String>,
) -> Result<Fetched, Error> {
    let Arrived { partial, is_resumed, version, md5, .. } = arrived;
    let bytes = partial.written();
    let is_confirmed_by_list = inexact.is_none() && file.listed.md5.is_some();
    let receipt = (!is_confirmed_by_list).then(|| Receipt {
        listed: file.listed.clone(),
        stored: version,
        bytes,
        md5: md5.clone(),
    });
    let place = means.folder.place(here);
    let finish = {
        let (folder, here, name) = (means.folder.clone(), here.to_owned(), file.name.clone());
        let (receipt, existing) = (receipt.clone(), means.existing);
        let keeps_receipts = matches!(means.receipts, Receipts::InFolder);
        move || {
            if existing == Existing::Refuse {
                partial.finish_new(&here)?;
            } else {
                partial.finish(&here)?;
            }
            match receipt {
                Some(receipt) if keeps_receipts => folder.keep_receipt(&name, &receipt),
                _ => {
                    folder.forget_receipt(&name);
                    Ok(())
                }
            }
        }
    };
    unblock(finish).await.map_err(|error| Error::io(format!("writing {}", place.display()), error))?;
    let outcome = if is_resumed { Outcome::Resumed } else { Outcome::Fetched };
    let downloaded = Downloaded::new(&file.name, place, Some(bytes), outcome);
    Ok(Fetched { file: downloaded, inexact, md5: Some(md5), receipt })
}

/// Adds the digest to a file on disk, so that a copy of it is recognized.
async fn with_digest(file: &RemoteFile, place: &Path) -> Result<RemoteFile, Error> {
    let source = place.to_owned();
    // A file that is still growing is copied up to its listed length.
    let listed = file.listed.size.unwrap_or(u64::MAX);
    let digest = unblock(move || Ok(digest(&mut File::open(source)?.take(listed))?.finish())).await;
    let digest =
        digest.map_err(|error: io::Error| Error::io(format!("reading {}", place.display()), error))?;
    let mut file = file.clone();
    file.listed.md5 = Some(digest);
    Ok(file)
}

async fn look(file: &RemoteFile, folder: &DownloadFolder, here: &str) -> Result<There, Error> {
    let (content, folder, here) = (file.content(), folder.clone(), here.to_owned());
    let place = folder.place(&here);
    let looked = unblock(move || folder.look(&here, &content)).await;
    looked.map_err(|error| Error::io(format!("checking {}", place.display()), error))
}

fn is_changed(error: &Error) -> bool {
    matches!(error, Error::Request(error) if error.is_changed())
}
