//! Downloads the files of a run into a folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{StreamExt, TryStreamExt};
use wandb_core::RunPath;
use wandb_core::client::ListedFile;

use super::{Api, Files, RunFile};
use crate::download::{
    DownloadProgress, DownloadSettings, FileListing, FileSource, Receipts, RemoteFile, fetch_all, fetch_one,
};
use crate::error::Error;
use crate::files::{DownloadFolder, DownloadedFile, Downloads, ExistingFilePolicy};
use crate::issue::Issue;
use crate::source::RunSource;

impl Files {
    /// Sets how to treat a file that already exists. Default: [`ExistingFilePolicy::Refuse`].
    pub fn existing(mut self, existing: ExistingFilePolicy) -> Self {
        self.existing = existing;
        self
    }

    /// Returns the progress of the download, which can be read while it runs.
    pub fn progress(&self) -> DownloadProgress {
        self.progress.clone()
    }

    /// Shares the progress of another request.
    pub(crate) fn with_progress(mut self, progress: DownloadProgress) -> Self {
        self.progress = progress;
        self
    }

    /// Downloads the files into `folder`, which is created if missing. Slashes in names become sub-folders.
    ///
    /// Several files are downloaded at a time. Each one is checked against the server's size and digest before it
    /// gets its final name. A file that fails does not stop the others. Content that differs from the list is
    /// downloaded twice; if both downloads agree, it is kept, with an issue. Interrupted downloads are resumed, even
    /// those of a killed program. Files that already exist are not downloaded again.
    ///
    /// A name is replaced by a safe one if it could lead out of the folder, or if some system cannot store it or tell
    /// it from another name. `wandb-export-names.json` in the folder maps the replaced names to the server's.
    ///
    /// # Errors
    /// If the files cannot be listed, or the folder cannot be used. Errors of single files are part of the result.
    pub async fn download(self, folder: impl AsRef<Path>) -> Result<Downloads, Error> {
        let (existing, progress) = (self.existing, self.progress.clone());
        let (api, run) = (self.api.clone(), self.source.path().clone());
        let files = self.open();
        let issues = files.issues_handle();
        let files = files.into_stream().map_ok(|file| file.to_remote_file()).boxed();
        let settings = open_folder(&api, folder.as_ref().to_owned(), existing, progress).await?;
        let ended = fetch_all(files, settings).await?;
        let mut downloads = Downloads { issues: issues.to_vec(), ..Downloads::default() };
        for (file, outcome) in ended {
            let outcome = outcome.map(|fetched| with_issue(fetched.file, fetched.inexact, &run));
            downloads.push(&file.name, outcome);
        }
        Ok(downloads)
    }
}

impl RunFile {
    /// Downloads the file into `folder` under the file's name. Returns its path; see [`Files::download`].
    ///
    /// # Errors
    /// If something else exists at that path, or the download fails.
    pub async fn download(&self, folder: impl AsRef<Path>) -> Result<DownloadedFile, Error> {
        self.download_with(folder, ExistingFilePolicy::Refuse).await
    }

    /// Downloads the file like [`download`](Self::download), with a choice of how to treat an existing file.
    ///
    /// # Errors
    /// If the download fails.
    pub async fn download_with(
        &self,
        folder: impl AsRef<Path>,
        existing: ExistingFilePolicy,
    ) -> Result<DownloadedFile, Error> {
        let (folder, progress) = (folder.as_ref().to_owned(), DownloadProgress::default());
        let settings = open_folder(&self.api, folder, existing, progress).await?;
        let fetched = fetch_one(&self.to_remote_file(), &settings).await?;
        Ok(with_issue(fetched.file, fetched.inexact, self.run.path()))
    }

    /// Returns the file to fetch.
    pub(crate) fn to_remote_file(&self) -> RemoteFile {
        let source = match (&self.on_disk, self.reference()) {
            (Some(file), _) => FileSource::Disk(Arc::clone(file)),
            (None, Some(address)) => FileSource::Reference(address.to_owned()),
            (None, None) => FileSource::Urls(self.urls()),
        };
        RemoteFile {
            name: self.name.clone(),
            subject: self.subject(),
            listed: ListedFile::of(self),
            source,
            list: Arc::new(RunFileListing { api: self.api.clone(), run: Arc::clone(&self.run) }),
        }
    }
}

/// The list of the files of a run.
#[derive(Debug)]
struct RunFileListing {
    api: Api,
    run: Arc<dyn RunSource>,
}

impl FileListing for RunFileListing {
    fn fetch_entry<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<RemoteFile, Error>> {
        async move { Ok(RunFile::find(&self.api, &self.run, name).await?.to_remote_file()) }.boxed()
    }
}

/// Opens the folder at `path`, which is created if missing, for downloads with these options.
pub(in crate::api) async fn open_folder(
    api: &Api,
    path: PathBuf,
    existing: ExistingFilePolicy,
    progress: DownloadProgress,
) -> Result<DownloadSettings, Error> {
    let folder = blocking::unblock(move || {
        let opening = || format!("opening the folder {}", path.display());
        DownloadFolder::open(&path).map_err(|error| Error::io(opening(), error))
    })
    .await?;
    Ok(DownloadSettings {
        client: api.client.clone(),
        folder,
        existing,
        receipts: Receipts::InFolder,
        progress,
        limits: api.fetch_limits(),
    })
}

fn with_issue(mut file: DownloadedFile, inexact: Option<String>, run: &RunPath) -> DownloadedFile {
    let name = &file.name;
    let issue = |detail| Issue::FileInexact { run: run.clone(), name: name.clone(), detail };
    file.issues = inexact.map(issue).into_iter().collect();
    file
}
