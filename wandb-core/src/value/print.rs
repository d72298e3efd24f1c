//! Formatting of values.

use super::Value;
use super::number::non_finite_name;

impl Value {
    /// Appends the output of [`Value::to_json`].
    pub fn write_json(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Int(int) => out.push_str(itoa::Buffer::new().format(*int)),
            Self::BigInt(big) => out.push_str(big.digits()),
            Self::Float(float) => match non_finite_name(*float) {
                Some(name) => write_string(name, out),
                None => out.push_str(zmij::Buffer::new().format_finite(*float)),
            },
            Self::String(string) => write_string(string, out),
            Self::List(list) => {
                out.push('[');
                for (at, item) in list.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    item.write_json(out);
                }
                out.push(']');
            }
            Self::Map(map) => write_entries(map.iter(), out),
        }
    }
}

/// Appends a JSON object.
pub(crate) fn write_entries<'a>(entries: impl Iterator<Item = (&'a str, &'a Value)>, out: &mut String) {
    out.push('{');
    for (at, (key, value)) in entries.enumerate() {
        if at > 0 {
            out.push(',');
        }
        write_string(key, out);
        out.push(':');
        value.write_json(out);
    }
    out.push('}');
}

/// Appends a JSON string, escaping only quotes, backslashes and control characters.
pub(crate) fn write_string(string: &str, out: &mut String) {
    out.push('"');
    let mut plain_from = 0;
    for (at, byte) in string.bytes().enumerate() {
        let mut code = *br"\u0000";
        let escape: &[u8] = match byte {
            b'"' => br#"\""#,
            b'\\' => br"\\",
            b'\n' => br"\n",
            b'\r' => br"\r",
            b'\t' => br"\t",
            0x08 => br"\b",
            0x0c => br"\f",
            0..0x20 => {
                code[4] = b'0' + (byte >> 4);
                code[5] = b"0123456789abcdef"[usize::from(byte & 0x0f)];
                &code
            }
            _ => continue,
        };
        out.push_str(&string[plain_from..at]);
        out.extend(escape.iter().copied().map(char::from));
        plain_from = at + 1;
    }
    out.push_str(&string[plain_from..]);
    out.push('"');
}
