//! Mutations of responses: values of the wrong type, hostile texts, endless bodies and false headers.

use std::time::Duration;

use fastrand::Rng;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

/// Marks a string as a raw token, which is written unquoted although most parsers reject it.
const RAW: &str = "raw token: ";
const RAW_TOKENS: [&str; 6] = ["NaN", "-Infinity", "1e400", "-0.0", "18446744073709551616", "1e-400"];

const TEXTS: [&str; 14] = [
    "",
    ".",
    "..",
    "../../escaped",
    "/etc/passwd",
    "a/b\\c",
    "CON",
    "new\nline",
    "\u{1b}]0;title\u{7}\u{1b}[2J",
    "\u{202e}right to left",
    "\0",
    "{\"text\": \"that is JSON\"}",
    "[1, 2",
    "s3://bucket/key",
];

/// Changes a random value in a response, and returns the new body.
pub(super) fn changed_answer(rng: &mut Rng, body: &[u8]) -> Option<Vec<u8>> {
    let mut answer: Value = serde_json::from_slice(body).ok()?;
    change_somewhere(rng, &mut answer);
    Some(text_of(&answer))
}

/// Changes a value in each list node with this name, and returns the new body.
pub(super) fn with_changed_node(seed: u64, name: &str, body: &[u8]) -> Option<Vec<u8>> {
    let mut answer: Value = serde_json::from_slice(body).ok()?;
    change_nodes(seed, name, &mut answer);
    Some(text_of(&answer))
}

fn change_nodes(seed: u64, name: &str, value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| change_nodes(seed, name, item)),
        Value::Object(members) => {
            if let Some(node) = members.get_mut("node").filter(|node| node["name"] == name) {
                // The seed makes the change the same in every response.
                change_somewhere(&mut Rng::with_seed(seed), node);
            } else {
                members.values_mut().for_each(|member| change_nodes(seed, name, member));
            }
        }
        _ => {}
    }
}

fn text_of(answer: &Value) -> Vec<u8> {
    let mut text = answer.to_string();
    for token in RAW_TOKENS {
        text = text.replace(&format!("\"{RAW}{token}\""), token);
    }
    text.into_bytes()
}

fn change_somewhere(rng: &mut Rng, root: &mut Value) {
    let mut pointers = Vec::new();
    collect_pointers(root, &mut String::new(), &mut pointers);
    let pointer = &pointers[rng.usize(0..pointers.len())];
    let (parent, key) = pointer.rsplit_once('/').unwrap_or_default();
    let key = key.replace("~1", "/").replace("~0", "~");
    match rng.u8(0..12) {
        // Remove the value.
        0 => match root.pointer_mut(parent) {
            Some(Value::Object(members)) => drop(members.remove(&key)),
            Some(Value::Array(items)) => {
                key.parse().into_iter().for_each(|at: usize| drop(items.remove(at)));
            }
            _ => *root = hostile_value(rng),
        },
        // Repeat the value.
        1 => {
            if let Some(Value::Array(items)) = root.pointer_mut(parent)
                && let Some(item) = key.parse().ok().and_then(|at: usize| items.get(at)).cloned()
            {
                items.extend(std::iter::repeat_n(item, rng.usize(1..40)));
            }
        }
        // Replace the value with another one.
        2 => {
            let other = &pointers[rng.usize(0..pointers.len())];
            let other = root.pointer(other).cloned().unwrap_or_default();
            if let Some(value) = root.pointer_mut(pointer) {
                *value = other;
            }
        }
        // Change the inside of a text that holds JSON.
        3..6 => {
            if let Some(Value::String(text)) = root.pointer_mut(pointer) {
                change_text(rng, text);
            } else if let Some(value) = root.pointer_mut(pointer) {
                *value = hostile_value(rng);
            }
        }
        6 => {
            if let Some(value @ (Value::Bool(_) | Value::Number(_))) = root.pointer_mut(pointer) {
                *value = match value.as_i64() {
                    Some(number) => json!(number.wrapping_mul(rng.i64(-3..1_000_000))),
                    None => json!(!value.as_bool().unwrap_or_default()),
                };
            }
        }
        _ => {
            if let Some(value) = root.pointer_mut(pointer) {
                *value = hostile_value(rng);
            }
        }
    }
}

