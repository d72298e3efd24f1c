//! Tests that one bad entry of a list does not affect the others.

use proptest::prelude::*;
use serde_json::{Value, json};
use wandb_core::model::Run;
use wandb_core::operation::{AnswerError, Paged, UnreadableEntry};

use super::testing::answer;
use super::{GetWholeRuns, ListFiles, ListLogLines, ListPage, ListProjects, ListRuns, ListSweeps};

/// A bad value in place of a node, its edge, or one of its fields.
fn bad_value() -> impl Strategy<Value = Value> {
    let values = [
        Value::Null,
        json!(5),
        json!(-1.5),
        json!(true),
        json!(""),
        json!("a/b\n"),
        json!([]),
        json!({}),
        json!({ "node": 7 }),
        json!([{ "id": null }]),
    ];
    prop::sample::select(values.to_vec())
}

/// The bad part of a node.
#[derive(Debug, Clone)]
enum BadPart {
    Edge,
    Node,
    Field(prop::sample::Index),
    /// The node is null, and an error gives the reason.
    Failed,
}

fn bad_part() -> impl Strategy<Value = BadPart> {
    prop_oneof![
        Just(BadPart::Edge),
        Just(BadPart::Node),
        any::<prop::sample::Index>().prop_map(BadPart::Field),
        Just(BadPart::Failed),
    ]
}

/// A list with one bad node.
#[derive(Debug)]
struct ListWithBadNode {
    count: usize,
    bad: usize,
    part: BadPart,
    value: Value,
}

impl ListWithBadNode {
    /// The connection, and the errors for the list at `path`.
    fn connection(&self, node: fn(usize) -> Value, path: &[&str]) -> (Value, Value) {
        let edge = |at: usize| json!({ "cursor": format!("c{at}"), "node": node(at) });
        let mut edges: Vec<Value> = (0..self.count).map(edge).collect();
        let bad = &mut edges[self.bad];
        let mut errors = json!([]);
        match &self.part {
            BadPart::Edge => *bad = self.value.clone(),
            BadPart::Node => bad["node"] = self.value.clone(),
            BadPart::Field(field) => {
                let fields: Vec<String> = bad["node"].as_object().unwrap().keys().cloned().collect();
                bad["node"][field.get(&fields)] = self.value.clone();
            }
            BadPart::Failed => {
                bad["node"] = Value::Null;
                let mut path: Vec<Value> = path.iter().map(|step| json!(step)).collect();
                path.extend([json!("edges"), json!(self.bad), json!("node")]);
                errors = json!([{ "message": "internal error", "path": path }]);
            }
        }
        (json!({ "edges": edges, "pageInfo": { "endCursor": "end", "hasNextPage": false } }), errors)
    }

    fn check_others(&self, names: &[String]) {
        for at in (0..self.count).filter(|at| *at != self.bad) {
            assert!(names.contains(&format!("r{at}")), "r{at} is missing from {names:?}");
        }
    }

    /// Checks that every other entry is returned and that a failed entry is reported.
    fn check<O: Paged>(&self, operation: &O, (data, errors): (Value, Value), name: fn(&O::Item) -> String) {
        let page = answer(operation, &body(&data, &errors)).unwrap();
        let unreadable: Vec<UnreadableEntry> = O::unreadable(&page).to_vec();
        let names: Vec<String> = O::items(page).iter().map(name).collect();
        self.check_others(&names);
        if matches!(self.part, BadPart::Failed) {
            let [entry] = &unreadable[..] else { panic!("{unreadable:?}") };
            assert_eq!(
                (entry.reason.as_str(), entry.may_pass, entry.is_left_out),
                ("internal error", true, true)
            );
        }
    }
}

fn body(data: &Value, errors: &Value) -> String {
    json!({ "data": data, "errors": errors }).to_string()
}

fn run(at: usize) -> Value {
    json!({ "id": format!("s{at}"), "name": format!("r{at}"), "displayName": "d", "state": "finished",
            "createdAt": "2024-05-01T12:00:00", "tags": ["t"], "config": "{}", "historyLineCount": 3,
            "user": { "username": "u", "name": "n" } })
}

fn named(at: usize) -> Value {
    json!({ "id": format!("s{at}"), "name": format!("r{at}") })
}

