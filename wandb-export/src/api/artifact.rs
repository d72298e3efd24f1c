//! A version of an artifact: its data, its lineage, and the way to its files.

#[cfg(feature = "files")]
mod addresses;
mod check;
#[cfg(feature = "files")]
mod download;
#[cfg(feature = "files")]
mod fetch;
mod files;
mod lineage;
#[cfg(feature = "files")]
mod location;
mod manifest;
#[cfg(feature = "files")]
mod references;

use std::ops::Deref;

use wandb_core::{ArtifactPath, ArtifactUri, PathError, model};
use wandb_graphql::ops::{GetArtifact, GetArtifactById};

#[cfg(feature = "files")]
pub(crate) use fetch::{ArtifactFetcher, ArtifactToFetch};
pub use files::{ArtifactFile, ArtifactFiles};

use super::Api;
use crate::error::Error;
use crate::issue::Issue;
use crate::source::reject_local_path;

/// A version of an artifact. Dereferences to the server's data: [`model::Artifact`].
///
/// ```no_run
/// # #[cfg(all(feature = "async", feature = "files"))]
/// # async fn example() -> Result<(), wandb_export::Error> {
/// let api = wandb_export::Api::connect()?;
/// let artifact = api.artifact("my-team/my-project/resnet:latest").await?;
/// println!("{} {:?} {:?}", artifact.path(), artifact.aliases, artifact.metadata);
/// let downloads = artifact.download("resnet").await?;
/// assert!(downloads.is_complete(), "{:?}", downloads.issues);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Artifact {
    pub(super) api: Api,
    path: ArtifactPath,
    model: model::Artifact,
    /// The issues of `model`.
    issues: Vec<Issue>,
}

impl Api {
    /// Fetches a version of an artifact: any form of its path that the Python SDK accepts, the URL of its page, or a
    /// reference to it (`wandb-artifact://…`). A path without a version means `latest`.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if the version does not exist or the key may not see it.
    pub async fn artifact(&self, path: &str) -> Result<Artifact, Error> {
        if let Some(uri) = ArtifactUri::parse(path.trim()) {
            return self.artifact_by_id(uri.artifact_id()).await;
        }
        let path = self.artifact_path(path).await?;
        let reply = self.client.call(GetArtifact::new(path)).await?;
        let unsupported = Issue::from_unsupported_fields(&reply.unsupported, |_| false);
        Ok(Artifact::new(self.clone(), reply.answer, unsupported)?)
    }

    /// Fetches a version of an artifact by its storage id.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if the version does not exist or the key may not see it.
    pub async fn artifact_by_id(&self, id: &str) -> Result<Artifact, Error> {
        let reply = self.client.call(GetArtifactById::new(id)).await?;
        let unsupported = Issue::from_unsupported_fields(&reply.unsupported, |_| false);
        Ok(Artifact::new(self.clone(), reply.answer, unsupported)?)
    }

    /// Completes the path of a version of an artifact; see [`run_path`](Self::run_path). The name of an organization
    /// before a registry becomes the name of its entity.
    pub async fn artifact_path(&self, path: &str) -> Result<ArtifactPath, Error> {
        reject_local_path(path)?;
        self.connection.artifact_path(path).await
    }
}

impl Artifact {
    /// # Errors
    /// If one of the server's names is not valid in a path.
    pub(super) fn new(api: Api, model: model::Artifact, unsupported: Vec<Issue>) -> Result<Self, PathError> {
        let path = model.path()?;
        let unreadable = model.unreadable_fields.iter().map(|field| Issue::Unreadable {
            list: path.to_string(),
            item: None,
            detail: field.to_string(),
        });
        let issues = unreadable.chain(unsupported).collect();
        Ok(Self { api, path, model, issues })
    }

    /// Returns the path of the version in the collection that was asked for, `entity/project/collection:v3`.
    pub fn path(&self) -> &ArtifactPath {
        &self.path
    }

    /// Returns the URL of the version's page in the web app.
    pub fn url(&self) -> String {
        self.model.url(self.api.base_url()).to_string()
    }

    /// Returns the issues of the fields: those that the server lacks, or that cannot be read.
    pub fn issues(&self) -> &[Issue] {
        &self.issues
    }

    /// Selects the entries of the version, to be narrowed down, listed and downloaded.
    pub fn files(&self) -> ArtifactFiles {
        ArtifactFiles::new(self.clone())
    }

    /// Returns the server's data without the rest.
    pub fn into_model(self) -> model::Artifact {
        self.model
    }
}

impl Deref for Artifact {
    type Target = model::Artifact;

    fn deref(&self) -> &model::Artifact {
        &self.model
    }
}
