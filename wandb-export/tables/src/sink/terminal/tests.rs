use insta::assert_snapshot;
use wandb_core::Row;

use super::*;

fn table(options: &TerminalOptions, lines: &[String]) -> String {
    let mut builder = SchemaBuilder::new(Nested::Dotted);
    let mut window = Window::new(options.rows);
    for line in lines {
        let row = Row::parse(line.as_bytes()).expect("valid JSON");
        builder.observe(&row);
        window.push(&row);
    }
    render(&builder.finish(), &window, options).expect("rendered")
}

fn steps(rows: i32) -> Vec<String> {
    (0..rows)
        .map(|step| format!(r#"{{"_step": {step}, "loss": {}.5, "name": "run {step}"}}"#, 10 - step))
        .collect()
}

#[test]
fn numbers_align_right_and_words_left() {
    assert_snapshot!(table(&TerminalOptions::default(), &steps(3)), @"
    _step  loss  name
        0  10.5  run 0
        1   9.5  run 1
        2   8.5  run 2
    ");
}

#[test]
fn middle_rows_are_omitted() {
    let options = TerminalOptions::default().with_rows(4);
    assert_snapshot!(table(&options, &steps(9)), @"
    _step  loss  name
        0  10.5  run 0
        1   9.5  run 1
        …     …  …
        7   3.5  run 7
        8   2.5  run 8
    (5 of 9 rows not shown)
    ");
}

#[test]
fn columns_that_do_not_fit_are_omitted() {
    let options = TerminalOptions::default().with_width(Some(11));
    assert_snapshot!(table(&options, &steps(1)), @"
    _step  loss
        0  10.5
    (1 of 3 columns not shown)
    ");
    let options = TerminalOptions::default().with_width(Some(1)).with_rows(0);
    assert_snapshot!(table(&options, &steps(1)), @"
    _step
        …
    (1 of 1 rows and 2 of 3 columns not shown)
    ");
}

#[test]
fn wide_and_unsafe_text_stays_aligned() {
    let lines = [
        r#"{"名前": "損失関数の値", "x": 1}"#.to_owned(),
        r#"{"名前": "\u001b[2Jgone\n", "x": 2}"#.to_owned(),
        r#"{"x": 3}"#.to_owned(),
    ];
    let options = TerminalOptions::default().with_value_width(16);
    assert_snapshot!(table(&options, &lines), @r"
    名前             x
    損失関数の値     1
    \u{1b}[2Jgone\n  2
                     3
    ");
}

#[test]
fn empty_table_says_no_rows() {
    assert_snapshot!(table(&TerminalOptions::default(), &[]), @"(no rows)");
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let lines: Vec<String> = (0..40)
        .map(|step| {
            format!(
                r#"{{"_step": {step}, "text": "{}", "other": "{}"}}"#,
                "x".repeat(step),
                "値".repeat(step)
            )
        })
        .collect();
    for wide in 30..120 {
        let options = TerminalOptions::default().with_width(Some(wide)).with_value_width(30);
        for line in table(&options, &lines).lines() {
            assert!(width(line) <= wide, "{} > {wide}: {line}", width(line));
        }
    }
}
