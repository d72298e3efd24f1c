//! Tests that every operation's query is valid against the schema, with and without its optional fields.
//!
//! The validator shares no code with the query builder.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use wandb_core::operation::{Argument, Endpoint, Field, Operation, UnsupportedFields};
use wandb_core::update::RunPatch;
use wandb_graphql::ops::{
    Detail, GetArtifact, GetArtifactById, GetArtifactCreator, GetArtifactManifest, GetHistoryKeys,
    GetHistoryWindow, GetOrganizations, GetParquetHistory, GetRun, GetRunDocument, GetServer, GetSweep,
    GetViewer, GetWholeRuns, ListArtifactCollections, ListArtifactFiles, ListArtifactLinks,
    ListArtifactTypes, ListArtifactUsers, ListArtifactVersions, ListFiles, ListLogLines, ListProjects,
    ListRegistries, ListRegistryCollections, ListRegistryVersions, ListRunArtifacts, ListRuns, ListSweeps,
    SampleEvents, SampleHistory, UpdateRun,
};
use wandb_graphql::{Keys, SCHEMA, Selection};

/// An operation's query as a function of the missing schema elements.
struct OperationQuery {
    name: &'static str,
    optional_fields: &'static [Field],
    optional_arguments: Vec<Argument>,
    query: Box<dyn Fn(&UnsupportedFields) -> String>,
}

impl OperationQuery {
    fn new(operation: impl Operation + 'static) -> Self {
        let endpoint = Endpoint::new("https://wandb.example.org".parse().unwrap());
        Self {
            name: operation.name(),
            optional_fields: operation.optional_fields(),
            optional_arguments: operation.optional_arguments(),
            query: Box::new(move |unsupported| {
                let request = operation.request(&endpoint, unsupported).unwrap();
                let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
                body["query"].as_str().unwrap().to_owned()
            }),
        }
    }
}

fn operations() -> Vec<OperationQuery> {
    let run = || "team/project/run".parse().unwrap();
    let keys = || Keys::new(["loss", "accuracy"]).unwrap();
    vec![
        OperationQuery::new(GetViewer::new()),
        OperationQuery::new(GetServer::new()),
        OperationQuery::new(ListProjects::new("team")),
        OperationQuery::new(ListRuns::new("team/project".parse().unwrap())),
        OperationQuery::new(ListRuns::new("team/project".parse().unwrap()).detail(Detail::Standard)),
        OperationQuery::new(ListRuns::new("team/project".parse().unwrap()).detail(Detail::Full)),
        OperationQuery::new(GetRun::new(run())),
        OperationQuery::new(GetRun::new(run()).detail(Detail::Light)),
        OperationQuery::new(GetRunDocument::new(run())),
        OperationQuery::new(UpdateRun::new(run(), RunPatch::new("UnVuOjE="))),
        OperationQuery::new(GetSweep::new("team/project/sweep".parse().unwrap())),
        OperationQuery::new(ListFiles::new(run())),
        OperationQuery::new(ListLogLines::new(run())),
        OperationQuery::new(ListSweeps::new("team/project".parse().unwrap())),
        OperationQuery::new(GetWholeRuns::new("team/project".parse().unwrap(), ["a", "b"])),
        OperationQuery::new(GetHistoryKeys::new(run())),
        OperationQuery::new(GetHistoryKeys::new(run()).probe(Selection::Everything, 0)),
        OperationQuery::new(GetHistoryKeys::new(run()).probe(Selection::AllOf(keys()), 0)),
        OperationQuery::new(GetHistoryKeys::new(run()).probe(Selection::AnyOf(keys()), 0)),
        OperationQuery::new(GetParquetHistory::new(run())),
        OperationQuery::new(SampleHistory::new(run())),
        OperationQuery::new(SampleHistory::new(run()).keys(keys())),
        OperationQuery::new(SampleEvents::new(run())),
        OperationQuery::new(GetHistoryWindow::new(run(), 0..10)),
        OperationQuery::new(GetHistoryWindow::new(run(), 0..10).select(Selection::AllOf(keys()))),
        OperationQuery::new(GetHistoryWindow::new(run(), 0..10).select(Selection::AnyOf(keys()))),
        OperationQuery::new(GetArtifact::new("team/project/a:v1".parse().unwrap())),
        OperationQuery::new(GetArtifactById::new("QQ==")),
        OperationQuery::new(GetArtifactManifest::new("QQ==", "team/project/a:v1")),
        OperationQuery::new(GetArtifactCreator::new("QQ==", "team/project/a:v1")),
        OperationQuery::new(ListArtifactUsers::new("QQ==", "team/project/a:v1")),
        OperationQuery::new(ListArtifactLinks::new("QQ==", "team/project/a:v1")),
        OperationQuery::new(ListArtifactFiles::new("team/project/a:v1".parse().unwrap())),
        OperationQuery::new(ListArtifactFiles::new("team/project/a:v1".parse().unwrap()).names(["a"])),
        OperationQuery::new(ListArtifactTypes::new("team/project".parse().unwrap())),
        OperationQuery::new(ListArtifactCollections::new("team/project".parse().unwrap())),
        OperationQuery::new(ListArtifactCollections::new("team/project".parse().unwrap()).of_type("model")),
        OperationQuery::new(ListArtifactVersions::new("team/project".parse().unwrap(), "model", "a")),
        OperationQuery::new(ListRunArtifacts::logged(run())),
        OperationQuery::new(ListRunArtifacts::used(run())),
        OperationQuery::new(GetOrganizations::new("team")),
        OperationQuery::new(ListRegistries::new("Acme")),
        OperationQuery::new(ListRegistryCollections::new("Acme")),
        OperationQuery::new(ListRegistryVersions::new("Acme")),
    ]
}

