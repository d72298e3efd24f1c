/// The header `Content-Range: bytes FIRST-LAST/LENGTH` of a partial response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ContentRange {
    /// The offset of the first byte.
    pub(crate) first: u64,
    /// The offset of the last byte; at least `first`.
    pub(crate) last: u64,
    /// The size of the whole file, unless it is `*`.
    pub(crate) length: Option<u64>,
}

impl ContentRange {
    /// Parses the header's value. Returns `None` if it has no range.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let number = |text: &str| text.trim().parse::<u64>().ok();
        let (range, length) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let (first, last) = (number(first)?, number(last)?);
        (first <= last).then(|| Self { first, last, length: number(length) })
    }

    /// The number of bytes in the range.
    pub(crate) fn span(self) -> u64 {
        (self.last - self.first).saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_valid_ranges_are_parsed() {
        let range = ContentRange::parse("bytes 2-5/100").expect("a part");
        assert_eq!((range.first, range.span(), range.length), (2, 4, Some(100)));
        assert_eq!(ContentRange::parse("bytes 0-0/*").map(|range| range.length), Some(None));
        assert_eq!(
            ContentRange::parse("bytes 0-18446744073709551615/*").map(ContentRange::span),
            Some(u64::MAX)
        );
        for text in ["bytes */100", "bytes 5-2/100", "items 0-1/2", "bytes 0-1", ""] {
            assert_eq!(ContentRange::parse(text), None, "{text}");
        }
    }
}
