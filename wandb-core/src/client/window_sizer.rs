//! Adapts the width of windows to the answers, as pure state.

use std::time::Duration;

use crate::operation::PageSize;

/// The width of windows. It is halved when the server rejects a window or is slow, doubled up to the initial size
/// when answers arrive again, and doubled further while they are quick.
///
/// A window may exceed the maximum page size while hardly any rows come back, so that a run with widely spaced steps
/// does not cost one request per gap. It does not grow if a wider answer would probably hold more rows than can be
/// trusted, as in a run that logged its steps several times.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WindowSizer {
    current: u64,
    initial: u64,
    largest: u64,
    votes: i32,
    /// The target length of an answer: large enough to justify the round trip.
    target_bytes: u64,
    /// The length of the last answer in bytes, and the width of its window.
    last_answer: (u64, u64),
}

/// Answers within this time count as quick.
const QUICK: Duration = Duration::from_secs(2);

/// Answers that take longer than this narrow the windows.
const SLOW: Duration = Duration::from_secs(15);

/// The target length of an answer. Twice as much takes more memory and saves nothing.
pub(crate) const TARGET_BYTES: u64 = 512 << 10;

/// The maximum factor by which a single answer narrows the next windows, however large it is.
const MAX_NARROWING: u64 = 8;

/// The surplus of answers over failures that widens the window, and vice versa. A single failure proves nothing.
const VOTES_NEEDED: i32 = 2;

impl WindowSizer {
    /// Starts with windows of `size`, or narrower ones if rows of `row_bytes` would make answers longer than
    /// `target_bytes`.
    ///
    /// `target_bytes` is [`TARGET_BYTES`] unless memory is short.
    pub(crate) fn new(size: PageSize, row_bytes: Option<u64>, target_bytes: u64) -> Self {
        let initial = size.initial();
        let current = row_bytes.map_or(initial, |bytes| (target_bytes / bytes.max(1)).clamp(1, initial));
        let last_answer = row_bytes.map_or((target_bytes, initial), |bytes| (bytes, 1));
        Self { current, initial, largest: size.largest(), votes: 0, target_bytes, last_answer }
    }

    /// The expected length in bytes of the answer to a window of this width.
    pub(crate) fn expected_bytes(self, width: u64) -> u64 {
        let (bytes, of) = self.last_answer;
        let expected = u128::from(bytes) * u128::from(width) / u128::from(of.max(1));
        u64::try_from(expected).unwrap_or(u64::MAX)
    }

    /// The width of the next window, in steps.
    pub(crate) fn current(self) -> u64 {
        self.current
    }

    /// Records an answer of `rows` rows and `bytes` bytes to a window of `width` steps.
    ///
    /// `trusted_rows` returns the maximum number of rows of a trustworthy answer to a window of a given width.
    pub(crate) fn answered(
        &mut self,
        width: u64,
        rows: u64,
        bytes: u64,
        took: Duration,
        trusted_rows: impl Fn(u64) -> u64,
    ) {
        self.last_answer = (bytes, width);
        if bytes > 2 * self.target_bytes {
            let target_width = u128::from(width) * u128::from(self.target_bytes) / u128::from(bytes);
            return self.narrow(u64::try_from(target_width).unwrap_or(width).max(width / MAX_NARROWING));
        }
        if took > SLOW {
            return self.refused(width);
        }
        if width < self.current {
            return;
        }
        let max_width = if bytes > self.target_bytes {
            self.current
        } else if rows < width.min(self.largest) / 8 {
            // Hardly anything was sent, so the width did not cost the time.
            u64::MAX
        } else if took <= QUICK {
            self.largest
        } else {
            self.initial
        };
        self.votes += 1;
        let wider = self.current.saturating_mul(2).min(max_width);
        let expected = u128::from(rows) * u128::from(wider) / u128::from(width.max(1));
        if self.current >= max_width || expected > u128::from(trusted_rows(wider)) {
            self.votes = self.votes.min(VOTES_NEEDED - 1);
        } else if self.votes >= VOTES_NEEDED {
            self.votes = 0;
            self.current = wider;
        }
    }

    /// Records that a window had more rows than can be trusted to be complete.
    pub(crate) fn too_dense(&mut self, width: u64) {
        let least = if width > self.largest { self.largest } else { 1 };
        self.votes = 0;
        self.current = self.current.min((width / 2).max(least));
    }

    /// Records that the server rejected a window as too large.
    pub(crate) fn refused(&mut self, width: u64) {
        self.narrow(width / 2);
    }

    /// Records that the answer to a window was aborted after `bytes`, many times the target.
    pub(crate) fn cut(&mut self, width: u64, bytes: u64) {
        if self.expected_bytes(width) < bytes {
            self.last_answer = (bytes, width);
        }
        self.narrow(width / MAX_NARROWING);
    }

    fn narrow(&mut self, width: u64) {
        self.votes = 0;
        self.current = self.current.min(width.max(1));
    }

