use prost::Message;

use super::*;
use crate::log::writing::write_log;
use crate::proto::{Changes, Item, Record};

/// Reads the facts of a file with these records.
fn facts_of(records: &[Record]) -> Facts {
    let (file, _) = write_log(&records.iter().map(Message::encode_to_vec).collect::<Vec<_>>());
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
fn unreadable_config_value_is_a_loss() {
    let facts = facts_of(&[run(|run| run.config = Some(changes(&[("lr", "0.5"), ("a", "{"), ("b", "")])))]);
    assert_eq!(config(&facts), r#"{"lr":0.5,"a":"{"}"#);
    assert_eq!((facts.losses.damages.len(), facts.losses.records), (1, 1), "{:?}", facts.losses);
}

#[test]
fn renamed_run_repeats_its_whole_config() {
    let facts = facts_of(&[
        run(|run| run.config = Some(changes(&[("lr", "0.5")]))),
        // The record with the change to `later` is lost.
        run(|run| {
            run.display_name = "new name".to_owned();
            run.config = Some(changes(&[("lr", "0.5"), ("later", "1")]));
        }),
    ]);
    assert_eq!((facts.run.name.as_deref(), &*config(&facts)), (Some("new name"), r#"{"lr":0.5,"later":1}"#));
}

#[test]
fn unreadable_system_metrics_count_as_one_loss() {
    let item = changes(&[("cpu", ""), ("gpu", ""), ("disk", "1")]).update;
    let stats = proto::Stats { timestamp: None, item };
    let facts =
        facts_of(&[run(|_| {}), Record { stats: Some(stats.encode_to_vec().into()), ..Record::default() }]);
    assert_eq!(facts.losses.records, 1, "{:?}", facts.losses);
    assert_eq!(Value::from(facts.run.system_metrics.unwrap()).to_json(), r#"{"system.disk":1}"#);
}

/// SDK 0.19.0 writes the name of a GPU without quotes.
#[test]
fn text_that_is_not_json_is_kept() {
    let item = || changes(&[("gpu.0.name", "NVIDIA H100 80GB HBM3"), ("loss", "1")]);
    let stats = proto::Stats { timestamp: None, item: item().update };
    let row = proto::History { item: item().update, step: None };
    let part = proto::PartialHistory { item: item().update, ..proto::PartialHistory::default() };
    let request = proto::Request { partial_history: Some(part) };
    let records = [
        run(|run| run.config = Some(item())),
        Record { stats: Some(stats.encode_to_vec().into()), ..Record::default() },
        Record { history: Some(row.encode_to_vec().into()), ..Record::default() },
        Record { request: Some(request.encode_to_vec().into()), ..Record::default() },
        Record { summary: Some(item().encode_to_vec().into()), ..Record::default() },
    ];
    let facts = facts_of(&records);
    assert!(facts.losses.is_empty(), "{:?}", facts.losses);
    let expected = r#"{"gpu.0.name":"NVIDIA H100 80GB HBM3","loss":1}"#;
    assert_eq!(config(&facts), expected);
    assert_eq!(Value::from(facts.run.summary.unwrap()).to_json(), expected);
    let system = r#"{"system.gpu.0.name":"NVIDIA H100 80GB HBM3","system.loss":1}"#;
    assert_eq!(Value::from(facts.run.system_metrics.unwrap()).to_json(), system);
    let (file, _) = write_log(&records.iter().map(Message::encode_to_vec).collect::<Vec<_>>());
    let mut rows = crate::HistoryReader::new(&file[..], crate::Selection::default());
    let mut names = Vec::new();
    while let Some(batch) = rows.next_rows().unwrap() {
        let batch = match batch {
            crate::Rows::Page(page) => page.to_rows(),
            crate::Rows::Single(rows) => rows,
        };
        names.extend(batch.iter().filter_map(|row| row.get("gpu.0.name").cloned()));
    }
    assert_eq!(names, ["NVIDIA H100 80GB HBM3"; 2].map(|name| Value::String(name.to_owned())));
    assert!(rows.losses().is_empty(), "{:?}", rows.losses());
    let mut system = crate::SystemReader::new(&file[..]);
    let measured = system.next_rows().unwrap().unwrap();
    assert!(measured[0].get("system.gpu.0.name").is_some() && system.losses().is_empty(), "{measured:?}");
}

#[test]
fn time_out_of_range_is_missing() {
    let beyond = Some(proto::Time { seconds: i64::MAX, nanos: 0 });
    let stats = proto::Stats { timestamp: beyond, item: Vec::new() };
    let environment =
        proto::Environment { started_at: beyond, os: "Linux".to_owned(), ..proto::Environment::default() };
    let facts = facts_of(&[
        run(|run| run.start_time = beyond),
        Record { stats: Some(stats.encode_to_vec().into()), ..Record::default() },
        Record { environment: Some(environment.encode_to_vec().into()), ..Record::default() },
    ]);
    assert_eq!((&facts.run.created_at, &facts.run.heartbeat_at), (&None, &None));
    assert_eq!(Value::from(facts.metadata.unwrap()).to_json(), r#"{"os":"Linux"}"#);
}

#[test]
fn activity_is_the_latest_time_in_the_file() {
    let at = |seconds| Some(proto::Time { seconds, nanos: 500_000_000 });
    let stats = proto::Stats { timestamp: at(30), item: Vec::new() };
    let mut row =
        proto::History { item: changes(&[("loss", "1"), ("_timestamp", "20.25")]).update, step: None };
    let output = proto::Output { stream: 1, timestamp: at(10), line: String::new() };
    let start = run(|run| run.start_time = at(5));
    let of = |content: Vec<u8>| Some(content.into());
    let history = |row: &proto::History| Record { history: of(row.encode_to_vec()), ..Record::default() };
    let output = Record { output_raw: of(output.encode_to_vec()), ..Record::default() };
    let stats = Record { stats: of(stats.encode_to_vec()), ..Record::default() };
    let last =
        |records: &[&Record]| facts_of(&records.iter().copied().cloned().collect::<Vec<_>>()).last_activity;
    assert_eq!(last(&[&start]), Some(5.5));
    assert_eq!(last(&[&start, &output]), Some(10.5));
    assert_eq!(last(&[&start, &history(&row), &output]), Some(20.25));
    assert_eq!(last(&[&start, &stats, &history(&row), &output]), Some(30.5));
    row.item[1].value_json = "\"soon\"".into();
    assert_eq!(last(&[&start, &history(&row)]), Some(5.5));
    assert_eq!(last(&[&history(&row)]), None);
}

#[test]
fn text_is_no_log_but_a_damaged_log_is() {
    let is_log = |file: &[u8]| Facts::read(|| Ok(file)).unwrap().is_log;
    assert!(!is_log(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"));
    assert!(!is_log(b"x"));
    let (mut file, _) = write_log(&[run(|_| {}).encode_to_vec()]);
    for log in [&b""[..], b":W&B", b":W&B\xe1\xbe\x00", &[0; 100], &file[..20]] {
        assert!(is_log(log), "{log:?}");
    }
    file[2] = b'x';
    assert!(is_log(&file));
}
