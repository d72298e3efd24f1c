//! Tests that pages equal rows parsed one by one.

use std::sync::Arc;

use proptest::prelude::*;

use super::build::PageBuilder;
use super::pack::PackedPage;
use super::read::{RowEncoding, read_rows};
use super::*;
use crate::Row;

/// Builds a list of rows in the form of an answer.
fn list(rows: &[String], form: RowEncoding) -> String {
    let item = |row: &String| match form {
        RowEncoding::Text => serde_json::to_string(row).unwrap(),
        RowEncoding::Inline => row.clone(),
    };
    format!("[{}]", rows.iter().map(item).collect::<Vec<_>>().join(", "))
}

fn read(rows: &[String], form: RowEncoding) -> Option<Vec<Page>> {
    let list = list(rows, form);
    let length = list.len();
    let text = format!("before{list}after");
    read_rows(&Arc::new(text), 6, form, i64::MIN..i64::MAX).map(|read| {
        assert_eq!(read.end, 6 + length);
        read.pages
    })
}

/// Converts pages to rows. Also checks that packing preserves them.
fn rows_of(pages: &[Page]) -> Vec<Row> {
    for page in pages {
        let mut packed = PackedPage::default();
        page.pack(&mut packed);
        let unpacked = Page::unpack(packed).expect("it was packed");
        assert_eq!(unpacked.len(), page.len());
        for (column, packed) in page.columns().zip(unpacked.columns()) {
            assert_eq!(column.key(), packed.key());
            assert!(column.cells().eq(packed.cells()), "{}", column.key());
            for cell in column.cells().chain(packed.cells()) {
                let mut written = String::from("é");
                cell.write_text(&mut written);
                assert_eq!(written.strip_prefix('é'), Some(cell.text()));
            }
        }
    }
    pages.iter().flat_map(Page::to_rows).collect()
}

/// Asserts equal keys in equal order, with bitwise equal values.
fn assert_same(read: &[Row], expected: &[Row]) {
    assert_eq!(read.len(), expected.len());
    for (read, expected) in read.iter().zip(expected) {
        assert!(read.keys().eq(expected.keys()), "{read:?} is not {expected:?}");
        let mut values = read.iter().zip(expected.iter());
        assert!(
            values.all(|((_, actual), (_, other))| actual.is_identical_to(other)),
            "{read:?} is not {expected:?}"
        );
    }
}

fn check(rows: &[String]) {
    let expected: Vec<Row> = rows.iter().map(|row| Row::parse(row.as_bytes()).expect(row)).collect();
    for form in [RowEncoding::Text, RowEncoding::Inline] {
        let pages = read(rows, form).unwrap_or_else(|| panic!("{form:?} {rows:?} was not read"));
        assert_same(&rows_of(&pages), &expected);
        check_constant(pages.clone(), &expected);
        let mut lines = String::new();
        for page in &pages {
            page.write_json_lines(&mut lines);
        }
        let expected: String = expected.iter().map(Row::to_json_line).collect();
        let lines: Vec<Row> = lines.lines().map(|line| Row::parse(line.as_bytes()).expect(line)).collect();
        let expected: Vec<Row> =
            expected.lines().map(|line| Row::parse(line.as_bytes()).expect(line)).collect();
        assert_same(&lines, &expected);
    }
}

/// Checks that a constant column prepends an entry to every row.
fn check_constant(pages: Vec<Page>, expected: &[Row]) {
    let text = "№ 1, \"quoted\"";
    let label = || (Box::<str>::from("label"), crate::Value::String(text.to_owned()));
    let labelled = expected.iter().map(|row| {
        let actual = row.iter().map(|(key, value)| (Box::<str>::from(key), value.clone()));
        std::iter::once(label()).chain(actual).collect()
    });
    let labelled: Vec<Row> = labelled.collect();
    let pages = pages.into_iter().map(|page| page.with_constant("label", text).expect("no such key"));
    assert_same(&rows_of(&pages.collect::<Vec<_>>()), &labelled);
}

fn owned(rows: &[&str]) -> Vec<String> {
    rows.iter().map(|&row| row.to_owned()).collect()
}

