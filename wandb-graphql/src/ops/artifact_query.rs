//! The query for a part of an artifact, found by its storage id.

use bytes::Bytes;
use cynic::QueryFragment;
use cynic::queries::SelectionBuilder;
use cynic::variables::{QueryVariables, VariableDefinition};
use http::Response;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use wandb_core::operation::{AnswerError, Endpoint, Operation, UnsupportedFields};
use wandb_core::transport::Request;

use crate::envelope::{RequestSpec, data, post};
use crate::schema::sdl as schema;

/// The query for the part `A` of an artifact. The part has no variables.
#[derive(Debug, Deserialize)]
#[serde(bound = "A: Deserialize<'de>")]
struct ArtifactQuery<A> {
    /// `None` if the artifact does not exist. An answer without the field is malformed, as for derived fragments.
    #[serde(deserialize_with = "Option::deserialize")]
    artifact: Option<A>,
}

impl<A> QueryFragment for ArtifactQuery<A>
where
    A: QueryFragment<SchemaType = schema::Artifact, VariablesFields = ()>,
{
    type SchemaType = schema::Query;
    type VariablesFields = <Variables as QueryVariables>::Fields;

    const TYPE: Option<&'static str> = Some("Query");

    fn query(mut builder: SelectionBuilder<'_, Self::SchemaType, Self::VariablesFields>) {
        use schema::__fields::Query::{_artifact_arguments as arguments, artifact};

        let mut selection = builder.select_field::<artifact, Option<schema::Artifact>>();
        let id: VariableDefinition<Self::VariablesFields, cynic::Id> = VariableDefinition::new("id");
        selection.argument::<arguments::id>().variable(id);
        Option::<A>::query(selection.select_children());
    }
}

#[derive(cynic::QueryVariables, Debug)]
struct Variables {
    id: cynic::Id,
}

/// Builds the request for the part `A` of the artifact with this storage id.
pub(super) fn artifact_request<A>(
    operation: &impl Operation,
    id: &str,
    endpoint: &Endpoint,
    unsupported: &UnsupportedFields,
) -> Result<Request, AnswerError>
where
    A: QueryFragment<SchemaType = schema::Artifact, VariablesFields = ()>,
{
    let variables = Variables { id: cynic::Id::new(id) };
    post::<ArtifactQuery<A>, _>(RequestSpec::new(operation, variables), endpoint, unsupported)
}

/// Reads the part of an artifact from an answer. `None` if the artifact does not exist. `what` names the requested object.
pub(super) fn artifact_data<A: DeserializeOwned>(
    response: &Response<Bytes>,
    what: impl Fn() -> String,
) -> Result<Option<A>, AnswerError> {
    let query: ArtifactQuery<A> = data(response, what)?;
    Ok(query.artifact)
}
