//! The runs that logged and used an artifact, and the collections that hold it.

use wandb_core::RunPath;
use wandb_core::model::ArtifactMembership;
use wandb_graphql::ops::{GetArtifactCreator, ListArtifactLinks, ListArtifactUsers};

use super::Artifact;
use crate::error::Error;

impl Artifact {
    /// Returns the path of the run that logged the version (query `createdBy`). `None` if a user has created it, or the
    /// key may not see the run.
    ///
    /// ```no_run
    /// # #[cfg(feature = "async")]
    /// # async fn example() -> Result<(), wandb_export::Error> {
    /// let api = wandb_export::Api::connect()?;
    /// let artifact = api.artifact("my-team/my-project/resnet:v3").await?;
    /// if let Some(path) = artifact.logged_by().await? {
    ///     println!("{:?}", api.run(&path.to_string()).await?.config);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn logged_by(&self) -> Result<Option<RunPath>, Error> {
        let operation = GetArtifactCreator::new(&*self.id, self.path().to_string());
        Ok(self.api.client.call(operation).await?.answer)
    }

    /// Returns the paths of the runs that used the version (query `usedBy`), without those that the key may not see.
    pub async fn used_by(&self) -> Result<Vec<RunPath>, Error> {
        let operation = ListArtifactUsers::new(&*self.id, self.path().to_string());
        Ok(self.api.client.call(operation).await?.answer)
    }

    /// Returns the collections that hold the version (query `artifactMemberships`): the one that it was logged to, and
    /// those that it is linked to.
    pub async fn linked(&self) -> Result<Vec<ArtifactMembership>, Error> {
        let operation = ListArtifactLinks::new(&*self.id, self.path().to_string());
        Ok(self.api.client.call(operation).await?.answer)
    }
}
