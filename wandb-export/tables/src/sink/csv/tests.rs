use std::io::Write;
use std::sync::mpsc::{Sender, channel};

use insta::assert_snapshot;
use wandb_core::Row;

use crate::columns::{Nested, TableOptions};
use crate::sink::{Format, Output, SinkOptions};

struct Pieces(Sender<Vec<u8>>);

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.send(bytes.to_vec()).expect("the test listens");
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn csv(nested: Nested, lines: &[&str]) -> String {
    let (pieces, written) = channel();
    let options = SinkOptions::default().with_table(TableOptions::default().with_nested(nested));
    let mut sink = Format::Csv.sink(Output::writer("pieces", Pieces(pieces)), &options).expect("opens");
    for line in lines {
        sink.write(&[Row::parse(line.as_bytes()).expect("valid JSON")]).expect("written");
    }
    sink.finish().expect("written");
    String::from_utf8(written.iter().flatten().collect()).expect("text")
}

#[test]
fn numbers_keep_their_text() {
    let lines = [
        r#"{"_step": 0, "x": 1, "big": 18446744073709551615, "t": true}"#,
        r#"{"_step": 1, "x": 1.0, "big": 3, "t": false}"#,
        r#"{"_step": 2, "x": "NaN"}"#,
        r#"{"_step": 3, "x": "-Infinity"}"#,
        r#"{"_step": 4, "x": Infinity}"#,
        r#"{"_step": 5, "x": -0.0}"#,
        r#"{"_step": 6, "x": 0.1}"#,
    ];
    assert_snapshot!(csv(Nested::Dotted, &lines), @"
    _step,x,big,t
    0,1,18446744073709551615,true
    1,1.0,3,false
    2,NaN,,
    3,-Infinity,,
    4,Infinity,,
    5,-0.0,,
    6,0.1,,
    ");
}

#[test]
fn empty_string_differs_from_missing_value() {
    assert_snapshot!(csv(Nested::Dotted, &[r#"{"a": "", "b": 1}"#, r#"{"b": 2}"#, r#"{"a": null, "b": 3}"#]), @r#"
    a,b
    "",1
    ,2
    ,3
    "#);
}

#[test]
fn delimiters_and_quotes_are_quoted() {
    assert_snapshot!(csv(Nested::Dotted, &[r#"{"a,b": "x,y", "q\"": "say \"hi\"", "p": " plain; é "}"#, r#"{"p": "two\nlines"}"#]), @r#"
    "a,b","q""",p
    "x,y","say ""hi""", plain; é 
    ,,"two
    lines"
    "#);
}

#[test]
fn no_line_is_blank() {
    assert_eq!(csv(Nested::Dotted, &[r#"{"a": 1}"#, "{}", r#"{"a": 2}"#]), "a\n1\n\"\"\n2\n");
}
