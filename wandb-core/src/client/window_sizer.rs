//! How wide the next window is, as pure state that learns from the answers.

use std::time::Duration;

use crate::operation::PageSize;

/// The width of windows: halved when the server refuses or is slow, doubled up to the initial size when it answers
/// again, and beyond it while it is quick.
///
/// A window may grow past the page size's largest while hardly any rows come back, so that a run whose steps lie far
/// apart does not take a request for each gap. It does not grow where a wider answer would probably hold more rows than
/// can be trusted, as in a run that logged its steps several times.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WindowSizer {
    now: u64,
    initial: u64,
    largest: u64,
    votes: i32,
    /// The bytes that an answer is worth its round trip with.
    enough: u64,
    /// The bytes of the last answer, and how wide its window was.
    seen: (u64, u64),
}

/// An answer in this time is quick.
const QUICK: Duration = Duration::from_secs(2);

/// An answer that takes longer than this asks for narrower windows.
const SLOW: Duration = Duration::from_secs(15);

/// An answer of so many bytes is worth its round trip; twice as many take memory and save nothing.
pub(crate) const ENOUGH_BYTES: u64 = 512 << 10;

/// An answer, however large, makes the next windows no narrower than by this factor.
const MOST_NARROWING: u64 = 8;

/// So many answers more than failures widen the window, and the other way round: one failure proves nothing.
const ENOUGH_VOTES: i32 = 2;

impl WindowSizer {
    /// Begins with windows of `size`, or with narrower ones if rows of `row_bytes` would make answers longer than `enough`,
    /// which is [`ENOUGH_BYTES`] unless memory is short.
    pub(crate) fn new(size: PageSize, row_bytes: Option<u64>, enough: u64) -> Self {
        let initial = size.initial();
        let now = row_bytes.map_or(initial, |bytes| (enough / bytes.max(1)).clamp(1, initial));
        let seen = row_bytes.map_or((enough, initial), |bytes| (bytes, 1));
        Self { now, initial, largest: size.largest(), votes: 0, enough, seen }
    }

    /// The bytes that an answer to a window `width` wide is expected to take.
    pub(crate) fn expected_bytes(self, width: u64) -> u64 {
        let (bytes, of) = self.seen;
        let expected = u128::from(bytes) * u128::from(width) / u128::from(of.max(1));
        u64::try_from(expected).unwrap_or(u64::MAX)
    }

    /// The width of the next window, in steps.
    pub(crate) fn now(self) -> u64 {
        self.now
    }

    /// Learns from an answer of `rows` rows in `bytes` bytes to a window `width` wide. `trusted_rows` tells how many rows
    /// an answer to a window of some width may hold and be trusted.
    pub(crate) fn answered(
        &mut self,
        width: u64,
        rows: u64,
        bytes: u64,
        took: Duration,
        trusted_rows: impl Fn(u64) -> u64,
    ) {
        self.seen = (bytes, width);
        if bytes > 2 * self.enough {
            let enough = u128::from(width) * u128::from(self.enough) / u128::from(bytes);
            return self.narrow(u64::try_from(enough).unwrap_or(width).max(width / MOST_NARROWING));
        }
        if took > SLOW {
            return self.refused(width);
        }
        if width < self.now {
            return;
        }
        let most = if bytes > self.enough {
            self.now
        } else if rows < width.min(self.largest) / 8 {
            // Next to nothing was sent, so the width is not what took the time.
            u64::MAX
        } else if took <= QUICK {
            self.largest
        } else {
            self.initial
        };
        self.votes += 1;
        let wider = self.now.saturating_mul(2).min(most);
        let expected = u128::from(rows) * u128::from(wider) / u128::from(width.max(1));
        if self.now >= most || expected > u128::from(trusted_rows(wider)) {
            self.votes = self.votes.min(ENOUGH_VOTES - 1);
        } else if self.votes >= ENOUGH_VOTES {
            self.votes = 0;
            self.now = wider;
        }
    }

    /// Learns that a window `width` wide held more rows than can be trusted to be whole.
    pub(crate) fn too_dense(&mut self, width: u64) {
        let least = if width > self.largest { self.largest } else { 1 };
        self.votes = 0;
        self.now = self.now.min((width / 2).max(least));
    }

    /// Learns that a window `width` wide was more than the server gives.
    pub(crate) fn refused(&mut self, width: u64) {
        self.narrow(width / 2);
    }

    /// Learns that the answer to a window `width` wide was given up after `bytes`, many times as much as is aimed at.
    pub(crate) fn cut(&mut self, width: u64, bytes: u64) {
        if self.expected_bytes(width) < bytes {
            self.seen = (bytes, width);
        }
        self.narrow(width / MOST_NARROWING);
    }

    fn narrow(&mut self, width: u64) {
        self.votes = 0;
        self.now = self.now.min(width.max(1));
    }

