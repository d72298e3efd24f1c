//! A single attempt to download or resume a file to disk.

use std::future::poll_fn;
use std::io::{self, Read as _};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use blocking::unblock;
use bytes::Bytes;
use futures_util::future::join;
use wandb_core::client::{Download, FileVersion, Partial};
use wandb_storage::Digests;

use super::download_writer::{BLOCK, DownloadWriter, write_small};
use super::fetch::DownloadSettings;
use super::remote_file::{MAX_RENEWALS, RemoteFile, RequestedBytes};
use crate::error::Error;
use crate::files::{Content, PartialFile};
use crate::source::StoredFile;

pub(super) struct Attempt<'a> {
    pub(super) file: &'a RemoteFile,
    pub(super) settings: &'a DownloadSettings,
    /// Whether there may be a partial file.
    pub(super) is_begun: bool,
    /// Whether parts may be joined when only a digest can show that they belong to the same file.
    pub(super) may_join: bool,
}

/// A completely received file.
pub(super) struct ReceivedFile {
    pub(super) partial: PartialFile,
    pub(super) is_resumed: bool,
    /// The version that the storage reported.
    pub(super) version: FileVersion,
    pub(super) digests: Digests,
    is_joined_untagged: bool,
}

impl ReceivedFile {
    /// Describes how the file differs from the server's list or, if the list has no digest, from the storage's own.
    pub(super) fn mismatch(&self, content: &Content) -> Option<String> {
        let own = &self.digests.md5;
        let stored = self.version.md5.as_ref().filter(|md5| !content.has_digest() && *md5 != own);
        let by_storage = || Some(format!("its MD5 digest is {own}, but the storage has {}", stored?));
        content.mismatch(self.partial.written(), &self.digests).or_else(by_storage)
    }

    /// Returns whether the file certainly matches the storage, by the storage's digest or its announced length.
    pub(super) fn is_as_stored(&self) -> bool {
        match &self.version.md5 {
            Some(md5) => *md5 == self.digests.md5,
            None => !self.is_joined_untagged && self.version.length == Some(self.partial.written()),
        }
    }
}