/// Collects the JSON pointers of all values.
fn collect_pointers(value: &Value, pointer: &mut String, pointers: &mut Vec<String>) {
    pointers.push(pointer.clone());
    let length = pointer.len();
    let mut visit = |key: &str, value: &Value| {
        pointer.push('/');
        pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
        collect_pointers(value, pointer, pointers);
        pointer.truncate(length);
    };
    match value {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| visit(&at.to_string(), item));
        }
        Value::Object(members) => members.iter().for_each(|(key, member)| visit(key, member)),
        _ => {}
    }
}

fn change_text(rng: &mut Rng, text: &mut String) {
    if let Ok(mut inner) = serde_json::from_str::<Value>(text)
        && rng.u8(0..4) != 0
    {
        change_somewhere(rng, &mut inner);
        *text = String::from_utf8_lossy(&text_of(&inner)).into_owned();
        return;
    }
    let at = rng.usize(0..=text.chars().count());
    let cut: String = text.chars().take(at).collect();
    match rng.u8(0..3) {
        0 => *text = cut,
        1 => *text = format!("{cut}{}", TEXTS[rng.usize(0..TEXTS.len())]),
        _ => text.push('x'),
    }
}

fn hostile_value(rng: &mut Rng) -> Value {
    match rng.u8(0..14) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(-1),
        3 => json!(0),
        4 => json!(i64::MAX),
        5 => json!(u64::MAX),
        6 => json!(1.5e300),
        7 => json!(format!("{RAW}{}", RAW_TOKENS[rng.usize(0..RAW_TOKENS.len())])),
        8 => json!("x".repeat(rng.usize(1..2_000_000))),
        9 => json!([]),
        10 => json!({}),
        11 => (0..rng.usize(1..400)).fold(json!(1), |inner, _| json!({ "a": inner })),
        12 => (0..rng.usize(1..400)).fold(json!(1), |inner, _| json!([inner])),
        _ => json!(TEXTS[rng.usize(0..TEXTS.len())]),
    }
}

/// A status that a server or a proxy may send.
pub(super) fn status(rng: &mut Rng) -> StatusCode {
    const CODES: [u16; 18] =
        [200, 201, 204, 206, 301, 302, 304, 307, 308, 400, 401, 403, 404, 416, 429, 500, 503, 599];
    StatusCode::from_u16(CODES[rng.usize(0..CODES.len())]).unwrap_or(StatusCode::OK)
}

/// Adds a header, or replaces one.
pub(super) fn change_headers(rng: &mut Rng, headers: &mut HeaderMap) {
    const PAIRS: [(&str, &str); 22] = [
        ("retry-after", "999999"),
        ("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT"),
        ("retry-after", "-1"),
        ("ratelimit-reset", "1e300"),
        ("ratelimit-remaining", "0"),
        ("content-length", "1"),
        ("content-length", "18446744073709551615"),
        ("content-range", "bytes 0-0/1"),
        ("content-range", "bytes 5-4/3"),
        ("content-range", "bytes 0-9223372036854775807/9223372036854775807"),
        ("content-range", "bytes */*"),
        ("content-type", "text/html"),
        ("content-type", "\u{ff}"),
        ("content-encoding", "gzip"),
        ("etag", "\"other\""),
        ("etag", "W/\"weak\""),
        ("location", "http://server.test/graphql"),
        ("location", "http://storage.test/elsewhere"),
        ("location", "::"),
        ("x-goog-hash", "md5=AAAAAAAAAAAAAAAAAAAAAA=="),
        ("content-md5", "not base64"),
        ("date", "yesterday"),
    ];
    for _ in 0..rng.usize(1..4) {
        let (name, value) = PAIRS[rng.usize(0..PAIRS.len())];
        if name == "ratelimit-remaining" {
            headers.insert(HeaderName::from_static("ratelimit-reset"), HeaderValue::from_static("1e12"));
        }
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

/// How a body is delivered.
#[derive(Debug, Clone, Copy)]
pub(super) enum Delivery {
    Whole,
    /// The connection breaks after this many bytes.
    Cut(usize),
    /// One byte arrives at each interval.
    Trickle(Duration),
    /// The body begins after this time.
    Late(Duration),
    /// Spaces follow the body endlessly.
    Endless,
}

pub(super) fn delivery(rng: &mut Rng, length: usize) -> Delivery {
    match rng.u8(0..5) {
        0 => Delivery::Cut(rng.usize(0..=length)),
        1 => Delivery::Trickle(Duration::from_millis(rng.u64(1..5_000))),
        2 => Delivery::Late(Duration::from_secs(rng.u64(1..100_000))),
        3 => Delivery::Endless,
        _ => Delivery::Whole,
    }
}
