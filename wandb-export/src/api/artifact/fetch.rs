//! Fetches the files of artifacts into a folder.
//!
//! The manifests say what to fetch. Files of equal content are fetched once and copied, also across artifacts. The signed
//! addresses are listed page by page while files arrive, so memory holds those of one page.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_channel::{Receiver, Sender};
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use wandb_core::ArtifactUri;
use wandb_core::model::{DigestAlgorithm, ManifestEntry};

use super::addresses::AddressedGroup;
use super::files::Selection;
use super::location::ArtifactLocation;
use super::references::{Link, resolve};
use super::{Api, Artifact};
use crate::api::files::open_folder;
use crate::download::{DownloadProgress, FileSource, NumberedOutcome, RemoteFile, fetch_each};
use crate::error::Error;
use crate::files::{
    ArtifactDownloads, DownloadOutcome, DownloadedFile, ExistingFilePolicy, FailedDownload,
    UnfetchedReference,
};
use crate::issue::Issue;

/// An artifact to fetch.
#[derive(Debug)]
pub(crate) struct ArtifactToFetch {
    artifact: Artifact,
    selection: Selection,
    /// The beginning of the names of the files in the folder: empty, or a folder with a slash.
    prefix: String,
}

impl ArtifactToFetch {
    pub(super) fn new(artifact: Artifact, selection: Selection) -> Self {
        Self { artifact, selection, prefix: String::new() }
    }

    /// Fetches the whole artifact into a folder in the folder.
    pub(crate) fn whole(artifact: Artifact, folder: &str) -> Self {
        Self { artifact, selection: Selection::default(), prefix: format!("{folder}/") }
    }
}

/// The options of fetching artifacts.
#[derive(Debug)]
pub(crate) struct ArtifactFetcher {
    pub(crate) api: Api,
    pub(crate) existing: ExistingFilePolicy,
    pub(crate) progress: DownloadProgress,
}

/// A file to fetch: its name in the folder, and its entry.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) name: String,
    pub(super) entry: ManifestEntry,
}

/// Files to fetch from one artifact.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) location: Arc<ArtifactLocation>,
    pub(super) items: Vec<Item>,
}

/// What to fetch of an artifact, and what not.
#[derive(Debug, Default)]
pub(super) struct Prepared {
    pub(super) groups: Vec<Group>,
    pub(super) references: Vec<UnfetchedReference>,
    pub(super) failed: Vec<FailedDownload>,
    pub(super) issues: Vec<Issue>,
}

/// A file whose content is that of another file of the download.
#[derive(Debug)]
struct Duplicate {
    item: Item,
    location: Arc<ArtifactLocation>,
    /// The name of the other file.
    original: String,
}

/// The results so far.
#[derive(Debug, Default)]
struct Results {
    downloads: ArtifactDownloads,
    /// How many files have been fetched or have failed.
    finished: usize,
    duplicates: Vec<Duplicate>,
}

impl ArtifactFetcher {
    /// Fetches artifacts into the folder at `path`, which is created if missing. An artifact whose manifest cannot be read
    /// does not stop the others, unless it `is_single`.
    ///
    /// # Errors
    /// If the artifacts or the addresses of their files cannot be listed, or the folder cannot be used.
    pub(crate) async fn fetch(
        self,
        artifacts: BoxStream<'static, Result<ArtifactToFetch, Error>>,
        path: PathBuf,
        is_single: bool,
    ) -> Result<ArtifactDownloads, Error> {
        let at_once = self.api.client.concurrency();
        let settings = open_folder(&self.api, path, self.existing, self.progress).await?;
        let folder = settings.folder.clone();
        let results = Arc::<Mutex<Results>>::default();
        // Only wakes the stage, so one message is enough.
        let (finished, woken) = async_channel::bounded(1);
        let prepared = prepare_all(artifacts, is_single, at_once);
        let stage = AddressStage {
            prepared,
            groups: VecDeque::new(),
            current: None,
            seen: HashMap::new(),
            results: Arc::clone(&results),
            emitted: 0,
            woken,
            has_ended: false,
        };
        let mut outcomes = fetch_each(stage.into_files(), settings).await?;
        while let Some(outcome) = outcomes.try_next().await? {
            lock(&results).record(outcome);
            wake(&finished);
        }
        drop(outcomes);
        blocking::unblock(move || folder.tidy()).await;
        let mut downloads = std::mem::take(&mut lock(&results).downloads);
        downloads.files.sort_by(|one, other| one.name.cmp(&other.name));
        downloads.failed.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(downloads)
    }
}

