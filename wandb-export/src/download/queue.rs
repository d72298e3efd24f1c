//! Fetches several files at a time.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};

use super::fetch::{Fetched, Means, fetch};
use super::progress::DownloadProgress;
use super::remote_file::RemoteFile;
use crate::error::Error;
use crate::files::{DownloadFolder, Names};

/// A file and the outcome of its download.
type Ended = (RemoteFile, Result<Fetched, Error>);

/// Fetches files, `at_once` at a time, and returns the outcome of each, in order.
///
/// # Errors
/// If a file cannot be listed, or the mapping of names cannot be used.
pub(crate) async fn fetch_all(
    files: BoxStream<'static, Result<RemoteFile, Error>>,
    means: Means,
    at_once: usize,
) -> Result<Vec<Ended>, Error> {
    let folder = means.folder.clone();
    let names = names(&folder).await?;
    let placed = placed(files, folder.clone(), names, means.progress.clone());
    // In order of completion, so that a large file does not hold up the others.
    let mut ended: Vec<_> = fetched(placed, means).buffer_unordered(at_once).try_collect().await?;
    ended.sort_unstable_by_key(|(number, ..)| *number);
    blocking::unblock(move || folder.tidy()).await;
    Ok(ended.into_iter().map(|(_, file, outcome)| (file, outcome)).collect())
}

/// Fetches one file.
pub(crate) async fn fetch_one(file: &RemoteFile, means: &Means) -> Result<Fetched, Error> {
    let folder = means.folder.clone();
    let names = names(&folder).await?;
    let (here, _) = assign(&folder, names, file).await?;
    let outcome = fetch(file, means, &here).await;
    blocking::unblock(move || folder.tidy()).await;
    outcome
}

/// Assigns each file a name in the folder. A separate function, because inside an async one the compiler cannot prove
/// that the stream is `Send`.
fn placed(
    files: BoxStream<'static, Result<RemoteFile, Error>>,
    folder: DownloadFolder,
    names: Names,
    progress: DownloadProgress,
) -> BoxStream<'static, Result<(RemoteFile, String), Error>> {
    let next = move |(mut files, names): (BoxStream<'static, Result<RemoteFile, Error>>, Names)| {
        let (folder, progress) = (folder.clone(), progress.clone());
        async move {
            let Some(file) = files.next().await.transpose()? else { return Ok::<_, Error>(None) };
            progress.listed(file.listed.size);
            let (here, names) = assign(&folder, names, &file).await?;
            Ok(Some(((file, here), (files, names))))
        }
    };
    stream::try_unfold((files, names), next).boxed()
}

/// Downloads files, each with its number.
fn fetched(
    placed: BoxStream<'static, Result<(RemoteFile, String), Error>>,
    means: Means,
) -> BoxStream<'static, Fetching> {
    let fetch = move |(number, place)| {
        let means = means.clone();
        async move {
            let (file, here): (RemoteFile, String) = place?;
            let outcome = fetch(&file, &means, &here).await;
            means.progress.done();
            Ok::<_, Error>((number, file, outcome))
        }
        .boxed()
    };
    placed.enumerate().map(fetch).boxed()
}

/// A download in flight.
type Fetching = BoxFuture<'static, Result<(usize, RemoteFile, Result<Fetched, Error>), Error>>;

/// Reads the names that are assigned in a folder.
async fn names(folder: &DownloadFolder) -> Result<Names, Error> {
    let folder = folder.clone();
    blocking::unblock(move || {
        let reading = || format!("reading {}", folder.place(Names::MAPPING).display());
        folder.names().map_err(|error| Error::io(reading(), error))
    })
    .await
}

/// Assigns a file its name in the folder. A new name is written to disk before the file is.
async fn assign(
    folder: &DownloadFolder,
    mut names: Names,
    file: &RemoteFile,
) -> Result<(String, Names), Error> {
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
