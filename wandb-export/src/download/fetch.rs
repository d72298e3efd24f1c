//! Fetches one file, checks it against the list, and renames it into place.

use std::collections::HashMap;
use std::io::{self, Read as _};
use std::sync::Arc;

use blocking::unblock;
use wandb_core::client::{Client, DownloadReceipt};
use wandb_storage::digest;

use super::attempt::{Attempt, ReceivedFile};
use super::confirm::confirm;
use super::fetch_limits::FetchLimits;
use super::progress::DownloadProgress;
use super::remote_file::RemoteFile;
use crate::error::Error;
use crate::files::{DownloadFolder, DownloadOutcome, DownloadedFile, ExistingEntry, ExistingFilePolicy};
use crate::source::StoredFile;

/// How often a file that fails its checks is downloaded from scratch.
const MAX_ATTEMPTS: u32 = 3;

/// A file in its final place, and what to remember about it.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) file: DownloadedFile,
    /// Describes how it differs from its list, if it does.
    pub(crate) inexact: Option<String>,
    /// The base64 MD5 digest of its content, if computed.
    #[cfg_attr(not(feature = "mirror"), expect(dead_code, reason = "only mirrors use it"))]
    pub(crate) md5: Option<String>,
    /// Identifies the file in later downloads if the list cannot.
    #[cfg_attr(not(feature = "mirror"), expect(dead_code, reason = "only mirrors use it"))]
    pub(crate) receipt: Option<DownloadReceipt>,
}

/// Where the receipts of earlier downloads are stored.
#[derive(Debug, Clone)]
pub(crate) enum Receipts {
    /// In the folder itself, which also receives the new ones.
    InFolder,
    /// In memory, by the server's names of the files.
    #[cfg_attr(not(feature = "mirror"), expect(dead_code, reason = "only mirrors store them elsewhere"))]
    Known(Arc<HashMap<String, DownloadReceipt>>),
}

/// The settings of a download.
#[derive(Debug, Clone)]
pub(crate) struct DownloadSettings {
    pub(crate) client: Client,
    pub(crate) folder: DownloadFolder,
    pub(crate) existing: ExistingFilePolicy,
    pub(crate) receipts: Receipts,
    pub(crate) progress: DownloadProgress,
    /// The limits of all downloads together.
    pub(crate) limits: Arc<FetchLimits>,
}

/// Downloads `file` to `local_name` in the folder, unless the existing file is to stay.
pub(super) async fn fetch(
    file: &RemoteFile,
    settings: &DownloadSettings,
    local_name: &str,
) -> Result<Fetched, Error> {
    let DownloadSettings { folder, existing, progress, .. } = settings;
    file.check_stored()?;
    let digested;
    let file = match file.on_disk() {
        Some(stored) if !file.listed.has_digest() => {
            digested = with_digest(file, stored).await?;
            &digested
        }
        _ => file,
    };
    let path = folder.full_path(local_name);
    let done = |bytes, outcome| {
        let md5 = file.listed.md5.clone().filter(|_| outcome == DownloadOutcome::AlreadyThere);
        let file = DownloadedFile::new(&file.name, path.clone(), bytes, outcome);
        Ok(Fetched { file, inexact: None, md5, receipt: None })
    };
    let (existing_entry, is_begun) = inspect(file, folder, local_name).await?;
    match (existing_entry, existing) {
        (ExistingEntry::Same(bytes), _) => {
            progress.add_received(bytes);
            return done(Some(bytes), DownloadOutcome::AlreadyThere);
        }
        (ExistingEntry::Folder, _) => {
            return Err(Error::FileExists { path, what: "a folder" });
        }
        (ExistingEntry::Different, ExistingFilePolicy::Keep) => return done(None, DownloadOutcome::Kept),
        (ExistingEntry::Different, _) => match confirm(file, settings, local_name).await? {
            Some(fetched) => return Ok(fetched),
            None if *existing == ExistingFilePolicy::Refuse => {
                return Err(Error::FileExists { path, what: "another file" });
            }
            None => {}
        },
        (ExistingEntry::Nothing, _) => {}
    }
    fetch_content(file, settings, local_name, is_begun).await
}

