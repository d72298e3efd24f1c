//! One file into its place: begun or gone on with, checked, renamed.

use std::fs::File;
use std::future::poll_fn;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::task::Poll;

use blocking::unblock;
use bytes::Bytes;
use futures_util::future::join;
use wandb_core::client::{Download, Partial};

use super::filling::{BLOCK, Filling, fill};
use super::{DownloadProgress, RunFile};
use crate::error::Error;
use crate::files::{Content, Digest, Downloaded, Existing, Folder, Outcome, PartialFile, There, digest};

/// So often a new URL is asked for before a single byte has come.
const MOST_RENEWALS: u32 = 3;

/// So often a file is begun anew that was not what it should be.
const MOST_ATTEMPTS: u32 = 2;

/// Downloads `file` to `here` in the folder, unless what is there is to stay.
pub(super) async fn fetch(
    file: &RunFile,
    folder: &Folder,
    here: &str,
    existing: Existing,
    progress: &DownloadProgress,
) -> Result<Downloaded, Error> {
    let digested;
    let file = match &file.place {
        Some(place) if file.md5.is_none() => {
            digested = with_digest(file, place).await?;
            &digested
        }
        _ => file,
    };
    let place = folder.place(here);
    let done = |bytes, outcome| Downloaded::new(&file.name, place.clone(), bytes, outcome);
    match (look(file, folder, here).await?, existing) {
        (There::Same(bytes), _) => {
            progress.received(bytes);
            return Ok(done(Some(bytes), Outcome::AlreadyThere));
        }
        (There::Folder, _) => {
            return Err(Error::FileExists { path: place, what: "a folder" });
        }
        (There::Different, Existing::Refuse) => {
            return Err(Error::FileExists { path: place, what: "another file" });
        }
        (There::Different, Existing::Keep) => return Ok(done(None, Outcome::Kept)),
        (There::Different, Existing::Replace) | (There::Nothing, _) => {}
    }
    let mut fresh = None;
    let mut attempts = 0;
    loop {
        attempts += 1;
        let attempt = Attempt { file: fresh.as_ref().unwrap_or(file), folder, progress };
        let problem = match attempt.transfer().await {
            Ok((partial, resumed)) => match partial.mismatch() {
                None => {
                    let bytes = partial.written();
                    let (folder, here) = (folder.clone(), here.to_owned());
                    let finish = move || {
                        if existing == Existing::Refuse {
                            finish_new(partial, &folder, &here)
                        } else {
                            partial.finish(&here)
                        }
                    };
                    unblock(finish).await.map_err(|error| writing(&place, error))?;
                    let outcome = if resumed { Outcome::Resumed } else { Outcome::Fetched };
                    return Ok(done(Some(bytes), outcome));
                }
                Some(message) => {
                    progress.thrown_away(partial.written());
                    unblock(move || partial.discard()).await;
                    Error::File {
                        name: file.name.clone(),
                        message: format!("what came is not the file: {message}"),
                    }
                }
            },
            Err(error @ Error::Request(_)) if is_changed(&error) => error,
            Err(error) => return Err(error),
        };
        if attempts == MOST_ATTEMPTS || file.place.is_some() {
            return Err(problem);
        }
        // It may be another file by now than when it was listed.
        fresh = Some(RunFile::find(&file.api, &file.run, &file.name).await?);
    }
}

/// A file on disk with its digest, by which a copy of it is known.
async fn with_digest(file: &RunFile, place: &Path) -> Result<RunFile, Error> {
    let source = place.to_owned();
    // A file that is still written to is taken as long as it was when it was listed.
    let listed = file.size.unwrap_or(u64::MAX);
    let digest = unblock(move || Ok(digest(&mut File::open(source)?.take(listed))?.finish())).await;
    let digest =
        digest.map_err(|error: io::Error| Error::io(format!("reading {}", place.display()), error))?;
    let mut file = file.clone();
    file.model.md5 = Some(digest);
    Ok(file)
}

/// Finishes where nothing may be in the place, unless something has come there meanwhile.
fn finish_new(partial: PartialFile, folder: &Folder, here: &str) -> io::Result<()> {
    let anything = Content { size: None, md5: None };
    if folder.look(here, &anything)? != There::Nothing {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "something has been put there meanwhile"));
    }
    partial.finish(here)
}

async fn look(file: &RunFile, folder: &Folder, here: &str) -> Result<There, Error> {
    let (content, folder, here) = (Content::of(file), folder.clone(), here.to_owned());
    let place = folder.place(&here);
    let looked = unblock(move || folder.look(&here, &content)).await;
    looked.map_err(|error| Error::io(format!("looking what is at {}", place.display()), error))
}

fn is_changed(error: &Error) -> bool {
    matches!(error, Error::Request(error) if error.is_changed())
}

fn writing(place: &Path, error: io::Error) -> Error {
    Error::io(format!("writing {}", place.display()), error)
}

struct Attempt<'a> {
    file: &'a RunFile,
    folder: &'a Folder,
    progress: &'a DownloadProgress,
}

