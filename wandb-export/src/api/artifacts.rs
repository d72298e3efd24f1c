//! The artifacts of a project, a registry or a run: types, collections and versions.

#[cfg(feature = "files")]
mod download;

#[cfg(feature = "cli")]
pub(crate) use download::download_listed;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use wandb_core::client::Client;
use wandb_core::model::{self, ArtifactCollection, ArtifactType};
use wandb_core::operation::PageSize;
use wandb_core::{ProjectPath, RunPath};
use wandb_graphql::ops::{
    ListArtifactCollections, ListArtifactTypes, ListArtifactVersions, ListRunArtifacts,
};

use super::files::Pattern;
use super::{Api, Artifact};
use crate::error::{Error, ErrorKind};
use crate::issue::Issue;
use crate::source::list_reader::{Issues, ListReader, read_pages, read_pages_into};

/// A request for the artifacts of a project or a registry, to be refined. Defaults to all committed versions, collection
/// by collection, in the server's order.
///
/// ```no_run
/// # #[cfg(feature = "async")]
/// # async fn example() -> Result<(), wandb_export::Error> {
/// use futures_util::TryStreamExt;
///
/// let api = wandb_export::Api::connect()?;
/// let mut versions = api.artifacts("my-team/my-project").await?.of_type("model").alias("best").stream();
/// while let Some(artifact) = versions.try_next().await? {
///     println!("{} {:?}", artifact.path(), artifact.size);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Artifacts {
    api: Api,
    path: ProjectPath,
    type_name: Option<String>,
    name: Option<Pattern>,
    alias: Option<String>,
    tag: Option<String>,
    page_size: PageSize,
    #[cfg(feature = "files")]
    existing: crate::files::ExistingFilePolicy,
    #[cfg(feature = "files")]
    progress: crate::download::DownloadProgress,
}

impl Api {
    /// Selects the artifacts of the project at `path`, to be filtered, listed and downloaded. A registry is a project:
    /// `ORGANIZATION/wandb-registry-NAME`.
    ///
    /// # Errors
    /// If `path` is not a project path. The project itself is looked up only when the artifacts are listed.
    pub async fn artifacts(&self, path: &str) -> Result<Artifacts, Error> {
        crate::source::reject_local_path(path)?;
        Ok(Artifacts::new(self.clone(), self.connection.artifacts_path(path).await?))
    }

    /// Lists the artifacts that a run has logged.
    pub(super) fn artifacts_logged_by(&self, run: &RunPath) -> ListReader<Artifact> {
        self.artifacts_of(ListRunArtifacts::logged(run.clone()), format!("artifacts that {run} has logged"))
    }

    /// Lists the artifacts that a run has used.
    pub(super) fn artifacts_used_by(&self, run: &RunPath) -> ListReader<Artifact> {
        self.artifacts_of(ListRunArtifacts::used(run.clone()), format!("artifacts that {run} has used"))
    }

    fn artifacts_of(&self, request: ListRunArtifacts, list: String) -> ListReader<Artifact> {
        to_handles(self, read_pages(&self.client, vec![request], list.clone()), list)
    }
}

/// Whether a version has an alias, or is that version, and has a tag, as far as they are given.
pub(crate) fn has_labels(version: &model::Artifact, alias: Option<&String>, tag: Option<&String>) -> bool {
    alias.is_none_or(|alias| version.aliases.contains(alias) || version.version == *alias)
        && tag.is_none_or(|tag| version.tags.as_ref().is_some_and(|tags| tags.contains(tag)))
}

/// Converts versions to handles. Those with unusable names become issues.
pub(super) fn to_handles(
    api: &Api,
    versions: ListReader<model::Artifact>,
    list: String,
) -> ListReader<Artifact> {
    let (api, issues) = (api.clone(), versions.issues_handle());
    versions.filter_map(move |version| match Artifact::new(api.clone(), version, Vec::new()) {
        Ok(artifact) => {
            issues.add(artifact.issues().iter().cloned());
            Some(artifact)
        }
        Err(error) => {
            issues.add([Issue::unusable_name(&list, &error)]);
            None
        }
    })
}

