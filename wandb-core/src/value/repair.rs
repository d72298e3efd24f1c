//! Repair of text that is almost JSON.

/// The repairs made while parsing a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repairs {
    /// Raw control characters inside strings, which are kept.
    pub control_characters: usize,
    /// Surrogates without their other half (`\ud800`), which became U+FFFD.
    pub lone_surrogates: usize,
}

/// A repaired text.
pub(super) struct Repaired {
    pub(super) text: Vec<u8>,
    pub(super) repairs: Repairs,
    /// The offsets in the repaired text of escapes that replace raw control characters.
    escapes: Vec<usize>,
}

impl Repaired {
    /// Maps an offset in the repaired text to the original one.
    pub(super) fn original(&self, offset: usize) -> usize {
        let before = self.escapes.partition_point(|&escape| escape < offset);
        // An escape has six bytes and replaces one.
        let grown = 5 * before;
        match self.escapes[..before].last() {
            Some(&last) if offset < last + 6 => last - (grown - 5),
            _ => offset - grown,
        }
    }
}

/// Escapes raw control characters inside strings and replaces lone surrogates. Everything else is unchanged.
pub(super) fn repair(text: &[u8]) -> Repaired {
    let mut repaired = Repaired {
        text: Vec::with_capacity(text.len() + 64),
        repairs: Repairs::default(),
        escapes: Vec::new(),
    };
    let mut rest = text;
    let mut in_string = false;
    while let Some((&first, after)) = rest.split_first() {
        let taken = match first {
            b'"' => {
                in_string = !in_string;
                1
            }
            control if in_string && control < b' ' => {
                repaired.escape(control);
                rest = after;
                continue;
            }
            b'\\' if in_string => match surrogate(rest) {
                Some(0xD800..=0xDBFF) if matches!(rest.get(6..).and_then(surrogate), Some(0xDC00..)) => 12,
                Some(_) => {
                    repaired.repairs.lone_surrogates += 1;
                    repaired.text.extend_from_slice(br"\ufffd");
                    rest = rest.get(6..).unwrap_or_default();
                    continue;
                }
                None => 2,
            },
            _ => 1,
        };
        let (taken, left) = rest.split_at(taken.min(rest.len()));
        repaired.text.extend_from_slice(taken);
        rest = left;
    }
    repaired
}

impl Repaired {
    fn escape(&mut self, control: u8) {
        self.repairs.control_characters += 1;
        self.escapes.push(self.text.len());
        let high = if control < 0x10 { b'0' } else { b'1' };
        let low = char::from_digit(u32::from(control & 0x0f), 16).map_or(b'0', |digit| digit as u8);
        self.text.extend_from_slice(&[b'\\', b'u', b'0', b'0', high, low]);
    }
}

/// Parses a surrogate at the start of a text, written as `\uXXXX`.
fn surrogate(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(br"\u")?.get(..4)?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let code = u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    (0xD800..=0xDFFF).contains(&code).then_some(code)
}
