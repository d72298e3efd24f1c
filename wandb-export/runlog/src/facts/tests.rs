use prost::Message;

use super::*;
use crate::log::writing::written;
use crate::proto::{Changes, Item, Record};

/// What a file with these records says.
fn said(records: &[Record]) -> Facts {
    let (file, _) = written(&records.iter().map(Message::encode_to_vec).collect::<Vec<_>>());
    Facts::read(|| Ok(&file[..])).unwrap()
}

fn changes(items: &[(&str, &str)]) -> Changes {
    let item = |(key, json): &(&str, &str)| Item {
        key: (*key).to_owned().into(),
        value_json: (*json).to_owned().into(),
        ..Item::default()
    };
    Changes { update: items.iter().map(item).collect(), remove: Vec::new() }
}

fn run(change: impl FnOnce(&mut proto::Run)) -> Record {
    let mut run = proto::Run { id: "r".to_owned(), ..proto::Run::default() };
    change(&mut run);
    Record { run: Some(run.encode_to_vec().into()), ..Record::default() }
}

fn config(facts: &Facts) -> String {
    Value::from(facts.run.config.as_ref().unwrap().values().clone()).to_json()
}

#[test]
fn a_value_of_the_first_config_that_cannot_be_read_is_a_loss() {
    let facts = said(&[run(|run| run.config = Some(changes(&[("lr", "0.5"), ("a", "{"), ("b", "")])))]);
    assert_eq!(config(&facts), r#"{"lr":0.5}"#);
    assert_eq!((facts.losses.damages.len(), facts.losses.records), (1, 1), "{:?}", facts.losses);
}

#[test]
fn a_renamed_run_says_its_whole_config_once_more() {
    let facts = said(&[
        run(|run| run.config = Some(changes(&[("lr", "0.5")]))),
        // The record of another change is lost.
        run(|run| {
            run.display_name = "new name".to_owned();
            run.config = Some(changes(&[("lr", "0.5"), ("later", "1")]));
        }),
    ]);
    assert_eq!((facts.run.name.as_deref(), &*config(&facts)), (Some("new name"), r#"{"lr":0.5,"later":1}"#));
}

#[test]
fn a_record_of_system_metrics_that_cannot_be_read_is_one_loss() {
    let item = changes(&[("cpu", "{"), ("gpu", "}"), ("disk", "1")]).update;
    let stats = proto::Stats { timestamp: None, item };
    let facts =
        said(&[run(|_| {}), Record { stats: Some(stats.encode_to_vec().into()), ..Record::default() }]);
    assert_eq!(facts.losses.records, 1, "{:?}", facts.losses);
    assert_eq!(Value::from(facts.run.system_metrics.unwrap()).to_json(), r#"{"system.disk":1}"#);
}

#[test]
fn a_moment_that_cannot_be_is_missing() {
    let beyond = Some(proto::Time { seconds: i64::MAX, nanos: 0 });
    let stats = proto::Stats { timestamp: beyond, item: Vec::new() };
    let environment =
        proto::Environment { started_at: beyond, os: "Linux".to_owned(), ..proto::Environment::default() };
    let facts = said(&[
        run(|run| run.start_time = beyond),
        Record { stats: Some(stats.encode_to_vec().into()), ..Record::default() },
        Record { environment: Some(environment.encode_to_vec().into()), ..Record::default() },
    ]);
    assert_eq!((&facts.run.created_at, &facts.run.heartbeat_at), (&None, &None));
    assert_eq!(Value::from(facts.metadata.unwrap()).to_json(), r#"{"os":"Linux"}"#);
}
