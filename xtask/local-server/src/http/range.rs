//! The header `Range: bytes=…` with one range.

use std::ops::Range;

/// The part of a body that a range header selects.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SelectedRange {
    /// No range, or an unsupported one: the whole body.
    Whole,
    Part(Range<usize>),
    Unsatisfiable,
}

pub(crate) fn select_range(header: Option<&str>, length: usize) -> SelectedRange {
    let Some((first, last)) =
        header.and_then(|text| text.strip_prefix("bytes=")).and_then(|text| text.split_once('-'))
    else {
        return SelectedRange::Whole;
    };
    let range = match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(length),
        (Ok(first), Err(_)) if last.is_empty() => first..length,
        (Err(_), Ok(suffix)) if first.is_empty() => length.saturating_sub(suffix)..length,
        _ => return SelectedRange::Whole,
    };
    if range.start >= length { SelectedRange::Unsatisfiable } else { SelectedRange::Part(range) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_ranges_are_parsed() {
        assert_eq!(select_range(Some("bytes=2-4"), 10), SelectedRange::Part(2..5));
        assert_eq!(select_range(Some("bytes=2-400"), 10), SelectedRange::Part(2..10));
        assert_eq!(select_range(Some("bytes=7-"), 10), SelectedRange::Part(7..10));
        assert_eq!(select_range(Some("bytes=-3"), 10), SelectedRange::Part(7..10));
        assert_eq!(select_range(Some("bytes=10-"), 10), SelectedRange::Unsatisfiable);
        assert_eq!(select_range(Some("bytes=1-2,4-5"), 10), SelectedRange::Whole);
        assert_eq!(select_range(None, 10), SelectedRange::Whole);
    }
}