impl Artifacts {
    fn new(api: Api, path: ProjectPath) -> Self {
        Self {
            api,
            path,
            type_name: None,
            name: None,
            alias: None,
            tag: None,
            page_size: ListArtifactVersions::PAGE_SIZE,
            #[cfg(feature = "files")]
            existing: crate::files::ExistingFilePolicy::default(),
            #[cfg(feature = "files")]
            progress: crate::download::DownloadProgress::default(),
        }
    }

    /// Returns the path of the project.
    pub fn path(&self) -> &ProjectPath {
        &self.path
    }

    /// Selects only artifacts of this type.
    pub fn of_type(mut self, name: &str) -> Self {
        self.type_name = Some(name.to_owned());
        self
    }

    /// Selects only collections whose names match a shell pattern: `*` matches any text, `?` any character, `[a-z]` one of
    /// a set.
    ///
    /// # Errors
    /// If the pattern is invalid.
    pub fn name(mut self, pattern: &str) -> Result<Self, Error> {
        self.name = Some(Pattern::new(pattern)?);
        Ok(self)
    }

    /// Selects only versions with this alias, or this version.
    pub fn alias(mut self, alias: &str) -> Self {
        self.alias = Some(alias.to_owned());
        self
    }

    /// Selects only versions with this tag.
    pub fn tag(mut self, tag: &str) -> Self {
        self.tag = Some(tag.to_owned());
        self
    }

    /// Sets the number of versions per request. Default 100.
    pub fn page_size(mut self, versions: u64) -> Self {
        self.page_size = PageSize::fixed(versions);
        self
    }

    /// Lists the types of artifacts of the project. The filters do not apply to them.
    pub fn types(&self) -> ListReader<ArtifactType> {
        let request = ListArtifactTypes::new(self.path.clone());
        read_pages(&self.api.client, vec![request], format!("artifact types of {}", self.path))
    }

    /// Lists the collections, filtered by type and name.
    pub fn collections(&self) -> ListReader<ArtifactCollection> {
        let issues = Issues::default();
        ListReader::new(self.collection_batches(&issues), issues)
    }

    /// Streams the versions. Does not report missing entries; [`open`](Self::open) does.
    pub fn stream(self) -> BoxStream<'static, Result<Artifact, Error>> {
        self.open().into_stream()
    }

    /// Opens the list of versions, to be read in batches.
    pub fn open(self) -> ListReader<Artifact> {
        let issues = Issues::default();
        let list = format!("artifacts of {}", self.path);
        let collections = self.collection_batches(&issues);
        let collections = collections.map_ok(|batch| stream::iter(batch.into_iter().map(Ok))).try_flatten();
        let lister = VersionLister {
            client: self.api.client.clone(),
            project: self.path.clone(),
            page_size: self.page_size,
            issues: issues.clone(),
        };
        // The first pages of several collections are requested at once.
        let at_once = self.api.client.concurrency().max(1);
        let begun = collections.map(move |collection: Result<_, Error>| {
            let lister = lister.clone();
            async move { lister.begin(collection?).await }
        });
        let batches = begun.buffered(at_once).try_flatten().boxed();
        let versions = ListReader::new(batches, issues);
        let (alias, tag) = (self.alias, self.tag);
        let versions = versions
            .filter(move |version: &model::Artifact| has_labels(version, alias.as_ref(), tag.as_ref()));
        to_handles(&self.api, versions, list)
    }

    /// Collects all versions.
    pub async fn collect(self) -> Result<Vec<Artifact>, Error> {
        self.stream().try_collect().await
    }

    /// Lists the selected collections, all with their types. An older server is asked type by type.
    fn collection_batches(
        &self,
        issues: &Issues,
    ) -> BoxStream<'static, Result<Vec<ArtifactCollection>, Error>> {
        let lister = CollectionLister {
            client: self.api.client.clone(),
            project: self.path.clone(),
            issues: issues.clone(),
        };
        let batches = match &self.type_name {
            Some(type_name) => lister.of_type(type_name.clone()),
            None => lister.of_all_types(),
        };
        let name = self.name.clone();
        let has_name = move |collection: &ArtifactCollection| {
            name.as_ref().is_none_or(|name| name.matches(&collection.name))
        };
        let select = move |mut batch: Vec<ArtifactCollection>| {
            batch.retain(&has_name);
            batch
        };
        batches.map_ok(select).boxed()
    }
}

