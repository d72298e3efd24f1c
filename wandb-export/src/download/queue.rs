//! Fetches several files at a time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_lock::SemaphoreGuardArc;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, FuturesUnordered, StreamExt, TryStreamExt};

use super::fetch::{DownloadSettings, Fetched, fetch};
use super::progress::DownloadProgress;
use super::remote_file::RemoteFile;
use crate::error::Error;
use crate::files::{DownloadFolder, Names};

/// The number of a file in its list, the file, and the outcome of its download.
pub(crate) type NumberedOutcome = (usize, RemoteFile, Result<Fetched, Error>);

/// A file and the outcome of its download.
type FetchOutcome = (RemoteFile, Result<Fetched, Error>);

/// The next page of a list is requested once fewer files than this wait for their downloads. Their addresses expire, so
/// they should not wait for long.
const FILES_AHEAD: usize = 500;

/// Fetches files, several at a time, and returns the outcome of each, in order.
///
/// # Errors
/// If a file cannot be listed, or the mapping of names cannot be used.
pub(crate) async fn fetch_all(
    files: BoxStream<'static, Result<RemoteFile, Error>>,
    settings: DownloadSettings,
) -> Result<Vec<FetchOutcome>, Error> {
    let folder = settings.folder.clone();
    let mut outcomes: Vec<_> = fetch_each(files, settings).await?.try_collect().await?;
    outcomes.sort_unstable_by_key(|(number, ..)| *number);
    blocking::unblock(move || folder.tidy()).await;
    Ok(outcomes.into_iter().map(|(_, file, outcome)| (file, outcome)).collect())
}

/// Fetches files, several at a time. Streams the outcomes in order of completion, so that a large file does not hold up
/// the others. The stream ends after an error of the list.
///
/// # Errors
/// If the mapping of names cannot be used.
pub(crate) async fn fetch_each(
    files: BoxStream<'static, Result<RemoteFile, Error>>,
    settings: DownloadSettings,
) -> Result<BoxStream<'static, Result<NumberedOutcome, Error>>, Error> {
    let folder = settings.folder.clone();
    let names = read_names(&folder).await?;
    let listed = assign_names(files, folder, names, settings.progress.clone());
    let mut queue = FetchQueue {
        listed,
        is_listed: false,
        waiting: VecDeque::new(),
        started: 0,
        permit: None,
        in_flight: FuturesUnordered::new(),
        settings,
    };
    Ok(stream::poll_fn(move |context| queue.poll_next(context)).boxed())
}

/// Files to fetch. Further ones are listed while the first are fetched.
struct FetchQueue {
    listed: BoxStream<'static, Result<(RemoteFile, String), Error>>,
    /// Whether the list has ended.
    is_listed: bool,
    /// Listed files with their local names.
    waiting: VecDeque<(RemoteFile, String)>,
    /// The number of files started.
    started: usize,
    /// The permit that the next file waits for.
    permit: Option<BoxFuture<'static, SemaphoreGuardArc>>,
    in_flight: FuturesUnordered<BoxFuture<'static, NumberedOutcome>>,
    settings: DownloadSettings,
}

impl FetchQueue {
    /// Advances everything that can advance, and returns the next outcome.
    ///
    /// The list is polled until its next page has arrived, even while no file can start: a request that nobody polls
    /// would occupy a place among the requests in flight.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<NumberedOutcome, Error>>> {
        while !self.is_listed && self.waiting.len() < FILES_AHEAD {
            match self.listed.poll_next_unpin(context) {
                Poll::Ready(Some(Ok(file))) => self.waiting.push_back(file),
                Poll::Ready(Some(Err(error))) => {
                    self.is_listed = true;
                    self.waiting.clear();
                    self.in_flight.clear();
                    return Poll::Ready(Some(Err(error)));
                }
                Poll::Ready(None) => self.is_listed = true,
                Poll::Pending => break,
            }
        }
        self.start_files(context);
        match self.in_flight.poll_next_unpin(context) {
            Poll::Ready(Some(outcome)) => Poll::Ready(Some(Ok(outcome))),
            Poll::Ready(None) if self.is_listed && self.waiting.is_empty() => Poll::Ready(None),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    /// Starts as many files as the limits allow.
    fn start_files(&mut self, context: &mut Context<'_>) {
        while !self.waiting.is_empty() {
            let limits = &self.settings.limits;
            let permit = self.permit.get_or_insert_with(|| Arc::clone(limits).begin_file().boxed());
            let Poll::Ready(permit) = permit.poll_unpin(context) else { return };
            self.permit = None;
            if let Some((file, local_name)) = self.waiting.pop_front() {
                self.in_flight.push(fetch_numbered(self.started, file, local_name, &self.settings, permit));
                self.started += 1;
            }
        }
    }
}

fn fetch_numbered(
    number: usize,
    file: RemoteFile,
    local_name: String,
    settings: &DownloadSettings,
    permit: SemaphoreGuardArc,
) -> BoxFuture<'static, NumberedOutcome> {
    let settings = settings.clone();
    async move {
        let outcome = fetch(&file, &settings, &local_name).await;
        drop(permit);
        settings.progress.add_done();
        (number, file, outcome)
    }
    .boxed()
}

/// Fetches one file.
pub(crate) async fn fetch_one(file: &RemoteFile, settings: &DownloadSettings) -> Result<Fetched, Error> {
    let folder = settings.folder.clone();
    let names = read_names(&folder).await?;
    let (local_name, _) = assign(&folder, names, file).await?;
    let _permit = Arc::clone(&settings.limits).begin_file().await;
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