    /// Records that a window failed, because of its width or for another reason.
    pub(crate) fn failed(&mut self, width: u64) {
        if width < self.current {
            return;
        }
        self.votes -= 1;
        if self.votes <= -VOTES_NEEDED {
            self.refused(width);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAST: Duration = Duration::from_millis(10);

    /// Trusts one row per step up to a page of 10 000, and half a page beyond.
    fn trusted(width: u64) -> u64 {
        if width <= 10_000 { width.max(1_000) } else { 5_000 }
    }

    fn after(mut width: WindowSizer, answers: u32, rows: impl Fn(u64) -> u64) -> u64 {
        for _ in 0..answers {
            width.answered(width.current(), rows(width.current()), 1_000, FAST, trusted);
        }
        width.current()
    }

    #[test]
    fn quick_dense_answers_grow_to_the_maximum() {
        let width = WindowSizer::new(PageSize::adaptive(1_000, 10_000), None, TARGET_BYTES);
        assert_eq!(after(width, 2, |width| width), 2_000);
        assert_eq!(after(width, 50, |width| width), 10_000);
    }

    #[test]
    fn windows_widen_across_gaps() {
        let width = WindowSizer::new(PageSize::fixed(1_000), None, TARGET_BYTES);
        assert!(after(width, 40, |_| 0) > 1_000_000);
    }

    #[test]
    fn rejections_halve_and_the_width_recovers() {
        let mut width = WindowSizer::new(PageSize::fixed(1_000), None, TARGET_BYTES);
        width.refused(1_000);
        width.refused(500);
        assert_eq!(width.current(), 250);
        assert_eq!(after(width, 10, |width| width), 1_000);
        for _ in 0..30 {
            width.refused(width.current());
        }
        assert_eq!(width.current(), 1, "at least 1");
    }

    #[test]
    fn moderate_server_recovers_to_the_initial_size() {
        let mut width = WindowSizer::new(PageSize::adaptive(1_000, 10_000), None, TARGET_BYTES);
        width.refused(1_000);
        for _ in 0..50 {
            width.answered(width.current(), width.current(), 1_000, Duration::from_secs(5), trusted);
        }
        assert_eq!(width.current(), 1_000);
    }

    #[test]
    fn width_returns_to_a_page_after_a_gap() {
        let mut width = WindowSizer::new(PageSize::fixed(10_000), None, TARGET_BYTES);
        while width.current() < 1_000_000 {
            width.answered(width.current(), 0, 1_000, FAST, trusted);
        }
        while width.current() > trusted(width.current()) {
            width.too_dense(width.current());
        }
        assert_eq!(width.current(), 10_000);
    }

    #[test]
    fn occasional_failures_do_not_narrow_the_window() {
        let mut width = WindowSizer::new(PageSize::fixed(1_000), None, TARGET_BYTES);
        for request in 0..1_000 {
            if request % 3 == 0 {
                width.failed(width.current());
            } else {
                width.answered(width.current(), 1_000, 1_000, FAST, trusted);
            }
        }
        assert_eq!(width.current(), 1_000);
        for _ in 0..4 {
            width.failed(width.current());
        }
        assert!(width.current() < 1_000, "repeated failures do");
    }

    #[test]
    fn slow_answers_narrow_the_window() {
        let mut width = WindowSizer::new(PageSize::fixed(1_000), None, TARGET_BYTES);
        width.answered(1_000, 1_000, 1_000, Duration::from_secs(40), trusted);
        assert_eq!(width.current(), 500);
    }

    #[test]
    fn large_answers_narrow_the_window_to_target_bytes() {
        let mut width = WindowSizer::new(PageSize::adaptive(1_000, 100_000), None, TARGET_BYTES);
        for bytes_in_a_row in [100, 1_000, 10_000, 100_000] {
            for _ in 0..50 {
                let rows = width.current();
                width.answered(rows, rows, rows * bytes_in_a_row, FAST, trusted);
            }
            let bytes = width.current() * bytes_in_a_row;
            assert!((TARGET_BYTES..=2 * TARGET_BYTES).contains(&bytes), "{bytes_in_a_row}: {bytes}");
        }
    }

    #[test]
    fn probe_sizes_the_first_window() {
        let first =
            |bytes| WindowSizer::new(PageSize::adaptive(1_000, 10_000), Some(bytes), TARGET_BYTES).current();
        assert_eq!([0, 250, 524].map(first), [1_000; 3], "small rows change nothing");
        assert_eq!([5_000, 100_000, 512 << 10, 100 << 20, u64::MAX].map(first), [104, 5, 1, 1, 1]);
        let sizer = WindowSizer::new(PageSize::adaptive(1_000, 10_000), Some(100_000), TARGET_BYTES);
        assert_eq!(sizer.expected_bytes(sizer.current()), 500_000);
    }

    #[test]
    fn cut_answers_narrow_and_small_ones_widen() {
        let mut sizer = WindowSizer::new(PageSize::adaptive(1_000, 10_000), None, TARGET_BYTES);
        sizer.cut(1_000, 4 << 20);
        assert_eq!(sizer.current(), 125);
        sizer.cut(1_000, 4 << 20);
        assert_eq!(sizer.current(), 125, "requested before the first was cut");
        sizer.cut(125, 4 << 20);
        assert_eq!(sizer.current(), 15);
        assert_eq!(after(sizer, 50, |width| width), 10_000);
    }

    #[test]
    fn one_large_row_narrows_temporarily() {
        let mut sizer = WindowSizer::new(PageSize::adaptive(1_000, 10_000), None, TARGET_BYTES);
        sizer.answered(1_000, 1_000, 3 << 20, FAST, trusted);
        assert_eq!(sizer.current(), 166);
        assert_eq!(after(sizer, 50, |width| width), 10_000);
    }

    #[test]
    fn windows_shrink_until_repeated_steps_fit() {
        let mut width = WindowSizer::new(PageSize::adaptive(1_000, 10_000), None, TARGET_BYTES);
        for _ in 0..40 {
            let rows = width.current() * 7;
            if rows > trusted(width.current()) {
                width.too_dense(width.current());
            } else {
                width.answered(width.current(), rows, 1_000, FAST, trusted);
            }
        }
        assert_eq!(width.current(), 125, "no growth to 250 steps of 7 rows each");
    }
}
