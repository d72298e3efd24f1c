//! The queries for a part of a project or of a run.
//!
//! They are generic over the part: an operation declares only the fields that it reads below `project` or `run`, and
//! the variables of these fields.

use bytes::Bytes;
use cynic::QueryFragment;
use cynic::queries::{SelectionBuilder, VariableMatch};
use cynic::variables::{QueryVariables, VariableDefinition, VariableType};
use http::Response;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wandb_core::operation::{AnswerError, Endpoint, Operation, UnsupportedFields};
use wandb_core::transport::Request;
use wandb_core::{ProjectPath, RunPath};

use crate::envelope::{EntryErrors, RequestSpec, data, list_data, not_found, post};
use crate::schema::sdl as schema;

/// The query for the part `P` of a project.
#[derive(Debug, Deserialize)]
#[serde(bound = "P: Deserialize<'de>")]
pub(super) struct ProjectQuery<P> {
    /// `None` if the project does not exist. An answer without the field is malformed, as for derived fragments.
    #[serde(deserialize_with = "Option::deserialize")]
    project: Option<P>,
}

/// The part of a project that holds the part `R` of a run.
#[derive(Debug, Deserialize)]
#[serde(bound = "R: Deserialize<'de>")]
struct ProjectOfRun<R> {
    #[serde(deserialize_with = "Option::deserialize")]
    run: Option<R>,
}

/// The query for the part `R` of a run.
type RunQuery<R> = ProjectQuery<ProjectOfRun<R>>;

impl<P> QueryFragment for ProjectQuery<P>
where
    P: QueryFragment<SchemaType = schema::Project>,
    P::VariablesFields: VariableMatch<P::VariablesFields>,
{
    type SchemaType = schema::Query;
    type VariablesFields = P::VariablesFields;

    const TYPE: Option<&'static str> = Some("Query");

    fn query(mut builder: SelectionBuilder<'_, Self::SchemaType, Self::VariablesFields>) {
        use schema::__fields::Query::{_project_arguments as arguments, project};

        let mut selection = builder.select_field::<project, Option<schema::Project>>();
        selection.argument::<arguments::name>().variable(path_variable("project"));
        selection.argument::<arguments::entityName>().variable(path_variable("entity"));
        Option::<P>::query(selection.select_children());
    }
}

impl<R> QueryFragment for ProjectOfRun<R>
where
    R: QueryFragment<SchemaType = schema::Run>,
    R::VariablesFields: VariableMatch<R::VariablesFields>,
{
    type SchemaType = schema::Project;
    type VariablesFields = R::VariablesFields;

    const TYPE: Option<&'static str> = Some("Project");

    fn query(mut builder: SelectionBuilder<'_, Self::SchemaType, Self::VariablesFields>) {
        use schema::__fields::Project::{_run_arguments as arguments, run};

        let mut selection = builder.select_field::<run, Option<schema::Run>>();
        selection.argument::<arguments::name>().variable(path_variable("run"));
        Option::<R>::query(selection.select_children());
    }
}

/// A variable of [`PathVariables`].
fn path_variable<F>(name: &'static str) -> VariableDefinition<F, &'static str> {
    VariableDefinition::new(name)
}

/// The variables that name a project or a run, followed by those of the requested part.
#[derive(Debug, Serialize)]
struct PathVariables<'a, V> {
    entity: &'a str,
    project: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<&'a str>,
    #[serde(flatten)]
    part: V,
}

/// The names of the variables that name a project or a run.
const PATH: [&str; 3] = ["entity", "project", "run"];

impl<V: QueryVariables> PathVariables<'_, V> {
    /// The variables, and unused places.
    const PLACES: &'static [(&'static str, VariableType); 16] = &{
        let mut places = [("", VariableType::Named("String")); 16];
        let mut at = 0;
        while at < PATH.len() + V::VARIABLES.len() {
            if at < PATH.len() {
                places[at].0 = PATH[at];
            } else {
                places[at] = V::VARIABLES[at - PATH.len()];
            }
            at += 1;
        }
        places
    };
}

