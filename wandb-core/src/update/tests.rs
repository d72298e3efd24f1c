//! Tests that changes leave everything else untouched.

mod documents;

use proptest::prelude::*;

use super::object_text::ObjectText;
use super::scan::members;
use super::{ChangeError, ChangeStatus, KeyPath, RunChanges, RunDocument, RunField};
use crate::value::{Map, Value};

use documents::{key, object};

fn run(config: &str, summary: &str) -> RunDocument {
    let mut run = RunDocument::new("id");
    run.config = config.to_owned();
    run.summary = summary.to_owned();
    run.tags = Some(vec!["a".to_owned(), "b".to_owned()]);
    run
}

fn summary(before: &str, changes: &RunChanges) -> String {
    changes.apply(&run("", before)).unwrap().document.summary
}

fn config(before: &str, changes: &RunChanges) -> String {
    changes.apply(&run(before, "")).unwrap().document.config
}

#[test]
fn everything_else_is_preserved_byte_for_byte() {
    let before = "{ \"a\" :1.0 ,\"nan\":NaN,\t\"big\": 123456789012345678901234567890, \"half\": \"\\ud83d\", \"raw\": \"a\tb\", \
                  \"dup\": 1, \"s\": \"}\\\"{,\", \"dup\": [2, {\"x\": -0.0}], \"_wandb\": {\"runtime\": 1e3} }";
    let after = summary(before, &RunChanges::new().set_summary("a", 2).set_summary("new", f64::NAN));
    let expected = before.replace(":1.0 ,", ":2 ,").replace("1e3} }", "1e3}, \"new\": \"NaN\" }");
    assert_eq!(after, expected);
}

