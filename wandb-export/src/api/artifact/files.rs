//! The entries of an artifact: selects, lists and names them.

use std::ops::Deref;

use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use wandb_core::ArtifactPath;
use wandb_core::model::ManifestEntry;

use super::Artifact;
use crate::api::files::Pattern;
use crate::error::Error;
use crate::source::list_reader::{Issues, ListReader};

/// Entries per batch.
const BATCH: usize = 1_000;

/// A request for the entries of an artifact, to be refined. Defaults to all entries, in the order of their paths.
///
/// The entries come from the manifest, so references are among them.
///
/// ```no_run
/// # #[cfg(all(feature = "async", feature = "files"))]
/// # async fn example() -> Result<(), wandb_export::Error> {
/// use futures_util::TryStreamExt;
///
/// let artifact = wandb_export::Api::connect()?.artifact("my-team/my-project/data:v3").await?;
/// let mut files = artifact.files().prefix("train/").stream();
/// while let Some(file) = files.try_next().await? {
///     println!("{} {:?} {}", file.path(), file.size(), file.digest());
/// }
/// artifact.files().pattern("*.csv")?.download("data").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct ArtifactFiles {
    pub(super) artifact: Artifact,
    pub(super) selection: Selection,
    #[cfg(feature = "files")]
    pub(super) existing: crate::files::ExistingFilePolicy,
    #[cfg(feature = "files")]
    pub(super) progress: crate::download::DownloadProgress,
}

/// Which entries to select.
#[derive(Debug, Clone, Default)]
pub(super) struct Selection {
    prefix: String,
    pattern: Option<Pattern>,
}

/// An entry of an artifact. Dereferences to the entry of the manifest: [`ManifestEntry`].
#[derive(Debug, Clone)]
pub struct ArtifactFile {
    artifact: ArtifactPath,
    entry: ManifestEntry,
}

impl Selection {
    /// Returns whether an entry is selected.
    pub(super) fn has(&self, entry: &ManifestEntry) -> bool {
        entry.path().starts_with(&self.prefix)
            && self.pattern.as_ref().is_none_or(|pattern| pattern.matches(entry.path()))
    }
}

impl ArtifactFiles {
    pub(super) fn new(artifact: Artifact) -> Self {
        Self {
            artifact,
            selection: Selection::default(),
            #[cfg(feature = "files")]
            existing: crate::files::ExistingFilePolicy::default(),
            #[cfg(feature = "files")]
            progress: crate::download::DownloadProgress::default(),
        }
    }

    /// Selects only entries whose paths begin with a text, such as a folder with its slash.
    pub fn prefix(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut self.selection.prefix);
        self
    }

    /// Selects only entries whose whole paths match a shell pattern: `*` matches any text including slashes, `?` any
    /// character, `[a-z]` one of a set.
    ///
    /// # Errors
    /// If the pattern is invalid.
    pub fn pattern(mut self, pattern: &str) -> Result<Self, Error> {
        self.selection.pattern = Some(Pattern::new(pattern)?);
        Ok(self)
    }

    /// Streams the entries. Does not report differences between the manifest and the artifact; [`open`](Self::open)
    /// does.
    pub fn stream(self) -> BoxStream<'static, Result<ArtifactFile, Error>> {
        self.open().into_stream()
    }

    /// Opens the list, to be read in batches. Its issues are those of
    /// [`check_manifest`](Artifact::check_manifest).
    pub fn open(self) -> ListReader<ArtifactFile> {
        let issues = Issues::default();
        let found = issues.clone();
        let Self { artifact, selection, .. } = self;
        let entries = async move {
            let manifest = artifact.manifest().await?;
            found.add(artifact.check_manifest(&manifest));
            let path = artifact.path().clone();
            let entries = manifest.into_entries().into_iter().filter(move |entry| selection.has(entry));
            let files = entries.map(move |entry| ArtifactFile { artifact: path.clone(), entry });
            Ok::<_, Error>(stream::iter(files).chunks(BATCH).map(Ok))
        };
        ListReader::new(stream::once(entries).try_flatten().boxed(), issues)
    }

    /// Collects the selected entries.
    pub async fn collect(self) -> Result<Vec<ArtifactFile>, Error> {
        self.stream().try_collect().await
    }
}

impl ArtifactFile {
    /// Returns the path of the artifact.
    pub fn artifact(&self) -> &ArtifactPath {
        &self.artifact
    }

    /// Returns the entry without the rest.
    pub fn into_entry(self) -> ManifestEntry {
        self.entry
    }
}

impl Deref for ArtifactFile {
    type Target = ManifestEntry;

    fn deref(&self) -> &ManifestEntry {
        &self.entry
    }
}