/// Downloads the content until it passes the checks, and moves it into place. `is_begun` tells whether there may be a
/// partial file.
async fn fetch_content(
    file: &RemoteFile,
    settings: &DownloadSettings,
    local_name: &str,
    is_begun: bool,
) -> Result<Fetched, Error> {
    let DownloadSettings { progress, .. } = settings;
    let mut fresh = None;
    let mut attempts = 0;
    // The last content that certainly matches the storage but not the list.
    let mut stored = None;
    loop {
        attempts += 1;
        let file = fresh.as_ref().unwrap_or(file);
        let (may_join, is_begun) = (attempts == 1, is_begun || attempts > 1);
        let attempt = Attempt { file, settings, is_begun, may_join };
        let problem = match attempt.transfer().await {
            Ok(received) => {
                let mismatch = received.mismatch(&file.content());
                let stored_content =
                    received.is_as_stored().then(|| (received.partial.written(), received.digests.clone()));
                match mismatch {
                    None => return move_into_place(file, received, settings, local_name, None).await,
                    Some(detail) if stored_content.is_some() && stored_content == stored => {
                        return move_into_place(file, received, settings, local_name, Some(detail)).await;
                    }
                    Some(message) => {
                        stored = stored_content;
                        progress.remove_received(received.partial.written());
                        unblock(move || received.partial.discard()).await;
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
        fresh = Some(file.refetch_entry().await?);
    }
}

/// Moves a received file into place. `inexact` describes how it differs from the list.
async fn move_into_place(
    file: &RemoteFile,
    received: ReceivedFile,
    settings: &DownloadSettings,
    local_name: &str,
    inexact: Option<String>,
) -> Result<Fetched, Error> {
    let ReceivedFile { partial, is_resumed, version, digests, .. } = received;
    let md5 = digests.md5;
    let bytes = partial.written();
    let is_confirmed_by_list = inexact.is_none() && file.listed.has_digest();
    let receipt = (!is_confirmed_by_list).then(|| DownloadReceipt {
        listed: file.listed.clone(),
        stored: version,
        bytes,
        md5: md5.clone(),
    });
    let path = settings.folder.full_path(local_name);
    let finish = {
        let (folder, local_name, name) = (settings.folder.clone(), local_name.to_owned(), file.name.clone());
        let (receipt, existing) = (receipt.clone(), settings.existing);
        let keeps_receipts = matches!(settings.receipts, Receipts::InFolder);
        move || {
            if existing == ExistingFilePolicy::Refuse {
                partial.finish_new(&local_name)?;
            } else {
                partial.finish(&local_name)?;
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
    unblock(finish).await.map_err(|error| Error::io(format!("writing {}", path.display()), error))?;
    let outcome = if is_resumed { DownloadOutcome::Resumed } else { DownloadOutcome::Fetched };
    let downloaded = DownloadedFile::new(&file.name, path, Some(bytes), outcome);
    Ok(Fetched { file: downloaded, inexact, md5: Some(md5), receipt })
}

/// Adds the digest to a file on disk, so that a copy of it is recognized.
async fn with_digest(file: &RemoteFile, stored: &Arc<dyn StoredFile>) -> Result<RemoteFile, Error> {
    let source = Arc::clone(stored);
    // A file that is still growing is copied up to its listed length.
    let listed = file.listed.size.unwrap_or(u64::MAX);
    let digest = unblock(move || Ok(digest(&mut source.open()?.take(listed))?.finish())).await;
    let digest = digest
        .map_err(|error: io::Error| Error::io(format!("reading {}", stored.path().display()), error))?;
    let mut file = file.clone();
    file.listed.md5 = Some(digest);
    Ok(file)
}

/// Returns what exists at the file's place, and whether there may be a partial file.
async fn inspect(
    file: &RemoteFile,
    folder: &DownloadFolder,
    local_name: &str,
) -> Result<(ExistingEntry, bool), Error> {
    let (content, folder, local_name) = (file.content(), folder.clone(), local_name.to_owned());
    let (path, name) = (folder.full_path(&local_name), file.name.clone());
    let look = move || Ok((folder.inspect(&local_name, &content)?, folder.has_partial(&name)));
    unblock(look).await.map_err(|error: io::Error| Error::io(format!("checking {}", path.display()), error))
}

fn is_changed(error: &Error) -> bool {
    matches!(error, Error::Request(error) if error.is_changed())
}
