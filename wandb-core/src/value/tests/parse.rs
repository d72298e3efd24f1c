//! Tests of parsing.

use super::*;

fn error(text: &[u8]) -> String {
    Value::parse(text).unwrap_err().to_string()
}

/// The expected results are those of `json.loads(text, strict=False)` of Python 3.11.
#[test]
fn text_is_parsed_as_in_python() {
    for (text, expect) in [
        ("NaN", Value::Float(f64::NAN)),
        ("Infinity", Value::Float(f64::INFINITY)),
        ("-Infinity", Value::Float(f64::NEG_INFINITY)),
        ("1e400", Value::Float(f64::INFINITY)),
        ("-1e400", Value::Float(f64::NEG_INFINITY)),
        ("1e-400", Value::Float(0.0)),
        ("-1e-400", Value::Float(-0.0)),
        ("-0.0", Value::Float(-0.0)),
        ("-0", Value::Int(0)),
        ("1E5", Value::Float(1e5)),
        ("1", Value::Int(1)),
        ("1.0", Value::Float(1.0)),
        ("9223372036854775807", Value::Int(i64::MAX)),
        ("-9223372036854775808", Value::Int(i64::MIN)),
        ("\t[ ]\r\n", Value::List(vec![])),
        (r#""\u00e9\ud834\udd1e\/\b\f""#, Value::from("é𝄞/\u{8}\u{c}")),
        ("\"a\nb\tc\u{0}\u{1f}\"", Value::from("a\nb\tc\u{0}\u{1f}")),
        (r#"{"a":1,"b":2,"a":3}"#, Value::Map([("a", 3_i64), ("b", 2)].into_iter().collect())),
    ] {
        let parsed = parse(text);
        assert!(parsed.is_identical_to(&expect), "{text:?}: {parsed:?}");
    }
    let big = "9223372036854775808";
    assert_eq!(parse(big), Value::BigInt(BigInt::from_digits(big)));
    let longest = format!("-{}", "9".repeat(4300));
    assert_eq!(parse(&longest).to_json(), longest);
    assert!(error("1".repeat(4301).as_bytes()).contains("number out of range"));
}

#[test]
fn text_rejected_by_python_is_rejected() {
    for text in [
        "",
        " ",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "'a'",
        "01",
        "1.",
        ".5",
        "+1",
        "-",
        "-NaN",
        "nan",
        "Inf",
        "tru",
        "[1 2]",
        "1 2",
        "\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\ud8\"",
        "{\"a\"}",
        "\"\\\n\"",
    ] {
        assert!(Value::parse(text.as_bytes()).is_err(), "{text:?}");
    }
    assert!(Value::parse(b"\"\xff\"").is_err());
}

#[test]
fn repairs_are_counted() {
    let repairs = |text: &str| {
        let (value, repairs) = Value::parse_with_repairs(text.as_bytes()).unwrap();
        (value.as_str().unwrap().to_owned(), repairs.control_characters, repairs.lone_surrogates)
    };
    assert_eq!(repairs(r#""a""#), ("a".to_owned(), 0, 0));
    assert_eq!(repairs("\"\u{1b}[0m\n\""), ("\u{1b}[0m\n".to_owned(), 2, 0));
    assert_eq!(repairs(r#""\ud800""#), ("\u{fffd}".to_owned(), 0, 1));
    assert_eq!(repairs(r#""\udc00x\\ud800""#), ("\u{fffd}x\\ud800".to_owned(), 0, 1));
    assert_eq!(repairs(r#""\ud800\ud834\udd1e\uDBFF\n""#), ("\u{fffd}𝄞\u{fffd}\n".to_owned(), 0, 2));
    assert_eq!(repairs("\"\\ud800\u{1}\\\"\\\\\""), ("\u{fffd}\u{1}\"\\".to_owned(), 1, 1));
}

#[test]
fn errors_show_the_offset() {
    assert_eq!(
        error(br#"{"loss": 0.5, "acc" 1}"#),
        r#"not valid JSON at byte 20: expected `:`, near "{\"loss\": 0.5, \"acc\" 1}""#
    );
    // The offset refers to the original text, not the repaired one.
    assert!(error(b"[\"\x01\x02\x03\", x]").starts_with("not valid JSON at byte 8: expected value"));
    assert!(error(b"[\"\x01\", \"\\\x02\"]").starts_with("not valid JSON at byte 8: invalid escape"));
}

#[test]
fn deep_nesting_is_an_error() {
    let nested =
        |open: &str, close: &str, depth: usize| format!("{}0{}", open.repeat(depth), close.repeat(depth));
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let text = nested(open, close, MAX_DEPTH);
        let value = parse(&text);
        assert_eq!(value.to_json(), text);
        assert!(value.deserialize::<Value>().unwrap().is_identical_to(&value.clone()));
        assert_eq!(serde_json::to_string(&value).unwrap(), text);
        for depth in [MAX_DEPTH + 1, 100_000] {
            let offset = MAX_DEPTH * open.len();
            assert_eq!(
                error(nested(open, close, depth).as_bytes()),
                format!("JSON nested more than 256 levels deep at byte {offset}")
            );
        }
    }
}

proptest! {
    #[test]
    fn floats_are_parsed_exactly(bits: u64) {
        let float = f64::from_bits(bits);
        prop_assume!(float.is_finite());
        for text in [format!("{float:e}"), format!("{float:?}"), format!("{float:.17e}"), format!("{float:.800e}")] {
            let parsed = parse(&text);
            prop_assert_eq!(parsed.as_f64().unwrap().to_bits(), bits, "{}", text);
        }
    }

    #[test]
    fn long_decimals_are_rounded_like_std(text in "-?[1-9][0-9]{0,30}(\\.[0-9]{1,40}([eE][+-]?[0-9]{1,3})?|[eE][+-]?[0-9]{1,3})") {
        let expect: f64 = text.parse().unwrap();
        prop_assert_eq!(parse(&text).as_f64().unwrap().to_bits(), expect.to_bits());
    }

    #[test]
    fn raw_control_characters_are_kept(string in "[\\x00-\\x21a\u{e9}\\\\/]{0,20}") {
        let raw = format!("[\"{}\"]", string.replace('\\', "\\\\").replace('"', "\\\""));
        prop_assert_eq!(parse(&raw), Value::List(vec![string.into()]));
    }

    #[test]
    fn surrogates_decode_or_are_replaced(units in prop::collection::vec(0xD7FE_u16..0xE002, 0..8)) {
        let escaped = units.iter().fold(String::new(), |escaped, unit| escaped + &format!("\\u{unit:04x}"));
        let expect = String::from_utf16_lossy(&units);
        prop_assert_eq!(parse(&format!("\"{escaped}\"")), Value::from(expect));
    }

    #[test]
    fn parser_never_panics_on_bytes(bytes: Vec<u8>) {
        drop(Value::parse(&bytes));
    }

    #[test]
    fn error_offsets_are_within_the_text(text in "([\\[\\]{},:\"\\\\]|\\\\u[dD][89c]00|[0-9.eE+-]|NaN|null|[\\x00-\\x20]){0,40}") {
        if let Err(ValueError::Syntax { offset, .. }) = Value::parse(text.as_bytes()) {
            prop_assert!(offset <= text.len());
        }
    }
}
