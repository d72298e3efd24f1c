//! Every operation's query, with and without its optional fields, is valid against the schema, as judged by a validator
//! that shares no code with what builds the queries.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use wandb_core::operation::{Argument, Endpoint, Field, Lacks, Operation};
use wandb_core::update::RunPatch;
use wandb_graphql::ops::{
    Detail, GetHistoryKeys, GetHistoryWindow, GetParquetHistory, GetRun, GetRunDocument, GetServer, GetSweep,
    GetViewer, GetWholeRuns, ListFiles, ListLogLines, ListProjects, ListRuns, ListSweeps, SampleEvents,
    SampleHistory, UpdateRun,
};
use wandb_graphql::{Keys, SCHEMA, Selection};

/// An operation's query as a function of what the server lacks.
struct Asked {
    name: &'static str,
    optional_fields: &'static [Field],
    optional_arguments: Vec<Argument>,
    query: Box<dyn Fn(&Lacks) -> String>,
}

impl Asked {
    fn by(operation: impl Operation + 'static) -> Self {
        let endpoint = Endpoint::new("https://wandb.example.org".parse().unwrap());
        Self {
            name: operation.name(),
            optional_fields: operation.optional_fields(),
            optional_arguments: operation.optional_arguments(),
            query: Box::new(move |lacks| {
                let request = operation.request(&endpoint, lacks).unwrap();
                let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
                body["query"].as_str().unwrap().to_owned()
            }),
        }
    }
}

fn operations() -> Vec<Asked> {
    let run = || "team/project/run".parse().unwrap();
    let keys = || Keys::new(["loss", "accuracy"]).unwrap();
    vec![
        Asked::by(GetViewer::new()),
        Asked::by(GetServer::new()),
        Asked::by(ListProjects::new("team")),
        Asked::by(ListRuns::new("team/project".parse().unwrap())),
        Asked::by(ListRuns::new("team/project".parse().unwrap()).detail(Detail::Standard)),
        Asked::by(ListRuns::new("team/project".parse().unwrap()).detail(Detail::Full)),
        Asked::by(GetRun::new(run())),
        Asked::by(GetRun::new(run()).detail(Detail::Light)),
        Asked::by(GetRunDocument::new(run())),
        Asked::by(UpdateRun::new(run(), RunPatch::new("UnVuOjE="))),
        Asked::by(GetSweep::new("team/project/sweep".parse().unwrap())),
        Asked::by(ListFiles::new(run())),
        Asked::by(ListLogLines::new(run())),
        Asked::by(ListSweeps::new("team/project".parse().unwrap())),
        Asked::by(GetWholeRuns::new("team/project".parse().unwrap(), ["a", "b"])),
        Asked::by(GetHistoryKeys::new(run())),
        Asked::by(GetHistoryKeys::new(run()).probe(Selection::Everything, 0)),
        Asked::by(GetHistoryKeys::new(run()).probe(Selection::AllOf(keys()), 0)),
        Asked::by(GetHistoryKeys::new(run()).probe(Selection::AnyOf(keys()), 0)),
        Asked::by(GetParquetHistory::new(run())),
        Asked::by(SampleHistory::new(run())),
        Asked::by(SampleHistory::new(run()).keys(keys())),
        Asked::by(SampleEvents::new(run())),
        Asked::by(GetHistoryWindow::new(run(), 0..10)),
        Asked::by(GetHistoryWindow::new(run(), 0..10).select(Selection::AllOf(keys()))),
        Asked::by(GetHistoryWindow::new(run(), 0..10).select(Selection::AnyOf(keys()))),
    ]
}

fn schema() -> Valid<Schema> {
    Schema::parse_and_validate(SCHEMA, "schema.graphql").unwrap_or_else(|error| panic!("{error}"))
}

fn validated(asked: &Asked, lacking: &[Field], schema: &Valid<Schema>) -> String {
    let query = (asked.query)(&lacking.iter().cloned().collect());
    if let Err(error) =
        ExecutableDocument::parse_and_validate(schema, &*query, format!("{}.graphql", asked.name))
    {
        panic!("{} without {lacking:?}: {error}\n{query}", asked.name);
    }
    query
}

#[test]
fn every_query_is_valid_with_all_fields_and_without_any_of_the_optional_ones() {
    let schema = schema();
    for asked in operations() {
        let whole = validated(&asked, &[], &schema);
        let elsewhere = validated(&asked, &[Field::new("Other", "field")], &schema);
        assert_eq!(elsewhere, whole, "{} changes with what it does not ask for", asked.name);
        let bare = validated(&asked, asked.optional_fields, &schema);
        assert!(bare.len() <= whole.len());
        for field in asked.optional_fields {
            let without = validated(&asked, std::slice::from_ref(field), &schema);
            let names = |query: &str| {
                query.split(|c: char| !c.is_alphanumeric()).filter(|word| *word == field.name()).count()
            };
            if names(&whole) > 0 {
                assert!(names(&without) < names(&whole), "{} still asks for {field}", asked.name);
            }
        }
    }
}

#[test]
fn every_optional_field_is_in_the_schema() {
    let schema = schema();
    for asked in operations() {
        for field in asked.optional_fields {
            let is_known = match field.on_type().split_once('.') {
                Some((on_type, of)) => schema
                    .type_field(on_type, of)
                    .is_ok_and(|found| found.argument_by_name(field.name()).is_some()),
                None => schema.type_field(field.on_type(), field.name()).is_ok(),
            };
            assert!(is_known, "{}: {field} is unknown", asked.name);
        }
    }
}

#[test]
fn a_server_without_an_optional_field_accepts_the_query_that_leaves_it_out() {
    for asked in operations() {
        for field in asked.optional_fields {
            let smaller = schema_without(field);
            validated(&asked, std::slice::from_ref(field), &smaller);
        }
    }
}

#[test]
fn a_server_without_an_optional_argument_accepts_the_query_that_leaves_it_out() {
    for asked in operations() {
        for argument in &asked.optional_arguments {
            let of = format!("{}.{}", argument.field().on_type(), argument.field().name());
            let smaller = schema_without(&Field::named(of, argument.name()));
            let query = (asked.query)(&[argument.clone()].into_iter().collect());
            if let Err(error) = ExecutableDocument::parse_and_validate(&smaller, &*query, "query.graphql") {
                panic!("{} without {argument}: {error}\n{query}", asked.name);
            }
        }
    }
}

#[test]
fn the_validator_refuses_what_the_schema_lacks() {
    let schema = schema_without(&Field::new("Run", "historyKeys"));
    let asked = Asked::by(GetHistoryKeys::new("team/project/run".parse().unwrap()));
    let query = (asked.query)(&Lacks::nothing());
    let error = ExecutableDocument::parse_and_validate(&schema, &*query, "query.graphql").unwrap_err();
    assert!(error.to_string().contains("historyKeys"), "{error}");
}

/// The schema without a field, or without an argument, which counts as a field of its `Type.field`.
fn schema_without(field: &Field) -> Valid<Schema> {
    let mut schema = schema().into_inner();
    let (on_type, argument_of) =
        field.on_type().split_once('.').map_or((field.on_type(), None), |(on_type, of)| (on_type, Some(of)));
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
