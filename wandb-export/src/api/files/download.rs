//! Downloads the files of a run into a folder.

use std::path::{Path, PathBuf};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};

use super::fetch::{Fetched, Means, Receipts, fetch};
use super::{DownloadProgress, Files, RunFile};
use crate::error::Error;
use crate::files::{Downloaded, Downloads, Existing, Folder, Names};

impl Files {
    /// Sets how to treat a file that already exists. Default: [`Existing::Refuse`].
    pub fn existing(mut self, existing: Existing) -> Self {
        self.existing = existing;
        self
    }

    /// Returns the progress of the download, which can be read while it runs.
    pub fn progress(&self) -> DownloadProgress {
        self.progress.clone()
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
        let at_once = self.api.client.concurrency();
        let files = self.open();
        let issues = files.issues_later();
        let (files, receipts) = (files.into_stream(), Receipts::InFolder);
        let target = Target::open(folder.as_ref().to_owned()).await?;
        let ended = fetch_into(files, target, at_once, existing, receipts, &progress).await?;
        let mut downloads = Downloads { issues: issues.all(), ..Downloads::default() };
        for (file, outcome) in ended {
            downloads.push(&file.name, outcome.map(|fetched| fetched.file));
        }
        Ok(downloads)
    }
}

/// Downloads `files` into `folder` and returns the outcome of each, in order; see [`Files::download`].
#[cfg(feature = "mirror")]
pub(crate) async fn fetch_all(
    files: BoxStream<'static, Result<RunFile, Error>>,
    folder: Folder,
    at_once: usize,
    existing: Existing,
    receipts: Receipts,
    progress: &DownloadProgress,
) -> Result<Vec<Ended>, Error> {
    let target = blocking::unblock(move || Target::of(folder)).await?;
    fetch_into(files, target, at_once, existing, receipts, progress).await
}

/// A file and the outcome of its download.
type Ended = (RunFile, Result<Fetched, Error>);

async fn fetch_into(
    files: BoxStream<'static, Result<RunFile, Error>>,
    Target { folder, names }: Target,
    at_once: usize,
    existing: Existing,
    receipts: Receipts,
    progress: &DownloadProgress,
) -> Result<Vec<Ended>, Error> {
    let used = folder.clone();
    let placed = placed(files, folder.clone(), names, progress.clone());
    let fetched = fetched(placed, Means { folder, existing, receipts, progress: progress.clone() });
    // In order of completion, so that a large file does not hold up the others.
    let mut ended: Vec<_> = fetched.buffer_unordered(at_once).try_collect().await?;
    ended.sort_unstable_by_key(|(number, ..)| *number);
    blocking::unblock(move || used.tidy()).await;
    Ok(ended.into_iter().map(|(_, file, outcome)| (file, outcome)).collect())
}

/// Assigns each file a name in the folder. A separate function, because inside an async one the compiler cannot prove
/// that the stream is `Send`.
fn placed(
    files: BoxStream<'static, Result<RunFile, Error>>,
    folder: Folder,
    names: Names,
    progress: DownloadProgress,
) -> BoxStream<'static, Result<(RunFile, String), Error>> {
    let next = move |(mut files, names): (BoxStream<'static, Result<RunFile, Error>>, Names)| {
        let (folder, progress) = (folder.clone(), progress.clone());
        async move {
            let Some(file) = files.next().await.transpose()? else { return Ok::<_, Error>(None) };
            progress.listed(file.size);
            let (here, names) = assign(&folder, names, &file).await?;
            Ok(Some(((file, here), (files, names))))
        }
    };
    stream::try_unfold((files, names), next).boxed()
}

/// Downloads files, each with its number.
fn fetched(
    placed: BoxStream<'static, Result<(RunFile, String), Error>>,
    means: Means,
) -> BoxStream<'static, Fetching> {
    let fetch = move |(number, place)| {
        let means = means.clone();
        async move {
            let (file, here): (RunFile, String) = place?;
            let outcome = fetch(&file, &means, &here).await;
            means.progress.done();
            Ok::<_, Error>((number, file, outcome))
        }
        .boxed()
    };
    placed.enumerate().map(fetch).boxed()
}

/// A download in flight.
type Fetching = BoxFuture<'static, Result<(usize, RunFile, Result<Fetched, Error>), Error>>;

impl RunFile {
    /// Downloads the file into `folder` under the file's name. Returns its path; see [`Files::download`].
    ///
    /// # Errors
    /// If something else exists at that path, or the download fails.
    pub async fn download(&self, folder: impl AsRef<Path>) -> Result<Downloaded, Error> {
        self.download_with(folder, Existing::Refuse).await
    }

    /// Downloads the file like [`download`](Self::download), with a choice of how to treat an existing file.
    ///
    /// # Errors
    /// If the download fails.
    pub async fn download_with(
        &self,
        folder: impl AsRef<Path>,
        existing: Existing,
    ) -> Result<Downloaded, Error> {
        self.fetch(folder.as_ref().to_owned(), existing).await
    }

    async fn fetch(&self, folder: PathBuf, existing: Existing) -> Result<Downloaded, Error> {
        let Target { folder, names } = Target::open(folder).await?;
        let (here, _) = assign(&folder, names, self).await?;
        let progress = DownloadProgress::default();
        let means = Means { folder: folder.clone(), existing, receipts: Receipts::InFolder, progress };
        let outcome = fetch(self, &means, &here).await;
        blocking::unblock(move || folder.tidy()).await;
        Ok(outcome?.file)
    }
}

/// A folder and the names assigned in it.
struct Target {
    folder: Folder,
    names: Names,
}

impl Target {
    async fn open(path: PathBuf) -> Result<Self, Error> {
        blocking::unblock(move || {
            let opening = || format!("opening the folder {}", path.display());
            Self::of(Folder::open(&path).map_err(|error| Error::io(opening(), error))?)
        })
        .await
    }

    fn of(folder: Folder) -> Result<Self, Error> {
        let reading = || format!("reading {}", folder.place(Names::MAPPING).display());
        let names = folder.names().map_err(|error| Error::io(reading(), error))?;
        Ok(Self { folder, names })
    }
}

/// Assigns a file its name in the folder. A new name is written to disk before the file is.
async fn assign(folder: &Folder, mut names: Names, file: &RunFile) -> Result<(String, Names), Error> {
    let (here, is_new) = names.assign(&file.name);
    if !is_new {
        return Ok((here, names));
    }
    let folder = folder.clone();
    blocking::unblock(move || {
        let saved = folder.save_names(names.renamed());
        saved.map_err(|error| {
            Error::io(format!("writing {}", folder.place(Names::MAPPING).display()), error)
        })?;
        Ok((here, names))
    })
    .await
}