fn lock(results: &Mutex<Results>) -> MutexGuard<'_, Results> {
    results.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wake(finished: &Sender<()>) {
    // A full channel has a message that wakes the stage, too.
    let _ = finished.try_send(());
}

impl Results {
    fn record(&mut self, (_, file, outcome): NumberedOutcome) {
        self.finished += 1;
        let downloads = &mut self.downloads;
        match outcome {
            Ok(fetched) => {
                let mut downloaded = fetched.file;
                if file.on_disk().is_some() && downloaded.outcome == DownloadOutcome::Fetched {
                    downloaded.outcome = DownloadOutcome::Copied;
                }
                let issue = |detail| Issue::ArtifactFileInexact { file: file.subject.clone(), detail };
                downloaded.issues = fetched.inexact.map(issue).into_iter().collect();
                downloads.issues.extend(downloaded.issues.iter().cloned());
                downloads.files.push(downloaded);
            }
            Err(error) => downloads.failed.push(FailedDownload { name: file.name, error }),
        }
    }
}

/// Prepares artifacts, `at_once` at a time, in order.
fn prepare_all(
    artifacts: BoxStream<'static, Result<ArtifactToFetch, Error>>,
    is_single: bool,
    at_once: usize,
) -> BoxStream<'static, Result<Prepared, Error>> {
    let prepare = move |wanted: Result<ArtifactToFetch, Error>| async move {
        let wanted = wanted?;
        let name = wanted.artifact.path().to_string();
        match prepare(wanted).await {
            Err(error) if !is_single => {
                Ok(Prepared { failed: vec![FailedDownload { name, error }], ..Prepared::default() })
            }
            prepared => prepared,
        }
    };
    artifacts.map(prepare).buffered(at_once.max(1)).boxed()
}

/// Fetches the manifest, and decides where each selected entry comes from.
async fn prepare(wanted: ArtifactToFetch) -> Result<Prepared, Error> {
    let ArtifactToFetch { artifact, selection, prefix } = wanted;
    let manifest = artifact.manifest().await?;
    let mut prepared = Prepared { issues: artifact.check_manifest(&manifest), ..Prepared::default() };
    let location = Arc::new(ArtifactLocation::find(&artifact, &manifest).await?);
    let (mut items, mut links) = (Vec::new(), Vec::new());
    for entry in manifest.into_entries().into_iter().filter(|entry| selection.has(entry)) {
        let name = format!("{prefix}{}", entry.path());
        let Some(address) = entry.reference() else {
            items.push(Item { name, entry });
            continue;
        };
        if let Some(uri) = ArtifactUri::parse(address).filter(|uri| !uri.path().is_empty()) {
            let subject = location.subject(&entry);
            links.push(Link { name, subject, digest: entry.digest().to_owned(), uri });
            continue;
        }
        let (address, size) = (address.to_owned(), entry.size());
        let artifact = artifact.path().to_string();
        prepared.references.push(UnfetchedReference { artifact, name, address, size });
    }
    prepared.groups.push(Group { location, items });
    resolve(&artifact, links, &mut prepared).await;
    if !prepared.references.is_empty() {
        let scheme = |reference: &UnfetchedReference| {
            let scheme = reference.address.split_once("://").map(|(scheme, _)| scheme);
            scheme.unwrap_or("no scheme").to_owned()
        };
        let mut schemes: Vec<_> = prepared.references.iter().map(scheme).collect();
        schemes.sort();
        schemes.dedup();
        prepared.issues.push(Issue::ReferencesNotFetched {
            artifact: artifact.path().to_string(),
            count: prepared.references.len() as u64,
            schemes,
        });
    }
    Ok(prepared)
}

