//! Tests of values.

mod deserialize;
mod parse;
mod print;

use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Value {
    Value::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

/// Any value, with an increased share of boundary numbers.
pub(crate) fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(vec![i64::MIN, i64::MAX, 0, -1, 1 << 53]).prop_map(Value::from),
        any::<i128>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        "-?[1-9][0-9]{39,60}".prop_map(|digits| Value::BigInt(BigInt::from_digits(&digits))),
        any::<u64>().prop_map(|bits| Value::Float(f64::from_bits(bits))),
        prop::sample::select(vec![0.0, -0.0, 1.0, 1e16, 5e-324, f64::MAX, f64::MIN_POSITIVE, 0.1])
            .prop_map(Value::Float),
        any::<String>().prop_map(Value::from),
        prop::sample::select(vec!["NaN", "Infinity", "-Infinity", "", "\u{0}\u{1f}\u{7f}\"\\/", "𝄞\u{2028}"])
            .prop_map(Value::from),
    ];
    scalar.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..6)
                .prop_map(|entries| Value::Map(Map::from_iter(entries))),
        ]
    })
}

/// Returns a value after a round trip through JSON, where non-finite floats become strings.
fn written(value: &Value) -> Value {
    match value {
        Value::Float(float) if !float.is_finite() => parse(&value.to_json()),
        Value::List(list) => Value::List(list.iter().map(written).collect()),
        Value::Map(map) => Value::Map(map.iter().map(|(key, value)| (key, written(value))).collect()),
        other => other.clone(),
    }
}

#[test]
fn value_takes_four_words() {
    assert_eq!(size_of::<Value>(), 4 * size_of::<usize>());
}

#[test]
fn numbers_convert_to_floats_and_integers() {
    for (text, float, int) in [
        ("1", Some(1.0), Some(1)),
        ("1.0", Some(1.0), Some(1)),
        ("-0.0", Some(-0.0), Some(0)),
        ("1.5", Some(1.5), None),
        ("9007199254740993", Some(9_007_199_254_740_992.0), Some(9_007_199_254_740_993)),
        ("-9223372036854775808.0", Some(-9_223_372_036_854_775_808.0), Some(i64::MIN)),
        ("9223372036854775808.0", Some(9_223_372_036_854_775_808.0), None),
        ("9223372036854775808", Some(9_223_372_036_854_775_808.0), None),
        ("\"Infinity\"", Some(f64::INFINITY), None),
        ("-Infinity", Some(f64::NEG_INFINITY), None),
        ("\"1\"", None, None),
        ("null", None, None),
        ("true", None, None),
    ] {
        assert_eq!(parse(text).as_f64().map(f64::to_bits), float.map(f64::to_bits), "{text}");
        assert_eq!(parse(text).as_i64(), int, "{text}");
    }
    assert!(parse("\"NaN\"").as_f64().unwrap().is_nan());
    for (text, expect) in [("NaN", true), ("\"-Infinity\"", true), ("1e308", false), ("\"nan\"", false)] {
        assert_eq!(parse(text).is_non_finite(), expect, "{text}");
    }
}

#[test]
fn null_and_missing_differ() {
    let value = parse(r#"{"a": {"b": null}, "c": [1]}"#);
    assert!(value.get_path(["a", "b"]).is_some_and(Value::is_null));
    assert_eq!(value.get_path(["a", "x"]), None);
    assert_eq!(value.get_path(["c", "x"]), None);
    assert_eq!(value.get("c").and_then(Value::as_list), Some(&[Value::Int(1)][..]));
}

#[test]
fn identity_is_bitwise() {
    assert!(parse("[NaN, 1]").is_identical_to(&parse("[NaN, 1]")));
    assert!(parse("[NaN]") != parse("[NaN]"));
    assert!(!parse("0.0").is_identical_to(&parse("-0.0")));
    assert!(!parse("1").is_identical_to(&parse("1.0")));
    assert!(parse(r#"{"a":1,"b":2.0}"#).is_identical_to(&parse(r#"{"b":2.0,"a":1}"#)));
    assert!(!parse(r#"{"a":1}"#).is_identical_to(&parse(r#"{"a":1,"b":2}"#)));
    assert!(!parse(r#"{"a":1}"#).is_identical_to(&parse(r#"{"b":1}"#)));
}

#[test]
fn maps_keep_their_order() {
    let mut map: Map =
        [("z", 1), ("a", 2), ("m", 3)].into_iter().map(|(key, int)| (key, i64::from(int))).collect();
    assert_eq!(map.insert("a", "new"), Some(Value::Int(2)));
    assert_eq!(map.keys().collect::<Vec<_>>(), ["z", "a", "m"]);
    assert_eq!(map.remove("z"), Some(Value::Int(1)));
    assert_eq!(map.keys().collect::<Vec<_>>(), ["a", "m"]);
    assert!(map.contains_key("m") && !map.contains_key("z"));
    *map.get_mut("m").unwrap() = Value::Null;
    assert_eq!(Value::from(map.clone()).to_json(), r#"{"a":"new","m":null}"#);
    assert_eq!((map.len(), map.is_empty(), Map::new().is_empty()), (2, false, true));
    assert_eq!(map.into_iter().map(|(key, _)| key).collect::<Vec<_>>(), ["a", "m"]);
}

#[test]
fn serde_json_conversion_uses_strings_as_fallback() {
    let value =
        parse(r#"[1, 18446744073709551615, 18446744073709551616, NaN, -Infinity, 1.0, {"b":1,"a":null}]"#);
    let json = serde_json::Value::from(value);
    let expect = serde_json::json!([
        1, u64::MAX, "18446744073709551616", "NaN", "-Infinity", 1.0, {"b": 1, "a": null}
    ]);
    assert_eq!(json, expect);
    assert_eq!(Value::from(json).to_json(), parse(&expect.to_string()).to_json());
}

proptest! {
    #[test]
    fn serde_json_parses_the_output(value in value()) {
        let json = value.to_json();
        prop_assert!(serde_json::from_str::<Box<serde_json::value::RawValue>>(&json).is_ok(), "{}", json);
    }

    #[test]
    fn serde_json_conversion_is_lossless_within_limits(value in value()) {
        let expect = written(&value).to_json();
        if let Ok(json) = serde_json::from_str::<serde_json::Value>(&expect) {
            let through = Value::from(serde_json::Value::from(value.clone()));
            let strings: Value = serde_json::from_value(json).unwrap();
            if !expect.chars().collect::<String>().split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() > 18) {
                prop_assert!(through.is_identical_to(&strings));
            }
        }
    }
}
