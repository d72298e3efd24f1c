//! From typed variables to an HTTP request.

use bytes::Bytes;
use cynic::schema::{MutationRoot, QueryRoot};
use cynic::{OperationBuilder, QueryFragment, QueryVariables};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method};
use serde::Serialize;
use wandb_core::operation::{AnswerError, Argument, Endpoint, Field, Lacks, Operation};
use wandb_core::transport::Request;

use super::query_text::QueryText;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What an operation asks, before it is known whom.
pub(crate) struct RequestOf<V> {
    /// The operation's name, which the server sees.
    name: &'static str,
    /// The fields that are left out where the server lacks them.
    optional_fields: &'static [Field],
    /// The arguments that are left out where the server lacks them.
    optional_arguments: Vec<Argument>,
    variables: V,
}

impl<V> RequestOf<V> {
    /// What `operation` asks with `variables`.
    pub(crate) fn new(operation: &impl Operation, variables: V) -> Self {
        Self {
            name: operation.name(),
            optional_fields: operation.optional_fields(),
            optional_arguments: operation.optional_arguments(),
            variables,
        }
    }
}

/// The request that posts the query `Q` to `endpoint`, without the optional fields that the server lacks.
pub(crate) fn post<Q, V>(
    asked: RequestOf<V>,
    endpoint: &Endpoint,
    lacks: &Lacks,
) -> Result<Request, AnswerError>
where
    Q: QueryFragment<VariablesFields = V::Fields>,
    Q::SchemaType: QueryRoot,
    V: QueryVariables + Serialize,
{
    post_built(OperationBuilder::<Q, V>::query(), asked, endpoint, lacks)
}

/// The request that posts the mutation `Q`; as for a query.
pub(crate) fn post_mutation<Q, V>(
    asked: RequestOf<V>,
    endpoint: &Endpoint,
    lacks: &Lacks,
) -> Result<Request, AnswerError>
where
    Q: QueryFragment<VariablesFields = V::Fields>,
    Q::SchemaType: MutationRoot,
    V: QueryVariables + Serialize,
{
    post_built(OperationBuilder::<Q, V>::mutation(), asked, endpoint, lacks)
}

fn post_built<Q, V>(
    builder: OperationBuilder<Q, V>,
    asked: RequestOf<V>,
    endpoint: &Endpoint,
    lacks: &Lacks,
) -> Result<Request, AnswerError>
where
    Q: QueryFragment<VariablesFields = V::Fields>,
    V: QueryVariables + Serialize,
{
    let mut builder = builder.with_variables(asked.variables).with_operation_name(asked.name);
    for field in asked.optional_fields.iter().filter(|field| !lacks.contains(field)) {
        builder.enable_feature(&field.to_string());
    }
    let mut operation = builder.build().map_err(|error| unaskable(&error))?;
    if !lacks.is_empty() {
        let lacking = lacks.arguments_among(&asked.optional_arguments);
        operation.query = QueryText::read(&operation.query)
            .without(&operation.query, |argument| lacking.contains_argument(argument));
    }
    let body = serde_json::to_vec(&operation).map_err(|error| unaskable(&error))?;
    http::Request::builder()
        .method(Method::POST)
        .uri(endpoint.graphql_url().as_str())
        .header(CONTENT_TYPE, JSON)
        .header(ACCEPT, JSON)
        .body(Bytes::from(body))
        .map_err(|error| unaskable(&error))
}

fn unaskable(error: &dyn std::error::Error) -> AnswerError {
    AnswerError::Unaskable { message: error.to_string() }
}