/// Finds the addresses of files, page by page.
struct AddressStage {
    prepared: BoxStream<'static, Result<Prepared, Error>>,
    groups: VecDeque<Group>,
    current: Option<AddressedGroup>,
    /// The name of the first file of each content.
    seen: HashMap<(DigestAlgorithm, Box<str>), String>,
    results: Arc<Mutex<Results>>,
    /// How many files have left the stage.
    emitted: usize,
    woken: Receiver<()>,
    has_ended: bool,
}

impl AddressStage {
    fn into_files(self) -> BoxStream<'static, Result<RemoteFile, Error>> {
        let next = |mut stage: Self| async move {
            Ok::<_, Error>(stage.next_files().await?.map(|files| (files, stage)))
        };
        let batches = stream::try_unfold(self, next);
        batches.map_ok(|files| stream::iter(files.into_iter().map(Ok))).try_flatten().boxed()
    }

    /// Returns the next files. `None` at the end.
    async fn next_files(&mut self) -> Result<Option<Vec<RemoteFile>>, Error> {
        loop {
            if let Some(current) = &mut self.current {
                if let Some(files) = current.next_files().await? {
                    self.emitted += files.len();
                    return Ok(Some(files));
                }
                self.current = None;
            } else if let Some(group) = self.groups.pop_front() {
                self.current = self.begin(group);
            } else if self.has_ended {
                return Ok(None);
            } else if let Some(prepared) = self.prepared.try_next().await? {
                let Prepared { groups, references, failed, issues } = prepared;
                self.groups.extend(groups);
                let downloads = &mut lock(&self.results).downloads;
                downloads.references.extend(references);
                downloads.failed.extend(failed);
                downloads.issues.extend(issues);
            } else {
                self.has_ended = true;
                return Ok(Some(self.duplicates().await));
            }
        }
    }

    /// Puts files of known contents aside.
    fn begin(&mut self, group: Group) -> Option<AddressedGroup> {
        let Group { location, items } = group;
        let mut firsts = Vec::new();
        for item in items {
            let key = (item.entry.digest_algorithm(), Box::from(item.entry.digest()));
            match self.seen.get(&key) {
                Some(original) if !item.entry.digest().is_empty() => {
                    let (location, original) = (Arc::clone(&location), original.clone());
                    lock(&self.results).duplicates.push(Duplicate { item, location, original });
                }
                _ => {
                    self.seen.insert(key, item.name.clone());
                    firsts.push(item);
                }
            }
        }
        (!firsts.is_empty()).then(|| AddressedGroup::new(location, firsts))
    }

    /// Waits for all other files, and returns those with the content of another one. They are copied if the other one has
    /// been downloaded.
    async fn duplicates(&mut self) -> Vec<RemoteFile> {
        let duplicates = std::mem::take(&mut lock(&self.results).duplicates);
        if duplicates.is_empty() {
            return Vec::new();
        }
        while lock(&self.results).finished < self.emitted {
            // Fails only if the download has been dropped, and then this is not polled again.
            let _ = self.woken.recv().await;
        }
        let results = lock(&self.results);
        let places: HashMap<&str, &DownloadedFile> =
            results.downloads.files.iter().map(|file| (file.name.as_str(), file)).collect();
        let copy = |duplicate: Duplicate| {
            let Duplicate { item, location, original } = duplicate;
            let mut file = location.remote_file(item.name, &item.entry, None);
            let is_exact =
                |place: &&&DownloadedFile| place.issues.is_empty() && place.outcome != DownloadOutcome::Kept;
            if let Some(place) = places.get(original.as_str()).filter(is_exact) {
                file.source = FileSource::Disk(Arc::new(place.path.clone()));
            }
            file
        };
        duplicates.into_iter().map(copy).collect()
    }
}