impl Attempt<'_> {
    /// Everything that is missing of the file; whether a part was there.
    async fn transfer(&self) -> Result<(PartialFile, bool), Error> {
        if let Some(place) = &self.file.place {
            return Ok((self.copy_from(place.clone()).await?, false));
        }
        let (folder, name, content) = (self.folder.clone(), self.file.name.clone(), Content::of(self.file));
        let partial = unblock(move || folder.partial(&name, &content)).await;
        let mut partial = partial.map_err(|error| self.keeping(error))?;
        let begun = partial.begun();
        let is_whole =
            begun.is_some() && self.file.size == Some(partial.written()) && partial.mismatch().is_none();
        if is_whole {
            self.progress.received(partial.written());
            return Ok((partial, true));
        }
        let mut download = self.begin(begun.as_ref()).await?;
        let etag = download.etag().map(str::to_owned);
        let is_resumed = download.received() > 0;
        let prepared = unblock(move || {
            if !is_resumed {
                partial.restart()?;
            }
            partial.note(etag.as_deref())?;
            Ok(partial)
        });
        let partial = prepared.await.map_err(|error| self.keeping(error))?;
        self.progress.received(partial.written());
        let (partial, copied, written) = self.copy(&mut download, partial).await?;
        match copied.and(written.map_err(|error| self.keeping(error))) {
            Ok(()) => Ok((partial, is_resumed)),
            Err(error) => {
                self.progress.thrown_away(partial.written());
                if is_changed(&error) {
                    unblock(move || partial.discard()).await;
                }
                Err(error)
            }
        }
    }

    /// The whole of a file on disk, as that is quicker than to see whether a part is right.
    async fn copy_from(&self, place: PathBuf) -> Result<PartialFile, Error> {
        let (folder, name, content) = (self.folder.clone(), self.file.name.clone(), Content::of(self.file));
        let copying = format!("copying {}", place.display());
        let copy = move || {
            let mut partial = folder.partial(&name, &content)?;
            partial.restart()?;
            let mut source = File::open(place)?.take(content.size.unwrap_or(u64::MAX));
            let (mut block, mut digest) = (vec![0; BLOCK], Digest::default());
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
        self.progress.received(partial.written());
        Ok(partial)
    }

    async fn begin(&self, there: Option<&Partial>) -> Result<Download, Error> {
        let client = &self.file.api.client;
        let subject = format!("{} of {}", self.file.name, self.file.run);
        let mut url = self.file.link()?;
        let mut renewals = 0;
        loop {
            let opened = match there {
                Some(there) => client.resume_download(&url, &subject, there).await,
                None => client.download(&url, &subject).await,
            };
            match opened {
                Err(error) if error.may_be_expired() && renewals < MOST_RENEWALS => {
                    renewals += 1;
                    url = self.new_link().await?;
                }
                opened => return Ok(opened?),
            }
        }
    }

    /// Adds what comes to the file, which is given back also when it broke off: a later download goes on from there.
    async fn copy(
        &self,
        download: &mut Download,
        partial: PartialFile,
    ) -> Result<(PartialFile, Result<(), Error>, io::Result<()>), Error> {
        let mut block = Vec::new();
        // A large one is written as it comes, so that nothing is lost when the download is given up.
        let is_small = self.file.size.is_some_and(|size| size <= BLOCK as u64);
        while is_small && block.len() < BLOCK {
            match self.chunk(download).await {
                Ok(Some(chunk)) => block.extend_from_slice(&chunk),
                end => {
                    let (partial, written) = fill(partial, block).await;
                    return Ok((partial, end.map(drop), written));
                }
            }
        }
        let mut filling = Filling::start(partial, block).map_err(|error| self.keeping(error))?;
        let copied = loop {
            let mut next = pin!(self.chunk(download));
            let next = match poll_fn(|context| Poll::Ready(next.as_mut().poll(context))).await {
                Poll::Ready(next) => next,
                // Both, as what comes next holds what other downloads may be waiting for.
                Poll::Pending => match join(next, filling.flush()).await {
                    (next, true) => next,
                    (_, false) => break Ok(()),
                },
            };
            match next {
                Ok(Some(chunk)) if filling.push(&chunk).await => {}
                end => break end.map(drop),
            }
        };
        let (partial, written) = filling.end().await.map_err(|error| self.keeping(error))?;
        Ok((partial, copied, written))
    }

    /// What comes next of the file.
    async fn chunk(&self, download: &mut Download) -> Result<Option<Bytes>, Error> {
        let mut renewals = 0;
        loop {
            match download.chunk().await {
                Ok(chunk) => {
                    self.progress.received(chunk.as_ref().map_or(0, |chunk| chunk.len() as u64));
                    return Ok(chunk);
                }
                Err(error) if error.may_be_expired() => self.renew(download, error, &mut renewals).await?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Goes on with a download at a new URL, as the old one, which `problem` is with, may have expired.
    async fn renew(
        &self,
        download: &mut Download,
        mut problem: wandb_core::error::Error,
        renewals: &mut u32,
    ) -> Result<(), Error> {
        while *renewals < MOST_RENEWALS {
            *renewals += 1;
            match download.renew(&self.new_link().await?).await {
                Ok(()) => return Ok(()),
                Err(error) if error.may_be_expired() => problem = error,
                Err(error) => return Err(error.into()),
            }
        }
        Err(problem.into())
    }

    /// A URL that was signed just now.
    async fn new_link(&self) -> Result<url::Url, Error> {
        RunFile::find(&self.file.api, &self.file.run, &self.file.name).await?.link()
    }

    fn keeping(&self, error: io::Error) -> Error {
        let partial = self.folder.place(crate::files::Names::PARTIAL);
        Error::io(format!("keeping what has come of {} in {}", self.file.name, partial.display()), error)
    }
}
