//! Lists and downloads the media that a run has logged.

#[cfg(feature = "files")]
use std::collections::HashSet;
#[cfg(feature = "files")]
use std::path::Path;

use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use wandb_core::model::MediaItem;
#[cfg(feature = "files")]
use wandb_core::model::MediaKind;

use super::{HistoryReader, Run, ScanHistory};
use crate::error::Error;
#[cfg(feature = "files")]
use crate::files::{Downloads, ExistingFilePolicy, FailedDownload};
use crate::source::list_reader::{Issues, ListReader};

/// A request for the media that a run has logged, to be refined: images, masks, boxes, audio, video, HTML, 3D objects,
/// molecules, charts, tables and histograms. Defaults to those of all steps.
///
/// A batch, such as a list of images, becomes one item each. The items of a step follow the order of its row.
///
/// ```no_run
/// # #[cfg(all(feature = "async", feature = "files"))]
/// # async fn example() -> Result<(), wandb_export::Error> {
/// let run = wandb_export::Api::connect()?.run("my-team/my-project/abc123").await?;
/// for item in run.media().kind("image").collect().await? {
///     println!("{:?} {} {:?} {:?}", item.step, item.key, item.caption, item.path);
/// }
/// let downloads = run.media().key("samples").download("samples").await?;
/// println!("{} files are there, {} are not", downloads.files.len(), downloads.failed.len());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Media {
    run: Run,
    key: Option<String>,
    step: Option<i64>,
    max_step: Option<i64>,
    kinds: Vec<String>,
    in_summary: bool,
    #[cfg(feature = "files")]
    existing: ExistingFilePolicy,
    #[cfg(feature = "files")]
    progress: crate::download::DownloadProgress,
}

impl Run {
    /// Selects the media that the run has logged, to be narrowed down, listed and downloaded.
    pub fn media(&self) -> Media {
        Media {
            run: self.clone(),
            key: None,
            step: None,
            max_step: None,
            kinds: Vec::new(),
            in_summary: false,
            #[cfg(feature = "files")]
            existing: ExistingFilePolicy::default(),
            #[cfg(feature = "files")]
            progress: crate::download::DownloadProgress::default(),
        }
    }

    /// Selects the tables that the run has logged, to be listed. [`Run::table`] reads one.
    pub fn tables(&self) -> Media {
        self.media().kind("table")
    }
}

impl Media {
    /// Selects only the media that were logged under this key, or in an object under this key.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Selects only the media of one step.
    pub fn step(mut self, step: i64) -> Self {
        self.step = Some(step);
        self
    }

    /// Selects only the media before this step.
    pub(super) fn before(mut self, step: i64) -> Self {
        self.max_step = Some(step);
        self
    }