    /// Learns that a window `width` wide failed, for its width or for another reason.
    pub(crate) fn failed(&mut self, width: u64) {
        if width < self.now {
            return;
        }
        self.votes -= 1;
        if self.votes <= -ENOUGH_VOTES {
            self.refused(width);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAST: Duration = Duration::from_millis(10);

    /// Trusts as many rows as steps up to a page of 10 000, and half a page beyond it.
    fn trusted(width: u64) -> u64 {
        if width <= 10_000 { width.max(1_000) } else { 5_000 }
    }

    fn after(mut width: WindowSizer, answers: u32, rows: impl Fn(u64) -> u64) -> u64 {
        for _ in 0..answers {
            width.answered(width.now(), rows(width.now()), 1_000, FAST, trusted);
        }
        width.now()
    }

    #[test]
    fn quick_and_dense_answers_grow_to_the_largest_and_stay() {
        let width = WindowSizer::new(PageSize::adaptive(1_000, 10_000), None, ENOUGH_BYTES);
        assert_eq!(after(width, 2, |width| width), 2_000);
        assert_eq!(after(width, 50, |width| width), 10_000);
    }

    #[test]
    fn gaps_are_crossed_in_wider_and_wider_windows() {
        let width = WindowSizer::new(PageSize::fixed(1_000), None, ENOUGH_BYTES);
        assert!(after(width, 40, |_| 0) > 1_000_000);
    }

    #[test]
    fn refusals_halve_and_the_size_recovers() {
        let mut width = WindowSizer::new(PageSize::fixed(1_000), None, ENOUGH_BYTES);
        width.refused(1_000);
        width.refused(500);
        assert_eq!(width.now(), 250);
        assert_eq!(after(width, 10, |width| width), 1_000);
        for _ in 0..30 {
            width.refused(width.now());
        }
        assert_eq!(width.now(), 1, "never nothing");
    }

    #[test]
    fn a_leisurely_server_gets_the_initial_size_back_and_no_more() {
        let mut width = WindowSizer::new(PageSize::adaptive(1_000, 10_000), None, ENOUGH_BYTES);
        width.refused(1_000);
        for _ in 0..50 {
            width.answered(width.now(), width.now(), 1_000, Duration::from_secs(5), trusted);
        }
        assert_eq!(width.now(), 1_000);
    }

    #[test]
    fn after_a_gap_the_width_is_that_of_a_page_again() {
        let mut width = WindowSizer::new(PageSize::fixed(10_000), None, ENOUGH_BYTES);
        while width.now() < 1_000_000 {
            width.answered(width.now(), 0, 1_000, FAST, trusted);
        }
        while width.now() > trusted(width.now()) {
            width.too_dense(width.now());
        }
        assert_eq!(width.now(), 10_000);
    }

    #[test]
    fn now_and_then_a_failure_does_not_narrow_the_window() {
        let mut width = WindowSizer::new(PageSize::fixed(1_000), None, ENOUGH_BYTES);
        for request in 0..1_000 {
            if request % 3 == 0 {
                width.failed(width.now());
            } else {
                width.answered(width.now(), 1_000, 1_000, FAST, trusted);
            }
        }
        assert_eq!(width.now(), 1_000);
        for _ in 0..4 {
            width.failed(width.now());
        }
        assert!(width.now() < 1_000, "but failing on does");
    }

    #[test]
    fn slow_answers_narrow_the_window() {
        let mut width = WindowSizer::new(PageSize::fixed(1_000), None, ENOUGH_BYTES);
        width.answered(1_000, 1_000, 1_000, Duration::from_secs(40), trusted);
        assert_eq!(width.now(), 500);
    }

    #[test]
    fn large_answers_narrow_the_window_to_what_memory_has_room_for() {
        let mut width = WindowSizer::new(PageSize::adaptive(1_000, 100_000), None, ENOUGH_BYTES);
        for bytes_in_a_row in [100, 1_000, 10_000, 100_000] {
            for _ in 0..50 {
                let rows = width.now();
                width.answered(rows, rows, rows * bytes_in_a_row, FAST, trusted);
            }
            let bytes = width.now() * bytes_in_a_row;
            assert!((ENOUGH_BYTES..=2 * ENOUGH_BYTES).contains(&bytes), "{bytes_in_a_row}: {bytes}");
        }
    }

    #[test]
    fn probe_sizes_the_first_window() {
        let first =
            |bytes| WindowSizer::new(PageSize::adaptive(1_000, 10_000), Some(bytes), ENOUGH_BYTES).now();
        assert_eq!([0, 250, 524].map(first), [1_000; 3], "small rows change nothing");
        assert_eq!([5_000, 100_000, 512 << 10, 100 << 20, u64::MAX].map(first), [104, 5, 1, 1, 1]);
        let sizer = WindowSizer::new(PageSize::adaptive(1_000, 10_000), Some(100_000), ENOUGH_BYTES);
        assert_eq!(sizer.expected_bytes(sizer.now()), 500_000);
    }

    #[test]
    fn cut_answers_narrow_at_once_and_small_ones_widen_again() {
        let mut sizer = WindowSizer::new(PageSize::adaptive(1_000, 10_000), None, ENOUGH_BYTES);
        sizer.cut(1_000, 4 << 20);
        assert_eq!(sizer.now(), 125);
        sizer.cut(1_000, 4 << 20);
        assert_eq!(sizer.now(), 125, "it was asked for before the first was known");
        sizer.cut(125, 4 << 20);
        assert_eq!(sizer.now(), 15);
        assert_eq!(after(sizer, 50, |width| width), 10_000);
    }

    #[test]
    fn one_large_row_does_not_narrow_for_ever() {
        let mut sizer = WindowSizer::new(PageSize::adaptive(1_000, 10_000), None, ENOUGH_BYTES);
        sizer.answered(1_000, 1_000, 3 << 20, FAST, trusted);
        assert_eq!(sizer.now(), 166);
        assert_eq!(after(sizer, 50, |width| width), 10_000);
    }

    #[test]
    fn windows_shrink_until_repeated_steps_fit() {
        let mut width = WindowSizer::new(PageSize::adaptive(1_000, 10_000), None, ENOUGH_BYTES);
        for _ in 0..40 {
            let rows = width.now() * 7;
            if rows > trusted(width.now()) {
                width.too_dense(width.now());
            } else {
                width.answered(width.now(), rows, 1_000, FAST, trusted);
            }
        }
        assert_eq!(width.now(), 125, "it does not grow again to 250 steps of 7 rows each");
    }
}
