//! The query for a list of the entity that owns an organization's registries.

use bytes::Bytes;
use cynic::QueryFragment;
use cynic::queries::{SelectionBuilder, VariableMatch};
use cynic::variables::{QueryVariables, VariableDefinition};
use http::Response;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wandb_core::operation::{AnswerError, Endpoint, Operation, UnsupportedFields};
use wandb_core::transport::Request;

use crate::envelope::{EntryErrors, RequestSpec, list_data, not_found, post};
use crate::schema::sdl as schema;

/// The query for the part `E` of an organization's entity. Its variables have the field `organization`.
#[derive(Debug, Deserialize)]
#[serde(bound = "E: Deserialize<'de>")]
struct OrganizationQuery<E> {
    /// `None` if the organization does not exist. An answer without the field is malformed, as for derived fragments.
    #[serde(deserialize_with = "Option::deserialize")]
    organization: Option<Organization<E>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", bound = "E: Deserialize<'de>")]
struct Organization<E> {
    #[serde(deserialize_with = "Option::deserialize")]
    org_entity: Option<E>,
}

impl<E> QueryFragment for OrganizationQuery<E>
where
    E: QueryFragment<SchemaType = schema::Entity>,
    E::VariablesFields: VariableMatch<E::VariablesFields>,
{
    type SchemaType = schema::Query;
    type VariablesFields = E::VariablesFields;

    const TYPE: Option<&'static str> = Some("Query");

    fn query(mut builder: SelectionBuilder<'_, Self::SchemaType, Self::VariablesFields>) {
        use schema::__fields::Query::{_organization_arguments as arguments, organization};

        let mut selection = builder.select_field::<organization, Option<schema::Organization>>();
        let name: VariableDefinition<E::VariablesFields, &'static str> =
            VariableDefinition::new("organization");
        selection.argument::<arguments::name>().variable(name);
        Option::<Organization<E>>::query(selection.select_children());
    }
}

impl<E> QueryFragment for Organization<E>
where
    E: QueryFragment<SchemaType = schema::Entity>,
    E::VariablesFields: VariableMatch<E::VariablesFields>,
{
    type SchemaType = schema::Organization;
    type VariablesFields = E::VariablesFields;

    const TYPE: Option<&'static str> = Some("Organization");

    fn query(mut builder: SelectionBuilder<'_, Self::SchemaType, Self::VariablesFields>) {
        use schema::__fields::Organization::orgEntity;

        let mut selection = builder.select_field::<orgEntity, Option<schema::Entity>>();
        Option::<E>::query(selection.select_children());
    }
}

/// Builds the request for the part `E` of an organization's entity. The variables name the organization.
pub(super) fn organization_request<E, V>(
    operation: &impl Operation,
    variables: V,
    endpoint: &Endpoint,
    unsupported: &UnsupportedFields,
) -> Result<Request, AnswerError>
where
    E: QueryFragment<SchemaType = schema::Entity, VariablesFields = V::Fields>,
    V: QueryVariables<Fields: VariableMatch<V::Fields>> + Serialize,
{
    post::<OrganizationQuery<E>, _>(RequestSpec::new(operation, variables), endpoint, unsupported)
}

/// Reads the part of an organization's entity that holds a list, and the errors that concern single entries of it. `None`
/// if the server withholds the entity.
pub(super) fn organization_list_data<E: DeserializeOwned>(
    response: &Response<Bytes>,
    organization: &str,
) -> Result<(Option<E>, EntryErrors), AnswerError> {
    let what = || format!("organization {organization}");
    let (query, errors): (OrganizationQuery<E>, _) = list_data(response, what)?;
    Ok((query.organization.ok_or_else(|| not_found(what()))?.org_entity, errors))
}
