//! The requested fields of runs that logged or used an artifact.

use wandb_core::RunPath;
use wandb_core::operation::AnswerError;

use super::artifact_fields::ProjectName;
use crate::schema::sdl as schema;

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Run")]
pub(super) struct ArtifactRun {
    name: String,
    project: Option<ProjectName>,
}

impl ArtifactRun {
    /// The path of the run. `None` if the server withholds its project. `body` is the answer, for errors.
    ///
    /// # Errors
    /// If a name is not valid in a path.
    pub(super) fn into_path(self, body: &[u8]) -> Result<Option<RunPath>, AnswerError> {
        let Some(project) = self.project else { return Ok(None) };
        let [entity, project] = project.into_names(["", ""]);
        let path = RunPath::new(entity, project, self.name);
        path.map(Some).map_err(|error| AnswerError::malformed(error.to_string(), body))
    }
}