impl Attempt<'_> {
    /// Downloads the missing part of the file.
    pub(super) async fn transfer(&self) -> Result<ReceivedFile, Error> {
        if let Some(file) = self.file.on_disk() {
            let partial = self.copy_from(Arc::clone(file)).await?;
            return Ok(received_file(partial, false, FileVersion::default(), false));
        }
        if self.is_small() && !self.is_begun {
            // Nothing is written before the body is there, so the disk is touched once.
            let download = self.open_download(None).await?;
            return self.receive(download, None).await;
        }
        let partial = unblock(self.opening()).await.map_err(|error| self.save_error(error))?;
        let resumable =
            partial.resumable_part().filter(|resumable| self.may_join || resumable.version.etag.is_some());
        if let Some(resumable) = &resumable
            && self.file.listed.size == Some(partial.written())
            && partial.mismatch().is_none()
        {
            self.settings.progress.add_received(partial.written());
            return Ok(received_file(partial, true, resumable.version.clone(), false));
        }
        let download = match self.open_download(resumable.as_ref()).await {
            Ok(download) => download,
            Err(error) => {
                if partial.written() == 0 {
                    unblock(move || partial.discard()).await;
                }
                return Err(error);
            }
        };
        self.receive(download, Some(partial)).await
    }

    /// Receives the body, and starts again as long as that helps. Creates the partial file if there is none.
    async fn receive(
        &self,
        mut download: Download,
        mut partial: Option<PartialFile>,
    ) -> Result<ReceivedFile, Error> {
        let is_resumed = download.received() > 0;
        loop {
            let prepared = match partial.take() {
                Some(partial) => {
                    let (begins_anew, version) = (download.received() == 0, download.version().clone());
                    Some(self.prepare(partial, begins_anew, version).await?)
                }
                None => None,
            };
            let (copied_to, copied, written) = self.copy_body(&mut download, prepared).await?;
            match copied.and(written.map_err(|error| self.save_error(error))) {
                Ok(()) => {
                    let (version, is_joined) = (download.version().clone(), download.is_joined_untagged());
                    return Ok(received_file(copied_to, is_resumed, version, is_joined));
                }
                Err(Error::Request(error)) => {
                    self.settings.progress.remove_received(copied_to.written());
                    if error.is_changed() || error.is_too_large() {
                        unblock(move || copied_to.discard()).await;
                        return Err(Error::Request(error));
                    }
                    download.restart(*error).await?;
                }
                Err(error) => {
                    self.settings.progress.remove_received(copied_to.written());
                    return Err(error);
                }
            }
            partial = Some(copied_to);
        }
    }

    /// Returns whether the file is small enough to be received into memory.
    fn is_small(&self) -> bool {
        self.file.listed.size.is_some_and(|size| size <= BLOCK as u64)
    }

    /// Returns the work that opens the partial file.
    fn opening(&self) -> impl FnOnce() -> io::Result<PartialFile> + Send + use<> {
        let (folder, name) = (self.settings.folder.clone(), self.file.name.clone());
        let content = self.file.content();
        move || folder.open_partial(&name, &content)
    }

    /// Truncates the partial file if the body starts from the beginning. Records the version that a later resume
    /// needs.
    async fn prepare(
        &self,
        mut partial: PartialFile,
        begins_anew: bool,
        version: FileVersion,
    ) -> Result<PartialFile, Error> {
        let prepared = unblock(move || {
            if begins_anew {
                partial.restart()?;
            }
            partial.set_version(&version)?;
            Ok(partial)
        });
        let partial = prepared.await.map_err(|error| self.save_error(error))?;
        self.settings.progress.add_received(partial.written());
        Ok(partial)
    }

    /// Copies a whole file on disk, which is faster than verifying a partial copy.
    async fn copy_from(&self, file: Arc<dyn StoredFile>) -> Result<PartialFile, Error> {
        let (open, content) = (self.opening(), self.file.content());
        let copying = format!("copying {}", file.path().display());
        let copy = move || {
            let mut partial = open()?;
            partial.restart()?;
            let mut source = file.open()?.take(content.size.unwrap_or(u64::MAX));
            let (mut block, mut digest) = (vec![0; BLOCK], content.start_digest());
            loop {
                let bytes = source.read(&mut block)?;
                if bytes == 0 {
                    partial.set_digest(digest);
                    return Ok(partial);
                }
                digest.update(&block[..bytes]);
                partial.append(&block[..bytes])?;
            }
        };
        let copied = unblock(copy).await;
        let partial = copied.map_err(|error: io::Error| Error::io(copying, error))?;
        self.settings.progress.add_received(partial.written());
        Ok(partial)
    }

    async fn open_download(&self, partial: Option<&Partial>) -> Result<Download, Error> {
        let mut download = self
            .file
            .open(&self.settings.client, partial.map_or(RequestedBytes::Everything, RequestedBytes::Rest))
            .await?;
        let has_digest = self.file.listed.has_digest() || download.version().md5.is_some();
        download.check_by_digest(self.may_join && has_digest);
        download.expect_size(self.file.listed.size);
        Ok(download)
    }

    /// Appends the body to the file, or to a new one. Returns the file even after an error, so that a later download can
    /// resume.
    async fn copy_body(
        &self,
        download: &mut Download,
        partial: Option<PartialFile>,
    ) -> Result<(PartialFile, Result<(), Error>, io::Result<()>), Error> {
        let mut block = Vec::new();
        // A larger file is written as it arrives, so that nothing is lost if the download is cancelled.
        while self.is_small() && block.len() < BLOCK {
            match self.next_chunk(download).await {
                Ok(Some(chunk)) => block.extend_from_slice(&chunk),
                end => {
                    // A complete file needs no version to resume.
                    let version = end.is_err().then(|| download.version().clone());
                    let written = match partial {
                        Some(partial) => write_small(move || Ok(partial), block).await,
                        None => write_small(self.beginning(version), block).await,
                    };
                    let (partial, written) = written.map_err(|error| self.save_error(error))?;
                    return Ok((partial, end.map(drop), written));
                }
            }
        }
        let partial = match partial {
            Some(partial) => partial,
            None => unblock(self.beginning(Some(download.version().clone())))
                .await
                .map_err(|error| self.save_error(error))?,
        };
        let writer = DownloadWriter::start(partial, block, &self.settings.limits);
        let mut writer = writer.map_err(|error| self.save_error(error))?;
        let copied = loop {
            let mut next = pin!(self.next_chunk(download));
            let next = match poll_fn(|context| Poll::Ready(next.as_mut().poll(context))).await {
                Poll::Ready(next) => next,
                // Run both at once: the pending read holds a request slot that other downloads may wait for.
                Poll::Pending => match join(next, writer.flush()).await {
                    (next, true) => next,
                    (_, false) => break Ok(()),
                },
            };
            match next {
                Ok(Some(chunk)) if writer.push(&chunk).await => {}
                end => break end.map(drop),
            }
        };
        let (partial, written) = writer.finish().await.map_err(|error| self.save_error(error))?;
        Ok((partial, copied, written))
    }

    /// Returns the work that begins a partial file for bytes that have been received. A later resume needs `version`.
    fn beginning(
        &self,
        version: Option<FileVersion>,
    ) -> impl FnOnce() -> io::Result<PartialFile> + Send + use<> {
        let open = self.opening();
        move || {
            let mut partial = open()?;
            // Another process may have begun it meanwhile.
            partial.restart()?;
            if let Some(version) = version {
                partial.set_version(&version)?;
            }
            Ok(partial)
        }
    }

    /// Returns the next bytes of the file.
    async fn next_chunk(&self, download: &mut Download) -> Result<Option<Bytes>, Error> {
        let mut renewals = 0;
        loop {
            match download.chunk().await {
                Ok(chunk) => {
                    self.settings.progress.add_received(chunk.as_ref().map_or(0, |chunk| chunk.len() as u64));
                    return Ok(chunk);
                }
                Err(error) if error.may_be_expired() => self.renew(download, error, &mut renewals).await?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Resumes a download at a new URL, because the old one may have expired. `problem` is the error of the old one.
    async fn renew(
        &self,
        download: &mut Download,
        mut problem: wandb_core::error::Error,
        renewals: &mut u32,
    ) -> Result<(), Error> {
        while *renewals < MAX_RENEWALS {
            *renewals += 1;
            match download.renew(&self.file.request_new_urls().await?).await {
                Ok(()) => return Ok(()),
                Err(error) if error.may_be_expired() => problem = error,
                Err(error) => return Err(error.into()),
            }
        }
        Err(problem.into())
    }

    fn save_error(&self, error: io::Error) -> Error {
        let partial = self.settings.folder.full_path(crate::files::Names::PARTIAL);
        Error::io(format!("saving a partial {} in {}", self.file.name, partial.display()), error)
    }
}

fn received_file(
    partial: PartialFile,
    is_resumed: bool,
    version: FileVersion,
    is_joined_untagged: bool,
) -> ReceivedFile {
    let digests = partial.digests();
    ReceivedFile { partial, is_resumed, version, digests, is_joined_untagged }
}
