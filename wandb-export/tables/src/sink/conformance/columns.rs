//! Expected columns are written even if no row has them.

use super::{Memory, formats, parse};
use crate::columns::ColumnType;
use crate::sink::{Format, Output};

#[test]
fn expected_columns_exist_without_rows() {
    let expected = [("a".to_owned(), Some(ColumnType::Float64)), ("b,".to_owned(), None)];
    for (format, options) in formats() {
        let memory = Memory::default();
        let mut sink = format.sink(Output::writer("memory", memory.clone()), &options).expect("opens");
        sink.expect_columns(&expected).expect("nothing to write yet");
        let report = sink.finish().expect("memory takes everything");
        let columns = (format != Format::Jsonl).then_some(2);
        assert_eq!((report.rows, report.columns), (0, columns), "{format}");
        let bytes = std::mem::take(&mut *memory.0.lock().expect("not poisoned"));
        match format {
            Format::Csv => assert_eq!(bytes, b"a,\"b,\"\n"),
            Format::Jsonl => assert_eq!(bytes, b""),
            _ => assert!(!bytes.is_empty(), "{format}"),
        }
    }
}

#[test]
fn expected_columns_come_first_in_their_order() {
    let rows = parse(&[r#"{"_step": 1, "new": 2, "a": 3}"#]);
    for (format, options) in formats() {
        if format != Format::Csv {
            continue;
        }
        let memory = Memory::default();
        let mut sink = format.sink(Output::writer("memory", memory.clone()), &options).expect("opens");
        sink.expect_columns(&[("a".to_owned(), None), ("_step".to_owned(), None)])
            .expect("nothing to write yet");
        sink.write(&rows).expect("memory takes everything");
        sink.expect_columns(&[("late".to_owned(), None), ("a".to_owned(), None)])
            .expect("memory takes everything");
        sink.write(&rows).expect("memory takes everything");
        sink.finish().expect("memory takes everything");
        let bytes = std::mem::take(&mut *memory.0.lock().expect("not poisoned"));
        assert_eq!(String::from_utf8(bytes).expect("text"), "a,_step,late,new\n3,1,,2\n3,1,,2\n");
    }
}