    /// Selects a kind of media by its name, such as `image`, or by its type as W&B writes it, such as `image-file`. May be
    /// called repeatedly to select several.
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.kinds.push(kind.into());
        self
    }

    /// Selects the media in the summary, which usually has the last object of each key. Takes no further request.
    pub fn summary(mut self) -> Self {
        self.in_summary = true;
        self
    }

    /// Streams the media, with the rows of the history. Does not report missing rows; [`open`](Self::open) does.
    pub fn stream(self) -> BoxStream<'static, Result<MediaItem, Error>> {
        self.open().into_stream()
    }

    /// Opens the list, to be read in batches. Its issues are those of the history.
    pub fn open(self) -> ListReader<MediaItem> {
        let issues = Issues::default();
        if self.in_summary {
            let summary = self.run.summary.as_ref();
            let items = summary.map(MediaItem::of_summary).unwrap_or_default();
            // A summary has no steps.
            let items = items.into_iter().filter(|item| self.is_wanted(item)).collect();
            issues.add(self.run.issues().iter().cloned());
            return ListReader::new(stream::once(std::future::ready(Ok(items))).boxed(), issues);
        }
        let found = issues.clone();
        let open = async move {
            let reader = self.history().open().await?;
            let next = move |(reader, found): (Option<HistoryReader>, Issues)| async move {
                let Some(mut reader) = reader else { return Ok(None) };
                if let Some(rows) = reader.next_batch().await? {
                    return Ok(Some((rows, (Some(reader), found))));
                }
                found.add(reader.finish().await?.issues);
                Ok::<_, Error>(Some((Vec::new(), (None, found))))
            };
            let batches = stream::try_unfold((Some(reader), found), next);
            Ok::<_, Error>(batches.map_ok(move |rows| {
                let items = rows.iter().flat_map(MediaItem::of_row);
                items.filter(|item| self.is_wanted(item)).collect()
            }))
        };
        ListReader::new(stream::once(open).try_flatten().boxed(), issues)
    }

    /// Collects all media.
    pub async fn collect(self) -> Result<Vec<MediaItem>, Error> {
        self.stream().try_collect().await
    }

    fn is_wanted(&self, item: &MediaItem) -> bool {
        self.key.as_ref().is_none_or(|key| item.is_under(key))
            && (self.kinds.is_empty() || self.kinds.iter().any(|kind| item.is_of_type(kind)))
    }

    /// Returns the rows that may hold the media.
    fn history(&self) -> ScanHistory {
        let mut history = self.run.scan_history();
        if let Some(step) = self.step {
            history = history.min_step(step).max_step(step.saturating_add(1));
        }
        if let Some(step) = self.max_step {
            history = history.max_step(step);
        }
        // A server that counts the keys of the history can select rows. Objects in objects have keys with dots.
        if let (Some(key), Some(logged)) = (&self.key, &self.run.history_keys) {
            let is_under = |name: &&String| {
                name.strip_prefix(&**key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            let keys: Vec<_> = logged.keys.keys().filter(is_under).cloned().collect();
            if !keys.is_empty() {
                history = history.keys(keys).any();
            }
        }
        history
    }
}

#[cfg(feature = "files")]
impl Media {
    /// Sets how to treat a file that already exists. Default: [`ExistingFilePolicy::Refuse`].
    pub fn existing(mut self, existing: ExistingFilePolicy) -> Self {
        self.existing = existing;
        self
    }

    /// Returns the progress of the download, which can be read while it runs.
    pub fn progress(&self) -> crate::download::DownloadProgress {
        self.progress.clone()
    }

    /// Downloads the files of the media into `folder` under their names in the run, each once; see
    /// [`Files::download`](crate::Files::download). Media that are only in an artifact, or that the run lacks, are among
    /// the failed downloads.
    ///
    /// # Errors
    /// If the media or files cannot be listed, or the folder cannot be used. Errors of single files are part of the
    /// result.
    pub async fn download(self, folder: impl AsRef<Path>) -> Result<Downloads, Error> {
        let (run, existing, progress) = (self.run.clone(), self.existing, self.progress.clone());
        let (mut names, mut known, mut elsewhere) = (Vec::new(), HashSet::new(), Vec::new());
        // Histograms, and charts and tables inside the history, have no file.
        let has_no_file = |item: &MediaItem| {
            matches!(
                item.kind,
                MediaKind::Histogram | MediaKind::Plotly | MediaKind::Table | MediaKind::Boxes
            )
        };
        let mut items = self.open();
        while let Some(batch) = items.next_batch().await? {
            for item in batch {
                match (&item.path, &item.artifact_path) {
                    (Some(path), _) if known.insert(path.clone()) => names.push(path.clone()),
                    (None, Some(path)) if known.insert(path.clone()) => {
                        let error = Error::OnlyInArtifact { name: item.key.clone(), path: path.clone() };
                        elsewhere.push(FailedDownload { name: item.key, error });
                    }
                    (None, None) if !has_no_file(&item) => {
                        let message = "the run does not say in which file it is".to_owned();
                        let error = Error::File { name: item.key.clone(), message };
                        elsewhere.push(FailedDownload { name: item.key, error });
                    }
                    _ => {}
                }
            }
        }
        let files = run.files().names(names.iter().cloned()).existing(existing).with_progress(progress);
        let mut downloads =
            if names.is_empty() { Downloads::default() } else { files.download(folder).await? };
        downloads.issues.splice(0..0, items.issues());
        let found: HashSet<&str> = downloads
            .files
            .iter()
            .map(|file| &*file.name)
            .chain(downloads.failed.iter().map(|file| &*file.name))
            .collect();
        let absent: Vec<_> = names.iter().filter(|name| !found.contains(&***name)).cloned().collect();
        let absent = absent.into_iter().map(|name| FailedDownload {
            error: Error::NoSuchFile { run: run.path().to_string(), name: name.clone() },
            name,
        });
        downloads.failed.extend(absent.chain(elsewhere));
        Ok(downloads)
    }
}
