//! `Range: bytes=…` with one range.

use std::ops::Range;

/// What a range header means for a body of some length.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ranged {
    /// No range, or one that is not understood: everything.
    Whole,
    Part(Range<usize>),
    Unsatisfiable,
}

pub(crate) fn ranged(header: Option<&str>, length: usize) -> Ranged {
    let Some((first, last)) =
        header.and_then(|text| text.strip_prefix("bytes=")).and_then(|text| text.split_once('-'))
    else {
        return Ranged::Whole;
    };
    let range = match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(length),
        (Ok(first), Err(_)) if last.is_empty() => first..length,
        (Err(_), Ok(suffix)) if first.is_empty() => length.saturating_sub(suffix)..length,
        _ => return Ranged::Whole,
    };
    if range.start >= length { Ranged::Unsatisfiable } else { Ranged::Part(range) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_understood() {
        assert_eq!(ranged(Some("bytes=2-4"), 10), Ranged::Part(2..5));
        assert_eq!(ranged(Some("bytes=2-400"), 10), Ranged::Part(2..10));
        assert_eq!(ranged(Some("bytes=7-"), 10), Ranged::Part(7..10));
        assert_eq!(ranged(Some("bytes=-3"), 10), Ranged::Part(7..10));
        assert_eq!(ranged(Some("bytes=10-"), 10), Ranged::Unsatisfiable);
        assert_eq!(ranged(Some("bytes=1-2,4-5"), 10), Ranged::Whole);
        assert_eq!(ranged(None, 10), Ranged::Whole);
    }
}