impl<V: QueryVariables> QueryVariables for PathVariables<'_, V> {
    type Fields = V::Fields;

    const VARIABLES: &'static [(&'static str, VariableType)] =
        Self::PLACES.split_at(PATH.len() + V::VARIABLES.len()).0;
}

/// Builds the request for the part `P` of the project at `path`.
pub(super) fn project_request<P, V>(
    operation: &impl Operation,
    path: &ProjectPath,
    variables: V,
    endpoint: &Endpoint,
    unsupported: &UnsupportedFields,
) -> Result<Request, AnswerError>
where
    P: QueryFragment<SchemaType = schema::Project, VariablesFields = V::Fields>,
    V: QueryVariables<Fields: VariableMatch<V::Fields>> + Serialize,
{
    let variables =
        PathVariables { entity: path.entity(), project: path.project(), run: None, part: variables };
    post::<ProjectQuery<P>, _>(RequestSpec::new(operation, variables), endpoint, unsupported)
}

/// Builds the request for the part `R` of the run at `path`.
pub(super) fn run_request<R, V>(
    operation: &impl Operation,
    path: &RunPath,
    variables: V,
    endpoint: &Endpoint,
    unsupported: &UnsupportedFields,
) -> Result<Request, AnswerError>
where
    R: QueryFragment<SchemaType = schema::Run, VariablesFields = V::Fields>,
    V: QueryVariables<Fields: VariableMatch<V::Fields>> + Serialize,
{
    let (entity, project, run) = (path.entity(), path.project(), Some(path.run()));
    let variables = PathVariables { entity, project, run, part: variables };
    post::<RunQuery<R>, _>(RequestSpec::new(operation, variables), endpoint, unsupported)
}

/// Reads the part of a project from an answer. `what` names the requested object.
pub(super) fn project_data<P: DeserializeOwned>(
    response: &Response<Bytes>,
    what: impl Fn() -> String,
) -> Result<P, AnswerError> {
    let query: ProjectQuery<P> = data(response, &what)?;
    query.project.ok_or_else(|| not_found(what()))
}

/// Reads the part of a run from an answer.
pub(super) fn run_data<R: DeserializeOwned>(
    response: &Response<Bytes>,
    path: &RunPath,
) -> Result<R, AnswerError> {
    let what = || format!("run {path}");
    project_data(response, what)
        .and_then(|project: ProjectOfRun<R>| project.run.ok_or_else(|| not_found(what())))
}

/// Reads the part of a project that holds a list, and the errors that concern single entries of it.
pub(super) fn project_list_data<P: DeserializeOwned>(
    response: &Response<Bytes>,
    what: impl Fn() -> String,
) -> Result<(P, EntryErrors), AnswerError> {
    let (query, errors): (ProjectQuery<P>, _) = list_data(response, &what)?;
    Ok((query.project.ok_or_else(|| not_found(what()))?, errors))
}

/// Reads the part of a run that holds a list, and the errors that concern single entries of it.
pub(super) fn run_list_data<R: DeserializeOwned>(
    response: &Response<Bytes>,
    path: &RunPath,
) -> Result<(R, EntryErrors), AnswerError> {
    let what = || format!("run {path}");
    let (project, errors): (ProjectOfRun<R>, _) = project_list_data(response, what)?;
    Ok((project.run.ok_or_else(|| not_found(what()))?, errors))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::GetRun;
    use crate::ops::testing::answer;

    #[test]
    fn answer_without_the_field_is_malformed() {
        let get = GetRun::new("team/project/abc".parse().unwrap());
        for (body, field) in [(r#"{"data": {}}"#, "project"), (r#"{"data": {"project": {}}}"#, "run")] {
            let error = answer(&get, body).unwrap_err();
            assert!(matches!(error, AnswerError::Malformed { .. }), "{error}");
            assert!(error.to_string().contains(&format!("missing field `{field}`")), "{error}");
        }
    }
}