fn line(at: usize) -> Value {
    json!({ "number": at, "line": format!("r{at}") })
}

fn list_runs() -> ListRuns {
    ListRuns::new("team/project".parse().unwrap())
}

proptest! {
    #[test]
    fn one_bad_node_does_not_stop_a_list(
        count in 2_usize..6,
        bad in any::<prop::sample::Index>(),
        part in bad_part(),
        value in bad_value(),
    ) {
        let list = ListWithBadNode { count, bad: bad.index(count), part, value };
        let (runs, errors) = list.connection(run, &["project", "runs"]);
        let data = json!({ "project": { "runCount": count, "runs": runs } });
        list.check(&list_runs(), (data, errors), |run| run.id.clone());

        let (projects, errors) = list.connection(named, &["models"]);
        let data = json!({ "models": projects });
        list.check(&ListProjects::new("team"), (data, errors), |project| project.name.clone());

        let (sweeps, errors) = list.connection(named, &["project", "sweeps"]);
        let data = json!({ "project": { "sweeps": sweeps } });
        let operation = ListSweeps::new("team/project".parse().unwrap());
        list.check(&operation, (data, errors), |sweep| sweep.id.clone());

        let (files, errors) = list.connection(named, &["project", "run", "files"]);
        let data = json!({ "project": { "run": { "files": files } } });
        let operation = ListFiles::new("team/project/run".parse().unwrap());
        list.check(&operation, (data, errors), |file| file.name.clone());

        let (lines, errors) = list.connection(line, &["project", "run", "logLines"]);
        let data = json!({ "project": { "run": { "id": "1", "logLines": lines } } });
        let operation = ListLogLines::new("team/project/run".parse().unwrap());
        list.check(&operation, (data, errors), |line| line.text.clone());

        let (mut runs, errors) = list.connection(run, &["project", "runs"]);
        for edge in runs["edges"].as_array_mut().unwrap().iter_mut().filter(|edge| edge.is_object()) {
            edge["belongings"] = if edge["node"].is_null() { Value::Null } else { json!({ "id": "s" }) };
        }
        let ids = (0..count).map(|at| format!("r{at}"));
        let whole = GetWholeRuns::new("team/project".parse().unwrap(), ids);
        let page = answer(&whole, &body(&json!({ "project": { "runs": runs } }), &errors)).unwrap();
        list.check_others(&page.runs.iter().map(|whole| whole.run.id.clone()).collect::<Vec<_>>());
    }
}

fn runs_with(errors: &Value, nodes: [Value; 2]) -> Result<ListPage<Run>, AnswerError> {
    let edges: Vec<_> = nodes.into_iter().map(|node| json!({ "cursor": "c", "node": node })).collect();
    let runs = json!({ "edges": edges, "pageInfo": { "endCursor": null, "hasNextPage": false } });
    answer(&list_runs(), &body(&json!({ "project": { "runs": runs } }), errors))
}

#[test]
fn field_error_keeps_the_run() {
    let path = json!(["project", "runs", "edges", 1, "node", "config"]);
    let page = runs_with(&json!([{ "message": "bad blob", "path": path }]), [run(0), run(1)]).unwrap();
    assert_eq!(page.items.len(), 2);
    let [entry] = &page.unreadable[..] else { panic!("{:?}", page.unreadable) };
    assert_eq!((entry.to_string().as_str(), entry.is_left_out), ("r1: config: bad blob", false));
}

#[test]
fn errors_beyond_single_entries_reject_the_page() {
    let beyond = json!(["project", "runs", "edges", 7]);
    for path in [json!(["project"]), json!(["project", "runs"]), json!(null), beyond] {
        let of_one = json!({ "message": "no", "path": ["project", "runs", "edges", 0, "node"] });
        let errors = json!([of_one, { "message": "no", "path": path }]);
        assert!(runs_with(&errors, [Value::Null, run(1)]).is_err(), "{path}");
    }
}

#[test]
fn errors_of_all_entries_reject_the_page() {
    let error = |at: usize| json!({ "message": "no", "path": ["project", "runs", "edges", at, "node"] });
    assert!(runs_with(&json!([error(0), error(1)]), [Value::Null, Value::Null]).is_err());
    assert!(runs_with(&json!([error(0)]), [Value::Null, run(1)]).is_ok());
}
