//! Strategies for texts of objects, like those that the server stores.

use proptest::prelude::*;

/// A key from a small set, so that keys collide.
pub(super) fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-d]",
        1 => Just("a.b".to_owned()),
        1 => Just("größe \"quoted\" \\ \u{1F600}".to_owned()),
        1 => Just(String::new()),
    ]
}

fn space() -> impl Strategy<Value = String> {
    prop_oneof![5 => Just(String::new()), 3 => Just(" ".to_owned()), 1 => Just("\n\t ".to_owned())]
}

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|int| int.to_string()),
        any::<f64>().prop_map(|float| if float.is_finite() {
            format!("{float:e}")
        } else {
            "-Infinity".to_owned()
        }),
        Just("NaN".to_owned()),
        Just("123456789012345678901234567890".to_owned()),
        Just("1.0".to_owned()),
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just(r#""}]\"{[,:\\""#.to_owned()),
        Just(r#""\ud83d""#.to_owned()),
        Just("\"raw\ttab\"".to_owned()),
        "[a-z ü]{0,5}".prop_map(|text| format!("\"{text}\"")),
    ]
}

fn quoted(key: &str) -> String {
    serde_json::to_string(key).expect("text")
}

fn object_of(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let member = (key(), space(), space(), value, space());
    let member = member.prop_map(|(key, a, b, value, c)| format!("{a}{}{b}:{c}{value}{a}", quoted(&key)));
    (proptest::collection::vec(member, 0..5), space())
        .prop_map(|(members, space)| format!("{{{space}{}{space}}}", members.join(",")))
}

/// The text of an object, with repeated keys, odd whitespace and non-standard JSON.
pub(super) fn object() -> impl Strategy<Value = String> {
    let value = scalar().prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            object_of(inner.clone()),
            (proptest::collection::vec(inner, 0..4), space())
                .prop_map(|(items, space)| format!("[{space}{}{space}]", items.join(","))),
        ]
    });
    object_of(value)
}
