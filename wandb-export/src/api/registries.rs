//! The registries of an organization, their collections and versions.

use futures_util::stream::{BoxStream, TryStreamExt};
use wandb_core::model::{ArtifactCollection, Registry};
use wandb_graphql::ops::{ListRegistries, ListRegistryCollections, ListRegistryVersions};

use super::artifacts::to_handles;
use super::files::Pattern;
use super::{Api, Artifact};
use crate::error::Error;
use crate::source::list_reader::{ListReader, read_pages};

/// A request for the registries of an organization, to be refined. Defaults to all of them.
///
/// ```no_run
/// # #[cfg(feature = "async")]
/// # async fn example() -> Result<(), wandb_export::Error> {
/// let registries = wandb_export::Api::connect()?.registries("Acme").await?.name("model*")?;
/// for registry in registries.clone().collect().await? {
///     println!("{} {:?}", registry.name(), registry.description);
/// }
/// let (versions, issues) = registries.versions().collect().await?;
/// println!("{} versions, {} issues", versions.len(), issues.len());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Registries {
    api: Api,
    organization: String,
    name: Option<Pattern>,
}

impl Api {
    /// Selects the registries of an organization, given by its name or by the name of its entity. An empty text stands for
    /// the only organization of the default entity.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`](crate::ErrorKind::Usage) if no organization is named and there is not exactly one.
    pub async fn registries(&self, organization: &str) -> Result<Registries, Error> {
        let named = Some(organization).filter(|name| !name.is_empty());
        let found = self.connection.organization(named).await?;
        let organization = found.map(|organization| organization.name).or_else(|| named.map(str::to_owned));
        let organization = organization.ok_or_else(|| {
            Error::usage("name the organization: the default entity does not belong to exactly one")
        })?;
        Ok(Registries { api: self.clone(), organization, name: None })
    }
}

impl Registries {
    /// Returns the name of the organization.
    pub fn organization(&self) -> &str {
        &self.organization
    }

    /// Selects only registries whose names match a shell pattern: `*` matches any text, `?` any character, `[a-z]` one of
    /// a set. The names are without `wandb-registry-`.
    ///
    /// # Errors
    /// If the pattern is invalid.
    pub fn name(mut self, pattern: &str) -> Result<Self, Error> {
        self.name = Some(Pattern::new(pattern)?);
        Ok(self)
    }

    /// Streams the registries. Does not report missing entries; [`open`](Self::open) does.
    pub fn stream(self) -> BoxStream<'static, Result<Registry, Error>> {
        self.open().into_stream()
    }

    /// Opens the list of registries, to be read in batches (query `FetchRegistries`).
    pub fn open(self) -> ListReader<Registry> {
        let request = ListRegistries::new(&*self.organization);
        let registries = read_pages(&self.api.client, vec![request], self.list("registries"));
        let has_name = self.selects();
        registries.filter(move |registry| has_name(&registry.project))
    }

    /// Collects all registries.
    pub async fn collect(self) -> Result<Vec<Registry>, Error> {
        self.stream().try_collect().await
    }

    /// Lists the collections of the selected registries (query `RegistryCollections`).
    pub fn collections(&self) -> ListReader<ArtifactCollection> {
        let request = ListRegistryCollections::new(&*self.organization);
        let collections = read_pages(&self.api.client, vec![request], self.list("collections"));
        let has_name = self.selects();
        collections.filter(move |collection| has_name(&collection.project))
    }

    /// Lists the versions in the selected registries (query `RegistryVersions`).
    pub fn versions(&self) -> ListReader<Artifact> {
        let request = ListRegistryVersions::new(&*self.organization);
        let list = self.list("versions");
        let versions = read_pages(&self.api.client, vec![request], list.clone());
        let has_name = self.selects();
        to_handles(&self.api, versions.filter(move |version| has_name(&version.project)), list)
    }

    fn list(&self, entries: &str) -> String {
        format!("{entries} in the registries of {}", self.organization)
    }

    /// Returns whether a project is a selected registry.
    fn selects(&self) -> impl Fn(&str) -> bool + Send + 'static {
        let name = self.name.clone();
        move |project| {
            let registry = Registry::new("", "", project);
            let is_registry = registry.name() != project;
            is_registry && name.as_ref().is_none_or(|name| name.matches(registry.name()))
        }
    }
}