#[test]
fn rows_are_read_exactly() {
    check(&[]);
    check(&owned(&[
        r#"{"_step":0,"loss":0.50,"note":"é <b>","none":null,"yes":true,"no":false}"#,
        r#"{"_step":1,"loss":NaN,"note":"a\"b\\c\n\u0001\ud83d\ude00","none":1}"#,
        r#"{"loss":-Infinity,"_step":2.0,"big":123456789012345678901234567890,"small":-0,"zero":-0.0}"#,
        r#"{ "_step" : 30 , "nested" : {"a": [1, {"b": "NaN"}], "c": {}}, "empty": {}, "image": {"_type": "image"} }"#,
        r#"{"_step":31,"loss":1,"loss":2,"over":1e400,"":"","a.b":[]}"#,
        r#"{"_step":32,"key \" with \\ odd é 😀 characters":"x","loss":5e-324}"#,
    ]));
}

#[test]
fn null_rows_are_declined() {
    let rows = owned(&[r#"{"_step":0}"#, r#"{"_step":1}"#]);
    let list = list(&rows, RowEncoding::Text).replace(", ", ", null, ");
    assert!(read_rows(&Arc::new(list), 0, RowEncoding::Text, 0..2).is_none(), "the caller counts them");
}

#[test]
fn outer_escapes_are_decoded() {
    let text = r#"["{\"_step\":0,\"k\u003cey\":\"a \u0026 b \u00e9\",\"list\":[\"\u003e\"]}"]"#;
    let read = read_rows(&Arc::new(text.to_owned()), 0, RowEncoding::Text, 0..1).expect("nothing unusual");
    assert_same(
        &rows_of(&read.pages),
        &[Row::parse(r#"{"_step":0,"k<ey":"a & b é","list":[">"]}"#.as_bytes()).unwrap()],
    );
}

#[test]
fn float_steps_become_integers() {
    let rows = owned(&[r#"{"_step":1.0,"x":2.0}"#, r#"{"x":0.5,"_step":3.000}"#, r#"{"_step":4}"#]);
    let read = rows_of(&read(&rows, RowEncoding::Text).expect("nothing unusual"));
    let lines: String = read.iter().map(Row::to_json_line).collect();
    assert_eq!(lines, "{\"_step\":1,\"x\":2.0}\n{\"x\":0.5,\"_step\":3}\n{\"_step\":4}\n");
}

#[test]
fn steps_may_be_repeated() {
    let rows = owned(&[r#"{"_step":1,"x":1}"#, r#"{"_step":1,"x":1}"#, r#"{"_step":1,"x":2}"#]);
    assert_eq!(rows_of(&read(&rows, RowEncoding::Text).expect("nothing unusual")).len(), 3);
}

#[test]
fn unusual_rows_are_declined() {
    for rows in [
        &["{}"][..],
        &[r#"{"loss":1}"#],
        &[r#"{"_step":"1"}"#],
        &[r#"{"_step":1.5}"#],
        &[r#"{"_step":null}"#],
        &[r#"{"_step":1}"#, r#"{"_step":0}"#],
        &[r#"{"_step":1e0}"#],
        &[r#"{"_step":-0.0}"#],
        &["{\"_step\":1,\"text\":\"raw \u{1} control\"}"],
        &[r#"{"_step":1,"text":"\ud800"}"#],
        &[r#"{"_step":1,"x":01}"#],
        &[r#"{"_step":1,"x":1"#],
        &[r#"{"_step":1,"x":}"#],
        &[r#"{"_step":1,}"#],
        &[r#"{"_step":1,"x":1 2}"#],
        &[r#"{"_step":1} "#],
        &[r#"{"_step":1,"x":[NaN]}"#],
        &[r#"{"_step":1,"x":{"y":1e999}}"#],
        &["[1]"],
        &["1"],
        &[r#"{"_step":1,"x":[1,]}"#],
        &[r#"{"_step":1,"x":"open}"#],
    ] {
        let rows = owned(rows);
        assert!(read(&rows, RowEncoding::Text).is_none(), "{rows:?}");
    }
    for text in
        ["", "[", "{}", r#"[{"_step":1}]"#, r#"["{\"_step\":1}""#, r#"["{\"_step\":1}" "#, r#"["{\"_step\""#]
    {
        assert!(read_rows(&Arc::new(text.to_owned()), 0, RowEncoding::Text, 0..9).is_none(), "{text}");
    }
}

#[test]
fn steps_out_of_range_are_declined() {
    let text = Arc::new(r#"[{"_step":4},{"_step":5}]"#.to_owned());
    assert!(read_rows(&text, 0, RowEncoding::Inline, 4..6).is_some());
    assert!(read_rows(&text, 0, RowEncoding::Inline, 4..5).is_none());
    assert!(read_rows(&text, 0, RowEncoding::Inline, 5..6).is_none());
}

#[test]
fn rows_with_many_keys_make_several_pages() {
    let rows: Vec<String> = (0..400)
        .map(|step| {
            let keys = (0..20).map(|key| format!(r#""key{}":{key}"#, (step * 17 + key) % 5_000));
            format!(r#"{{"_step":{step},{}}}"#, keys.collect::<Vec<_>>().join(","))
        })
        .collect();
    check(&rows);
    let pages = read(&rows, RowEncoding::Text).expect("nothing unusual");
    assert!(pages.len() > 2, "{}", pages.len());
}

#[test]
fn long_texts_are_packed_too() {
    check(&[format!(
        r#"{{"_step":0,"short":"x","long":"{}","list":[{}1]}}"#,
        "y".repeat(9_000),
        "1,".repeat(5_000)
    )]);
}

#[test]
fn invalid_packed_pages_are_rejected() {
    let pages = read(&owned(&[r#"{"_step":0,"a":"b"}"#]), RowEncoding::Text).expect("nothing unusual");
    let mut packed = PackedPage::default();
    pages[0].pack(&mut packed);
    for shorter in 0..packed.shape.len() {
        let cut = PackedPage { shape: packed.shape[..shorter].to_vec(), text: packed.text.clone() };
        assert!(Page::unpack(cut).is_none(), "{shorter}");
    }
    assert!(Page::unpack(PackedPage { text: b"0".to_vec(), ..packed }).is_none());
}

fn any_key() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        r#""loss""#,
        r#""val/acc""#,
        r#""a""#,
        r#""é""#,
        r#""q\"q""#,
        r#""\u0061""#,
        r#""b\\""#,
    ]);
    odd.prop_map(str::to_owned)
}

fn any_value() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<f64>().prop_map(|float| if float.is_finite() {
            format!("{float:?}")
        } else {
            "NaN".to_owned()
        }),
        any::<i64>().prop_map(|integer| integer.to_string()),
        "[0-9]{19,30}".prop_map(|digits| format!("1{digits}")),
        "-?[1-9][0-9]{0,3}(\\.[0-9]{1,4})?([eE][+-]?[0-9]{1,3})?".prop_map(|number| number),
        prop::sample::select(vec![
            "null",
            "true",
            "false",
            "Infinity",
            "-Infinity",
            "\"NaN\"",
            "{}",
            "[]",
            "0.0",
            "-0"
        ])
        .prop_map(str::to_owned),
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        any::<Vec<String>>().prop_map(|texts| serde_json::to_string(&texts).unwrap()),
        Just(r#"{"_type": "histogram", "values": [1, "NaN"], "t": "a\"\\b"}"#.to_owned()),
    ]
}

proptest! {
    #[test]
    fn any_rows_are_read_exactly(
        rows in prop::collection::vec((1_i64..4, 0_usize..4, prop::collection::vec((any_key(), any_value()), 0..6), any::<bool>()), 0..12),
    ) {
        let mut step = 0;
        let rows: Vec<String> = rows.into_iter().map(|(stride, at, entries, spaced)| {
            step += stride;
            let mut entries: Vec<String> = entries.into_iter().map(|(key, value)| {
                if spaced { format!("{key}: {value}") } else { format!("{key}:{value}") }
            }).collect();
            entries.insert(at.min(entries.len()), format!(r#""_step":{step}"#));
            format!("{{{}}}", entries.join(if spaced { ", " } else { "," }))
        }).collect();
        check(&rows);
    }

    /// Imitates a run: some rows end early, have more keys, or repeat or move a key.
    #[test]
    fn rows_with_repeated_keys_are_read_exactly(
        keys in prop::collection::vec(any_key(), 0..6),
        rows in prop::collection::vec((prop::collection::vec(any_value(), 8), 0_usize..30, any_key(), any::<bool>()), 0..12),
    ) {
        let rows: Vec<String> = rows.into_iter().enumerate().map(|(step, (values, change, other, spaced))| {
            let mut keys: Vec<&str> = std::iter::once("\"_step\"").chain(keys.iter().map(String::as_str)).collect();
            match change {
                0..6 => keys.truncate(change + 1),
                6..12 => keys.insert((change - 5).min(keys.len()), &other),
                12 => keys.reverse(),
                _ => {}
            }
            let values = values.iter().map(String::as_str);
            let step = step.to_string();
            let entries = keys.iter().zip(values).map(|(key, value)| match *key {
                "\"_step\"" => format!("{key}:{step}"),
                _ if spaced && change == 13 => format!("{key}: {value}"),
                _ => format!("{key}:{value}"),
            });
            format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
        }).collect();
        check(&rows);
    }

    /// Checks that `PageBuilder` and `read_rows` agree.
    #[test]
    fn built_and_read_pages_agree(
        rows in prop::collection::vec((1_i64..4, prop::collection::vec((0_usize..5, any_value()), 0..6)), 0..12),
        bad in prop::sample::select(vec!["", "1 ", "01", "1,2", "\"a", "\"", "[1", "[1]2", "nul", "nulls", "--1", "{\"a\":NaN}"]),
    ) {
        let mut step = 0;
        let mut builder = PageBuilder::new(i64::MIN..i64::MAX);
        let mut texts = Vec::new();
        for (stride, cells) in &rows {
            step += stride;
            let step = step.to_string();
            let mut cells: Vec<_> = cells.iter().map(|(key, json)| (["a", "b/c", "é", "q\"q", "\u{1}"][*key], json.as_str())).collect();
            cells.push(("_step", &step));
            prop_assert!(!builder.row(cells.iter().copied().chain([("a", bad)])), "{} is not a value", bad);
            let entry = |(key, json): &(&str, &str)| format!("{}:{json}", serde_json::to_string(key).unwrap());
            let text = format!("{{{}}}", cells.iter().map(entry).collect::<Vec<_>>().join(","));
            if read(std::slice::from_ref(&text), RowEncoding::Inline).is_some() {
                prop_assert!(builder.row(cells), "{}", text);
                texts.push(text);
            }
        }
        prop_assert_eq!(builder.is_empty(), texts.is_empty());
        let expected: Vec<Row> = texts.iter().map(|row| Row::parse(row.as_bytes()).unwrap()).collect();
        assert_same(&rows_of(&builder.finish()), &expected);
    }

    #[test]
    fn reader_never_panics(mut text in ".{0,60}", cut in 0_usize..400, flip in 0_usize..400) {
        let good = list(&owned(&[r#"{"_step":0,"a":"b\"c","x":[1,{"y":2}]}"#, r#"{"_step":1,"a":-1.5e3}"#]), RowEncoding::Text);
        let _ = read_rows(&Arc::new(format!("[{text}]")), 0, RowEncoding::Text, 0..9);
        text.insert_str(0, good.get(..cut).unwrap_or(&good));
        let _ = read_rows(&Arc::new(text), 0, RowEncoding::Text, 0..9);
        let mut bytes = good.into_bytes();
        let at = flip % bytes.len();
        bytes[at] ^= 1 << (flip % 7);
        if let Ok(text) = String::from_utf8(bytes) {
            let _ = read_rows(&Arc::new(text), 0, RowEncoding::Text, 0..9);
        }
    }
}

#[test]
fn existing_key_gets_no_constant() {
    let pages = read(&owned(&[r#"{"_step": 0, "a": 1}"#]), RowEncoding::Text).expect("nothing unusual");
    let page = pages[0].clone().with_constant("a", "text").expect_err("it has the key");
    assert_eq!(page.to_rows()[0].to_json_line(), "{\"_step\":0,\"a\":1}\n");
}
