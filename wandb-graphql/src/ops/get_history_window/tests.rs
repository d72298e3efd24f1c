use super::*;
use crate::Keys;
use crate::ops::testing::{self, request};

fn window(steps: Range<i64>) -> GetHistoryWindow {
    GetHistoryWindow::new("team/my project/abc".parse().unwrap(), steps)
}

fn keys() -> Keys {
    Keys::new(["loss", "acc"]).unwrap()
}

fn answer(window: &GetHistoryWindow, body: &str) -> Result<Vec<HistoryRow>, AnswerError> {
    testing::answer(window, body).map(HistoryWindow::into_rows)
}

fn is_read_by_column(window: &GetHistoryWindow, body: &str) -> bool {
    matches!(testing::answer(window, body), Ok(HistoryWindow::Pages(_)))
}

fn body(field: &str, rows: &serde_json::Value) -> String {
    serde_json::json!({"data": {"project": {"run": {field: rows}}}}).to_string()
}

fn texts(rows: &[HistoryRow]) -> Vec<&str> {
    rows.iter().map(HistoryRow::json).collect()
}

#[test]
fn request_for_all_keys() {
    insta::assert_snapshot!(request(&window(1_000..2_000), &[]));
}

#[test]
fn request_for_all_of_some_keys() {
    insta::assert_snapshot!(request(&window(1_000..2_000).select(Selection::AllOf(keys())), &[]));
}

#[test]
fn request_for_any_of_some_keys() {
    insta::assert_snapshot!(request(&window(1_000..2_000).select(Selection::AnyOf(keys())), &[]));
}

#[test]
fn steps_beyond_float_precision_are_exact() {
    let text = request(&window(i64::MIN..i64::MAX), &[]);
    assert!(text.contains(r#""minStep": -9223372036854775808"#), "{text}");
    assert!(text.contains(r#""maxStep": 9223372036854775807"#), "{text}");
    assert!(text.contains(r#""pageSize": 2147483647"#), "{text}");
    assert_eq!(window(5..6).subject(), "team/my project/abc, steps 5 to 5");
}

#[test]
fn rows_are_sorted_within_the_window() {
    let rows = serde_json::json!([
        r#"{"_step":12,"loss":1}"#,
        r#"{"_step":10.0,"loss":NaN}"#,
        r#"{"_step":9,"loss":0}"#,
        r#"{"_step":12,"loss":1}"#,
        null,
        r#"{"_step":12,"loss":2}"#,
        r#"{"_step":20,"loss":3}"#,
        r#"{"_step":11,"loss":4}"#,
    ]);
    let rows = answer(&window(10..20), &body("history", &rows)).unwrap();
    assert_eq!(
        texts(&rows),
        [
            r#"{"_step":10.0,"loss":NaN}"#,
            r#"{"_step":11,"loss":4}"#,
            r#"{"_step":12,"loss":1}"#,
            r#"{"_step":12,"loss":1}"#,
            "null",
            r#"{"_step":12,"loss":2}"#,
        ],
    );
}

#[test]
fn rows_without_a_step_keep_their_position() {
    let rows =
        serde_json::json!([r#"{"a":0}"#, r#"{"_step":12}"#, r#"{"a":1}"#, r#"{"a":1}"#, r#"{"_step":11}"#]);
    let rows = answer(&window(10..20), &body("history", &rows)).unwrap();
    assert_eq!(
        texts(&rows),
        [r#"{"a":0}"#, r#"{"_step":11}"#, r#"{"_step":12}"#, r#"{"a":1}"#, r#"{"a":1}"#]
    );
}

#[test]
fn all_of_the_keys_returns_rows_by_step() {
    let lists = serde_json::json!([[{"_step": 3, "loss": 1, "acc": 0}, {"_step": 1, "loss": 2, "acc": 0}]]);
    let rows =
        answer(&window(0..10).select(Selection::AllOf(keys())), &body("sampledHistory", &lists)).unwrap();
    assert_eq!(rows.iter().map(HistoryRow::step).collect::<Vec<_>>(), [Some(1), Some(3)]);
}

#[test]
fn only_ordered_rows_are_read_by_column() {
    let rows = |steps: &[i64]| steps.iter().map(|step| format!(r#"{{"_step":{step}}}"#)).collect::<Vec<_>>();
    let text = |steps: &[i64]| body("history", &serde_json::json!(rows(steps)));
    assert!(is_read_by_column(&window(0..10), &text(&[])));
    assert!(is_read_by_column(&window(0..10), &text(&[0, 3, 9])));
    assert!(!is_read_by_column(&window(0..9), &text(&[0, 3, 9])));
    assert!(!is_read_by_column(&window(0..10), &text(&[3, 0])));
    assert!(is_read_by_column(&window(0..10), &text(&[3, 3])), "a step may be repeated");
    assert!(!is_read_by_column(&window(0..10), &text(&[1]).replace("}}}", "}}, \"extensions\": {}}")));
    let lists =
        body("sampledHistory", &serde_json::json!([[{"_step": 1, "loss": 2}, {"_step": 3, "loss": 1.5}]]));
    let selected = window(0..10).select(Selection::AllOf(keys()));
    assert!(is_read_by_column(&selected, &lists));
    assert_eq!(
        texts(&answer(&selected, &lists).unwrap()),
        [r#"{"_step":1,"loss":2}"#, r#"{"_step":3,"loss":1.5}"#]
    );
}

#[test]
fn any_of_the_keys_merges_rows_by_step() {
    let lists = serde_json::json!([
        [{"_step": 1, "loss": 2}, {"_step": 3, "loss": 1}],
        [{"_step": 2, "acc": 0}, {"_step": 3, "acc": 0.5}, {"_step": 10, "acc": 1}],
    ]);
    let rows =
        answer(&window(0..10).select(Selection::AnyOf(keys())), &body("sampledHistory", &lists)).unwrap();
    let expected = [r#"{"_step":1,"loss":2}"#, r#"{"_step":2,"acc":0}"#, r#"{"_step":3,"loss":1,"acc":0.5}"#];
    assert_eq!(texts(&rows), expected);
}

#[test]
fn missing_list_is_an_error() {
    let any = window(0..10).select(Selection::AnyOf(keys()));
    let error = answer(&any, &body("sampledHistory", &serde_json::json!([[]]))).unwrap_err().to_string();
    assert!(error.contains("it holds 1 lists of rows, not 2"), "{error}");
}

#[test]
fn timed_out_window_is_too_large_unless_one_step() {
    let body = r#"{"data": null, "errors": [{"message": "context deadline exceeded"}]}"#;
    let message = "context deadline exceeded".to_owned();
    assert_eq!(answer(&window(0..10), body), Err(AnswerError::TooLarge { message: message.clone() }));
    assert_eq!(answer(&window(0..1), body), Err(AnswerError::Failed { message }));
    let locked = r#"{"errors": [{"message": "Error 1213: Deadlock found"}]}"#;
    assert!(matches!(answer(&window(0..10), locked), Err(AnswerError::Failed { .. })));
}
