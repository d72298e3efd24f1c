//! Tests of formatting.

use super::*;

#[test]
fn numbers_keep_their_kind() {
    for (given, printed) in [
        ("1.0", "1.0"),
        ("1", "1"),
        ("-0.0", "-0.0"),
        ("100000000000000000000.0", "1e+20"),
        ("0.1", "0.1"),
        ("1e-7", "1e-7"),
        ("NaN", "\"NaN\""),
        ("-Infinity", "\"-Infinity\""),
        ("[1e400, null, true, false]", "[\"Infinity\",null,true,false]"),
        ("{ \"b\" : {} , \"a\" : [ ] }", "{\"b\":{},\"a\":[]}"),
    ] {
        assert_eq!(parse(given).to_json(), printed);
    }
}

#[test]
fn only_required_characters_are_escaped() {
    let string = "é𝄞\u{7f}\u{2028}/ \"\\\n\r\t\u{8}\u{c}\u{0}\u{1b}";
    assert_eq!(Value::from(string).to_json(), "\"é𝄞\u{7f}\u{2028}/ \\\"\\\\\\n\\r\\t\\b\\f\\u0000\\u001b\"");
}

#[test]
fn serde_output_differs_only_for_huge_integers() {
    let value = parse(r#"[1, 1.0, NaN, -9223372036854775809, 18446744073709551615, {"z":null,"a":"é"}]"#);
    assert_eq!(serde_json::to_string(&value).unwrap(), value.to_json());
    let huge = "1".repeat(50);
    assert_eq!(serde_json::to_string(&parse(&huge)).unwrap(), format!("\"{huge}\""));
}

proptest! {
    #[test]
    fn printed_values_round_trip(value in value()) {
        let json = value.to_json();
        let parsed = parse(&json);
        prop_assert!(parsed.is_identical_to(&written(&value)), "{}", json);
        prop_assert_eq!(parsed.to_json(), json);
    }
}
