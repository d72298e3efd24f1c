//! Builds HTTP requests from typed variables.

use bytes::Bytes;
use cynic::schema::{MutationRoot, QueryRoot};
use cynic::{OperationBuilder, QueryFragment, QueryVariables};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method};
use serde::Serialize;
use wandb_core::operation::{AnswerError, Argument, Endpoint, Field, Operation, UnsupportedFields};
use wandb_core::transport::Request;

use super::query_text::QueryText;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// An operation's part of a request, before the endpoint is known.
pub(crate) struct RequestSpec<V> {
    /// The operation name that the server sees.
    name: &'static str,
    /// Fields to leave out if the server lacks them.
    optional_fields: &'static [Field],
    /// Arguments to leave out if the server lacks them.
    optional_arguments: Vec<Argument>,
    variables: V,
}

impl<V> RequestSpec<V> {
    /// Describes the request for `operation` with `variables`.
    pub(crate) fn new(operation: &impl Operation, variables: V) -> Self {
        Self {
            name: operation.name(),
            optional_fields: operation.optional_fields(),
            optional_arguments: operation.optional_arguments(),
            variables,
        }
    }
}

/// Builds the POST request for query `Q`, without the optional fields and arguments that the server lacks.
pub(crate) fn post<Q, V>(
    spec: RequestSpec<V>,
    endpoint: &Endpoint,
    unsupported: &UnsupportedFields,
) -> Result<Request, AnswerError>
where
    Q: QueryFragment<VariablesFields = V::Fields>,
    Q::SchemaType: QueryRoot,
    V: QueryVariables + Serialize,
{
    post_built(OperationBuilder::<Q, V>::query(), spec, endpoint, unsupported)
}

/// Builds the POST request for mutation `Q`, like [`post`] for a query.
pub(crate) fn post_mutation<Q, V>(
    spec: RequestSpec<V>,
    endpoint: &Endpoint,
    unsupported: &UnsupportedFields,
) -> Result<Request, AnswerError>
where
    Q: QueryFragment<VariablesFields = V::Fields>,
    Q::SchemaType: MutationRoot,
    V: QueryVariables + Serialize,
{
    post_built(OperationBuilder::<Q, V>::mutation(), spec, endpoint, unsupported)
}

fn post_built<Q, V>(
    builder: OperationBuilder<Q, V>,
    spec: RequestSpec<V>,
    endpoint: &Endpoint,
    unsupported: &UnsupportedFields,
) -> Result<Request, AnswerError>
where
    Q: QueryFragment<VariablesFields = V::Fields>,
    V: QueryVariables + Serialize,
{
    let mut builder = builder.with_variables(spec.variables).with_operation_name(spec.name);
    for field in spec.optional_fields.iter().filter(|field| !unsupported.contains(field)) {
        builder.enable_feature(&field.to_string());
    }
    let mut operation = builder.build().map_err(|error| invalid_request(&error))?;
    if !unsupported.is_empty() {
        let lacking = unsupported.arguments_among(&spec.optional_arguments);
        operation.query = QueryText::read(&operation.query)
            .without(&operation.query, |argument| lacking.contains_argument(argument));
    }
    let body = serde_json::to_vec(&operation).map_err(|error| invalid_request(&error))?;
    http::Request::builder()
        .method(Method::POST)
        .uri(endpoint.graphql_url().as_str())
        .header(CONTENT_TYPE, JSON)
        .header(ACCEPT, JSON)
        .body(Bytes::from(body))
        .map_err(|error| invalid_request(&error))
}

fn invalid_request(error: &dyn std::error::Error) -> AnswerError {
    AnswerError::InvalidRequest { message: error.to_string() }
}