fn schema() -> Valid<Schema> {
    Schema::parse_and_validate(SCHEMA, "schema.graphql").unwrap_or_else(|error| panic!("{error}"))
}

fn validate(operation: &OperationQuery, lacking: &[Field], schema: &Valid<Schema>) -> String {
    let query = (operation.query)(&lacking.iter().cloned().collect());
    if let Err(error) =
        ExecutableDocument::parse_and_validate(schema, &*query, format!("{}.graphql", operation.name))
    {
        panic!("{} without {lacking:?}: {error}\n{query}", operation.name);
    }
    query
}

#[test]
fn queries_are_valid_with_and_without_optional_fields() {
    let schema = schema();
    for operation in operations() {
        let whole = validate(&operation, &[], &schema);
        let elsewhere = validate(&operation, &[Field::new("Other", "field")], &schema);
        assert_eq!(elsewhere, whole, "{} changes with an unrelated field", operation.name);
        let bare = validate(&operation, operation.optional_fields, &schema);
        assert!(bare.len() <= whole.len());
        for field in operation.optional_fields {
            let without = validate(&operation, std::slice::from_ref(field), &schema);
            let names = |query: &str| {
                query.split(|c: char| !c.is_alphanumeric()).filter(|word| *word == field.name()).count()
            };
            if names(&whole) > 0 {
                assert!(names(&without) < names(&whole), "{} still asks for {field}", operation.name);
            }
        }
    }
}

#[test]
fn server_without_an_optional_field_accepts_the_query() {
    for operation in operations() {
        for field in operation.optional_fields {
            let smaller = schema_without(field);
            validate(&operation, std::slice::from_ref(field), &smaller);
        }
    }
}

#[test]
fn server_without_an_optional_argument_accepts_query() {
    for operation in operations() {
        for argument in &operation.optional_arguments {
            let of = format!("{}.{}", argument.field().on_type(), argument.field().name());
            let smaller = schema_without(&Field::named(of, argument.name()));
            let query = (operation.query)(&[argument.clone()].into_iter().collect());
            if let Err(error) = ExecutableDocument::parse_and_validate(&smaller, &*query, "query.graphql") {
                panic!("{} without {argument}: {error}\n{query}", operation.name);
            }
        }
    }
}

/// The schema without a field, or without an argument, given as a field of `Type.field`.
fn schema_without(field: &Field) -> Valid<Schema> {
    let mut schema = schema().into_inner();
    let (on_type, argument_of) =
        field.on_type().split_once('.').map_or((field.on_type(), None), |(on_type, of)| (on_type, Some(of)));
    if let Some(apollo_compiler::schema::ExtendedType::Interface(interface)) = schema.types.get_mut(on_type) {
        let fields = &mut interface.make_mut().fields;
        match argument_of {
            Some(of) => fields[of].make_mut().arguments.retain(|argument| argument.name != *field.name()),
            None => assert!(fields.shift_remove(field.name()).is_some(), "{field}"),
        }
        return schema.validate().unwrap_or_else(|error| panic!("{error}"));
    }
    match (schema.types.get_mut(on_type), argument_of) {
        (Some(apollo_compiler::schema::ExtendedType::Object(object)), Some(of)) => {
            let arguments = &mut object.make_mut().fields[of].make_mut().arguments;
            let before = arguments.len();
            arguments.retain(|argument| argument.name != *field.name());
            assert!(arguments.len() < before, "{field}");
        }
        (Some(apollo_compiler::schema::ExtendedType::Object(object)), None) => {
            let removed = object.make_mut().fields.shift_remove(field.name());
            assert!(removed.is_some(), "{field}");
        }
        other => panic!("{field}: {other:?}"),
    }
    schema.validate().unwrap_or_else(|error| panic!("{error}"))
}
