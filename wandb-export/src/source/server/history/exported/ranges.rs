//! Chooses the byte ranges of a file to request: few bytes in few requests.

use std::ops::Range;

/// Gaps between ranges may add up to 1/20 of the wanted bytes, since a request costs about as much as some bytes.
const WASTE_DIVISOR: u64 = 20;

/// Returns the ranges to request, so that each of `wanted` ends up in one piece, given the pieces already held. They
/// are sorted, do not overlap, and contain few unwanted bytes.
pub(super) fn plan_ranges(wanted: &[Range<u64>], held: &[Range<u64>]) -> Vec<Range<u64>> {
    let is_held =
        |range: &Range<u64>| held.iter().any(|held| held.start <= range.start && range.end <= held.end);
    let missing = join_ranges(wanted.iter().filter(|range| !is_held(range)));
    let mut left = missing.iter().map(length).sum::<u64>() / WASTE_DIVISOR;
    let mut gaps: Vec<(u64, usize)> =
        missing.windows(2).enumerate().map(|(index, pair)| (pair[1].start - pair[0].end, index)).collect();
    gaps.sort_unstable();
    let mut is_bridged = vec![false; missing.len()];
    for (gap, index) in gaps {
        if gap > left {
            break;
        }
        left -= gap;
        is_bridged[index] = true;
    }
    let mut ranges: Vec<Range<u64>> = Vec::new();
    for (index, range) in missing.into_iter().enumerate() {
        match ranges.last_mut() {
            Some(last) if is_bridged[index - 1] => last.end = range.end,
            _ => ranges.push(range),
        }
    }
    ranges
}

/// Joins ranges that touch or overlap, and sorts them.
fn join_ranges<'a>(ranges: impl Iterator<Item = &'a Range<u64>>) -> Vec<Range<u64>> {
    let mut sorted: Vec<_> = ranges.filter(|range| !range.is_empty()).cloned().collect();
    sorted.sort_unstable_by_key(|range| range.start);
    let mut join_ranges: Vec<Range<u64>> = Vec::new();
    for range in sorted {
        match join_ranges.last_mut() {
            Some(last) if last.end >= range.start => last.end = last.end.max(range.end),
            _ => join_ranges.push(range),
        }
    }
    join_ranges
}

fn length(range: &Range<u64>) -> u64 {
    range.end - range.start
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ranges(list: &[(u64, u64)]) -> Vec<Range<u64>> {
        list.iter().map(|&(start, end)| start..end).collect()
    }

    #[test]
    fn adjacent_ranges_are_one_request() {
        assert_eq!(plan_ranges(&ranges(&[(50, 90), (4, 50)]), &[]), ranges(&[(4, 90)]));
    }

    #[test]
    fn small_gaps_are_bridged_the_smallest_first() {
        let wanted = ranges(&[(0, 1_000), (1_060, 2_000), (2_030, 3_000)]);
        assert_eq!(plan_ranges(&wanted, &[]), ranges(&[(0, 3_000)]), "90 of 2910 bytes");
        let wanted = ranges(&[(0, 1_000), (1_140, 2_000), (2_030, 3_000)]);
        assert_eq!(plan_ranges(&wanted, &[]), ranges(&[(0, 1_000), (1_140, 3_000)]));
    }

    #[test]
    fn held_ranges_are_not_requested() {
        let wanted = ranges(&[(4, 500), (900, 1_000)]);
        assert_eq!(plan_ranges(&wanted, &ranges(&[(600, 1_000)])), ranges(&[(4, 500)]));
        assert_eq!(plan_ranges(&wanted, &ranges(&[(0, 1_000)])), []);
        assert_eq!(plan_ranges(&wanted, &ranges(&[(450, 1_000)])), ranges(&[(4, 500)]), "in one piece");
    }

    proptest! {
        #[test]
        fn each_wanted_range_is_in_one_piece(
            wanted in prop::collection::vec((0_u64..300, 1_u64..40), 0..12),
            held in prop::collection::vec((0_u64..300, 0_u64..60), 0..4),
        ) {
            let ranges_from = |list: &[(u64, u64)]| list.iter().map(|&(at, size)| at..at + size).collect::<Vec<_>>();
            let (wanted, held) = (ranges_from(&wanted), ranges_from(&held));
            let fetched = plan_ranges(&wanted, &held);
            let is_in = |pieces: &[Range<u64>], range: &Range<u64>| {
                pieces.iter().any(|piece| piece.start <= range.start && range.end <= piece.end)
            };
            prop_assert!(wanted.iter().all(|range| is_in(&held, range) || is_in(&fetched, range)));
            let missing = join_ranges(wanted.iter().filter(|range| !is_in(&held, range)));
            let missing: u64 = missing.iter().map(length).sum();
            prop_assert!(fetched.iter().map(length).sum::<u64>() <= missing + missing / WASTE_DIVISOR);
            prop_assert!(fetched.windows(2).all(|pair| pair[0].end < pair[1].start));
        }
    }
}