/// Lists the collections of a project.
#[derive(Clone)]
struct CollectionLister {
    client: Client,
    project: ProjectPath,
    issues: Issues,
}

/// Batches of collections.
type CollectionBatches = BoxStream<'static, Result<Vec<ArtifactCollection>, Error>>;

impl CollectionLister {
    fn read(&self, request: ListArtifactCollections, of: &str) -> ListReader<ArtifactCollection> {
        let list = format!("collections of {}{of}", self.project);
        read_pages_into(&self.client, vec![request], list, self.issues.clone())
    }

    fn of_type(&self, type_name: String) -> CollectionBatches {
        let request = ListArtifactCollections::new(self.project.clone()).of_type(&*type_name);
        let collections = self.read(request, &format!(" with the type {type_name}"));
        collections
            .map(move |mut collection| {
                collection.type_name.get_or_insert_with(|| type_name.clone());
                collection
            })
            .into_batches()
    }

    fn of_all_types(self) -> CollectionBatches {
        let begin = async move {
            let mut reader = self.read(ListArtifactCollections::new(self.project.clone()), "");
            match reader.next_batch().await {
                Ok(first) => Ok(stream::iter(first.map(Ok)).chain(reader.into_batches()).boxed()),
                Err(error) if error.kind() == ErrorKind::Unsupported => Ok(self.type_by_type()),
                Err(error) => Err(error),
            }
        };
        stream::once(begin).try_flatten().boxed()
    }

    fn type_by_type(self) -> CollectionBatches {
        let list = format!("artifact types of {}", self.project);
        let request = ListArtifactTypes::new(self.project.clone());
        let types = read_pages_into(&self.client, vec![request], list, self.issues.clone()).into_stream();
        types.map_ok(move |of| self.of_type(of.name)).try_flatten().boxed()
    }
}

/// Lists the versions of collections of a project.
#[derive(Clone)]
struct VersionLister {
    client: Client,
    project: ProjectPath,
    page_size: PageSize,
    issues: Issues,
}

/// Batches of versions.
type VersionBatches = BoxStream<'static, Result<Vec<model::Artifact>, Error>>;

impl VersionLister {
    /// Requests the first page of a collection. A collection that cannot be listed becomes an issue.
    async fn begin(self, collection: ArtifactCollection) -> Result<VersionBatches, Error> {
        let ArtifactCollection { name, type_name, .. } = collection;
        let leave_out = |detail: String| {
            let list = format!("collections of {}", self.project);
            self.issues.add([Issue::Unreadable { list, item: Some(name.clone()), detail }]);
            Ok(stream::empty().boxed())
        };
        let Some(type_name) = type_name else { return leave_out("it has no type".to_owned()) };
        let request = ListArtifactVersions::new(self.project.clone(), type_name, &*name);
        let list = format!("versions of {}/{name}", self.project);
        let request = request.page_size(self.page_size);
        let mut reader = read_pages_into(&self.client, vec![request], list, self.issues.clone());
        match reader.next_batch().await {
            Ok(first) => Ok(stream::iter(first.map(Ok)).chain(reader.into_batches()).boxed()),
            // It was deleted since the collections were listed.
            Err(error) if error.kind() == ErrorKind::NotFound => leave_out(error.with_causes()),
            Err(error) => Err(error),
        }
    }
}