#[test]
fn last_repeated_key_is_set_and_all_are_removed() {
    assert_eq!(
        summary(r#"{"x":1,"y":2,"x":3}"#, &RunChanges::new().set_summary("x", 4)),
        r#"{"x":1,"y":2,"x":4}"#
    );
    assert_eq!(summary(r#"{"x":1,"y":2,"x":3}"#, &RunChanges::new().remove_summary("x")), r#"{"y":2}"#);
}

#[test]
fn keys_are_removed_with_their_commas() {
    let remove = |key: &str| {
        summary(r#"{"a": 1, "b": {"c": 2, "d": 3}, "e": 4}"#, &RunChanges::new().remove_summary(key))
    };
    assert_eq!(remove("a"), r#"{"b": {"c": 2, "d": 3}, "e": 4}"#);
    assert_eq!(remove("b"), r#"{"a": 1, "e": 4}"#);
    assert_eq!(remove("e"), r#"{"a": 1, "b": {"c": 2, "d": 3}}"#);
    let nested = RunChanges::new().remove_summary(["b", "c"]).remove_summary(["b", "d"]);
    assert_eq!(summary(r#"{"a": 1, "b": {"c": 2, "d": 3}}"#, &nested), r#"{"a": 1, "b": {}}"#);
    let absent = RunChanges::new().remove_summary(["b", "x", "y"]).remove_summary("z");
    assert_eq!(summary(r#"{"b": {}}"#, &absent), r#"{"b": {}}"#);
}

#[test]
fn missing_objects_on_the_path_are_created() {
    let set = RunChanges::new().set_summary(["a", "b", "c"], 1);
    assert_eq!(summary("", &set), r#"{"a": {"b":{"c":1}}}"#);
    assert_eq!(summary(r#"{"a": {}}"#, &set), r#"{"a": {"b": {"c":1}}}"#);
    let error = set.apply(&run("", r#"{"a": {"b": [1]}}"#)).unwrap_err();
    assert_eq!(error.to_string(), "summary: a.b.c cannot be changed, because a.b is [1], not an object");
}

#[test]
fn map_updates_replace_whole_values() {
    let entries: Map =
        [("best", Value::parse(br#"{"acc": 1}"#).unwrap()), ("k.d", Value::Null)].into_iter().collect();
    let after = summary(r#"{"best": {"loss": 2}}"#, &RunChanges::new().set_summary_entries(entries));
    assert_eq!(after, r#"{"best": {"acc":1}, "k.d": null}"#);
}

#[test]
fn config_values_stay_in_their_wrappers() {
    let before = r#"{"lr": {"desc": "rate", "value": 0.1}, "net": {"value": {"depth": 3}}, "bare": 1, "map": {"x": 1}}"#;
    let after = |changes: RunChanges| config(before, &changes);
    assert!(
        after(RunChanges::new().set_config("lr", 0.2)).contains(r#""lr": {"desc": "rate", "value": 0.2}"#)
    );
    assert!(
        after(RunChanges::new().set_config(["net", "depth"], 4))
            .contains(r#""net": {"value": {"depth": 4}}"#)
    );
    assert!(after(RunChanges::new().set_config("bare", 2)).contains(r#""bare": {"value":2,"desc":null}"#));
    assert!(
        after(RunChanges::new().set_config(["map", "x"], 2)).contains(r#""map": {"x": 2}"#),
        "bare maps stay bare"
    );
    let new = after(RunChanges::new().set_config(["new", "a"], true));
    assert!(new.ends_with(r#", "new": {"value":{"a":true},"desc":null}}"#), "{new}");
    assert!(!after(RunChanges::new().remove_config("lr")).contains("rate"));
    assert!(after(RunChanges::new().remove_config(["net", "depth"])).contains(r#""net": {"value": {}}"#));
}

#[test]
fn internal_keys_are_rejected() {
    for changes in [
        RunChanges::new().set_config("_wandb", 1),
        RunChanges::new().remove_config(["wandb_version"]),
        RunChanges::new().set_summary(["_wandb", "runtime"], 1),
    ] {
        assert!(matches!(changes.apply(&run("", "")), Err(ChangeError::Internal { .. })), "{changes:?}");
    }
}

#[test]
fn unreadable_text_is_not_replaced() {
    let error = RunChanges::new().set_summary("a", 1).apply(&run("", "[1]")).unwrap_err();
    assert_eq!(error.to_string(), "the summary stored by the server cannot be read, so it is not changed");
    let deep = (0..300).fold(Value::Null, |value, _| Value::List(vec![value]));
    let error = RunChanges::new().set_summary("a", deep).apply(&run("", "")).unwrap_err();
    assert_eq!(error, ChangeError::TooDeep { field: RunField::Summary });
}

#[test]
fn only_differences_are_written() {
    let before = run(r#"{"lr": {"value": 1}}"#, r#"{"x": NaN}"#);
    let same = RunChanges::new().set_config("lr", 1).set_summary("x", "NaN").add_tag("a").remove_tag("z");
    let applied = same.apply(&before).unwrap();
    assert_eq!((applied.changes.len(), &applied.document), (0, &before));
    assert!(!applied.patch.replaces_a_whole());
    let applied = RunChanges::new().set_name("n").add_tag("c").remove_tag("a").apply(&before).unwrap();
    assert_eq!(applied.patch.tags, Some(vec!["b".to_owned(), "c".to_owned()]));
    assert_eq!(
        (applied.patch.name.as_deref(), applied.patch.config, applied.patch.summary),
        (Some("n"), None, None)
    );
    let float = RunChanges::new().set_config("lr", 1.0).apply(&before).unwrap();
    assert_eq!(float.document.config, r#"{"lr": {"value": 1.0}}"#, "1 and 1.0 differ");
}

#[test]
fn last_change_of_a_key_wins() {
    let changes =
        RunChanges::new().set_summary("x", 1).set_summary("x", 2).set_summary("y", 1).remove_summary("y");
    let applied = changes.apply(&run("", r#"{"x": 0}"#)).unwrap();
    let [change] = &applied.changes[..] else { panic!("{:?}", applied.changes) };
    assert_eq!((change.old.as_ref(), change.new.as_ref()), (Some(&Value::Int(0)), Some(&Value::Int(2))));
}

#[test]
fn change_status_depends_on_the_later_value() {
    let applied = RunChanges::new().set_summary("x", 1.0).apply(&run("", r#"{"x": 0}"#)).unwrap();
    let status = |summary: &str| applied.changes[0].status(&run("", summary)).unwrap();
    assert_eq!(status(r#"{"x": 1.0, "y": 2}"#), ChangeStatus::Holds);
    assert_eq!(status(r#"{"x": 1}"#), ChangeStatus::Holds, "a server may drop the fraction");
    assert_eq!(status(r#"{"x": 0, "y": 2}"#), ChangeStatus::Undone);
    assert_eq!(status(r#"{"x": 7}"#), ChangeStatus::Overruled);
    assert_eq!(status("{}"), ChangeStatus::Overruled);
}

#[test]
fn changes_can_be_excluded_by_key() {
    let changes = RunChanges::new().set_summary("x", 1).set_config("x", 1).add_tag("c");
    let applied = changes.apply(&run("", "")).unwrap();
    let rest = changes.except(&applied.changes[..1]);
    assert_eq!(rest, RunChanges::new().set_config("x", 1).add_tag("c"));
}

#[test]
fn unknown_tags_can_only_be_replaced() {
    let mut unknown = run("", "");
    unknown.tags = None;
    assert_eq!(RunChanges::new().add_tag("a").apply(&unknown).unwrap_err(), ChangeError::UnknownTags);
    let applied = RunChanges::new().set_tags(["a", "a"]).apply(&unknown).unwrap();
    assert_eq!(applied.document.tags, Some(vec!["a".to_owned()]));
}

/// Returns the members of an object as text, without those of `key`.
fn others(document: &str, key: &str) -> Vec<String> {
    let (members, _) = members(document, document.find('{').unwrap());
    let others = members.into_iter().filter(|member| member.key != key);
    others.map(|member| document[member.whole].to_owned()).collect()
}

proptest! {
    #[test]
    fn set_changes_only_its_value(
        document in object(), key in key(), number in any::<i64>(), nest in any::<bool>(),
    ) {
        let mut text = ObjectText::new(&document).unwrap();
        let path: Vec<&str> = if nest { vec![&key, "inner"] } else { vec![&key] };
        let before = Value::parse(document.as_bytes()).unwrap();
        if text.set(&path, &Value::Int(number)).is_err() {
            prop_assert!(nest && before.get(&key).is_some_and(|value| value.as_map().is_none()));
            return Ok(());
        }
        prop_assert_eq!(text.get(&path), Some(Value::Int(number)));
        let after = text.into_string();
        prop_assert_eq!(others(&after, &key), others(&document, &key));
        Value::parse(after.as_bytes()).unwrap();
    }

    #[test]
    fn remove_changes_only_its_value(document in object(), key in key()) {
        let mut text = ObjectText::new(&document).unwrap();
        let before = Value::parse(document.as_bytes()).unwrap();
        prop_assert_eq!(text.remove(&[key.as_str()]), Ok(before.get(&key).is_some()));
        let after = text.into_string();
        prop_assert_eq!(others(&after, &key), others(&document, &key));
        let edited = Value::parse(after.as_bytes()).unwrap();
        prop_assert_eq!(edited.get(&key), None);
        if before.get(&key).is_none() {
            prop_assert_eq!(after, document);
        }
    }

    #[test]
    fn changes_can_be_reverted(document in object(), key in key()) {
        let before = run("", &document);
        let applied = RunChanges::new().set_summary(KeyPath::from(key.as_str()), 1).apply(&before).unwrap();
        let back = match applied.changes.first().and_then(|change| change.old.clone()) {
            Some(old) => RunChanges::new().set_summary(key.as_str(), old),
            None => RunChanges::new().remove_summary(key.as_str()),
        };
        if applied.changes.is_empty() {
            return Ok(());
        }
        let again = back.apply(&applied.document).unwrap().document.summary;
        prop_assert_eq!(
            Value::parse(again.as_bytes()).unwrap().to_json(),
            Value::parse(document.as_bytes()).unwrap().to_json()
        );
    }
}
