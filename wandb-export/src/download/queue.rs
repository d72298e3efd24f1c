//! Fetches several files at a time.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};

use super::fetch::{DownloadSettings, Fetched, fetch};
use super::progress::DownloadProgress;
use super::remote_file::RemoteFile;
use crate::error::Error;
use crate::files::{DownloadFolder, Names};

/// The number of a file, the file, and the outcome of its download.
pub(crate) type NumberedOutcome = (usize, RemoteFile, Result<Fetched, Error>);

/// A file and the outcome of its download.
type FetchOutcome = (RemoteFile, Result<Fetched, Error>);

/// Fetches files, `at_once` at a time, and returns the outcome of each, in order.
///
/// # Errors
/// If a file cannot be listed, or the mapping of names cannot be used.
pub(crate) async fn fetch_all(
    files: BoxStream<'static, Result<RemoteFile, Error>>,
    settings: DownloadSettings,
    at_once: usize,
) -> Result<Vec<FetchOutcome>, Error> {
    let folder = settings.folder.clone();
    let mut outcomes: Vec<_> = fetch_each(files, settings, at_once).await?.try_collect().await?;
    outcomes.sort_unstable_by_key(|(number, ..)| *number);
    blocking::unblock(move || folder.tidy()).await;
    Ok(outcomes.into_iter().map(|(_, file, outcome)| (file, outcome)).collect())
}

/// Fetches files, `at_once` at a time. Streams the outcomes with the numbers of the files in `files`, in order of
/// completion, so that a large file does not hold up the others.
///
/// # Errors
/// If the mapping of names cannot be used.
pub(crate) async fn fetch_each(
    files: BoxStream<'static, Result<RemoteFile, Error>>,
    settings: DownloadSettings,
    at_once: usize,
) -> Result<BoxStream<'static, Result<NumberedOutcome, Error>>, Error> {
    let folder = settings.folder.clone();
    let names = read_names(&folder).await?;
    let with_names = assign_names(files, folder, names, settings.progress.clone());
    Ok(start_fetches(with_names, settings).buffer_unordered(at_once).boxed())
}

/// Fetches one file.
pub(crate) async fn fetch_one(file: &RemoteFile, settings: &DownloadSettings) -> Result<Fetched, Error> {
    let folder = settings.folder.clone();
    let names = read_names(&folder).await?;
    let (local_name, _) = assign(&folder, names, file).await?;
    let outcome = fetch(file, settings, &local_name).await;
    blocking::unblock(move || folder.tidy()).await;
    outcome
}

/// Assigns each file a name in the folder. A separate function, because inside an async one the compiler cannot prove
/// that the stream is `Send`.
fn assign_names(
    files: BoxStream<'static, Result<RemoteFile, Error>>,
    folder: DownloadFolder,
    names: Names,
    progress: DownloadProgress,
) -> BoxStream<'static, Result<(RemoteFile, String), Error>> {
    let next = move |(mut files, names): (BoxStream<'static, Result<RemoteFile, Error>>, Names)| {
        let (folder, progress) = (folder.clone(), progress.clone());
        async move {
            let Some(file) = files.next().await.transpose()? else { return Ok::<_, Error>(None) };
            progress.add_listed(file.listed.size);
            let (local_name, names) = assign(&folder, names, &file).await?;
            Ok(Some(((file, local_name), (files, names))))
        }
    };
    stream::try_unfold((files, names), next).boxed()
}

/// Downloads files, each with its number.
fn start_fetches(
    with_names: BoxStream<'static, Result<(RemoteFile, String), Error>>,
    settings: DownloadSettings,
) -> BoxStream<'static, PendingFetch> {
    let fetch = move |(number, named_file)| {
        let settings = settings.clone();
        async move {
            let (file, local_name): (RemoteFile, String) = named_file?;
            let outcome = fetch(&file, &settings, &local_name).await;
            settings.progress.add_done();
            Ok::<_, Error>((number, file, outcome))
        }
        .boxed()
    };
    with_names.enumerate().map(fetch).boxed()
}

/// A download in flight.
type PendingFetch = BoxFuture<'static, Result<NumberedOutcome, Error>>;

/// Reads the names that are assigned in a folder.
async fn read_names(folder: &DownloadFolder) -> Result<Names, Error> {
    let folder = folder.clone();
    blocking::unblock(move || {
        let reading = || format!("reading {}", folder.full_path(Names::MAPPING).display());
        folder.read_names().map_err(|error| Error::io(reading(), error))
    })
    .await
}

/// Assigns a file its name in the folder. A new name is written to disk before the file is.
async fn assign(
    folder: &DownloadFolder,
    mut names: Names,
    file: &RemoteFile,
) -> Result<(String, Names), Error> {
    let (local_name, is_new) = names.assign(&file.name);
    if !is_new {
        return Ok((local_name, names));
    }
    let folder = folder.clone();
    blocking::unblock(move || {
        let saved = folder.save_names(names.renamed());
        saved.map_err(|error| {
            Error::io(format!("writing {}", folder.full_path(Names::MAPPING).display()), error)
        })?;
        Ok((local_name, names))
    })
    .await
}
