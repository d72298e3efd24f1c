//! Files of a run into a folder.

use std::path::{Path, PathBuf};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};

use super::fetch::{Fetched, Means, Receipts, fetch};
use super::{DownloadProgress, Files, RunFile};
use crate::error::Error;
use crate::files::{Downloaded, Downloads, Existing, Folder, Names};

impl Files {
    /// What to do where something is in the place of a file. Default: [`Existing::Refuse`].
    pub fn existing(mut self, existing: Existing) -> Self {
        self.existing = existing;
        self
    }

    /// How far the download of these files is, to be looked at while it goes on.
    pub fn progress(&self) -> DownloadProgress {
        self.progress.clone()
    }

    /// Downloads the files into `folder`, which is made if there is none; sub-folders are those of the names.
    ///
    /// Several at a time, each checked against the size and digest that the server tells and then put into its place.
    /// A file that fails does not stop the others. Content that differs from the list is downloaded twice; if both agree, it
    /// is kept, with an issue. Interrupted downloads are resumed, also those of a program that was killed. Files that are
    /// there already are not downloaded again.
    ///
    /// A name that could lead out of the folder, or that some system cannot hold or tell from another one, is replaced by a
    /// safe one; `wandb-export-names.json` in the folder tells the server's names of those.
    ///
    /// # Errors
    /// If the files cannot be listed, or the folder cannot be used. What is wrong with single files is in the result.
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

/// Downloads `files` into `folder`, and tells what became of each, in their order; see [`Files::download`].
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

/// A file, and what became of its download.
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
    // As they end, so that a large file does not hold up the others.
    let mut ended: Vec<_> = fetched.buffer_unordered(at_once).try_collect().await?;
    ended.sort_unstable_by_key(|(number, ..)| *number);
    blocking::unblock(move || used.tidy()).await;
    Ok(ended.into_iter().map(|(_, file, outcome)| (file, outcome)).collect())
}

/// Files and their places in the folder. (A function of its own, as a compiler that looks at it inside of an async one does
/// not see that it can move between threads.)
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

/// What becomes of files when they are downloaded, with their numbers.
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

/// A download on its way.
type Fetching = BoxFuture<'static, Result<(usize, RunFile, Result<Fetched, Error>), Error>>;

impl RunFile {
    /// Downloads the file into `folder` under its own name and returns where it is; see [`Files::download`].
    ///
    /// # Errors
    /// If something else is in its place, or it cannot be had.
    pub async fn download(&self, folder: impl AsRef<Path>) -> Result<Downloaded, Error> {
        self.download_with(folder, Existing::Refuse).await
    }

    /// The same, with what to do where something is in its place.
    ///
    /// # Errors
    /// If it cannot be had.
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

/// A folder, and the names in it.
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

/// The place of a file in the folder; a new name is on the disk before the file is.
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
