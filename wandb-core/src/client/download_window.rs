//! The number of downloads in flight, as pure state that receives the time as an argument.

use crate::transport::Moment;

/// Limits the transfers from storage hosts: fewer while the storage is overloaded, more again once it recovers.
///
/// The width starts at its maximum. An overload halves it, and as many completed transfers as it is wide add one
/// (additive increase, multiplicative decrease, as TCP does). It never falls below one transfer, so downloads always
/// make progress.
#[derive(Debug)]
pub(super) struct DownloadWindow {
    /// The maximum number of transfers in flight.
    max: usize,
    /// The number of transfers that may be in flight now, from 1 to `max`.
    width: usize,
    in_flight: usize,
    /// The transfers completed since the width has changed.
    completed: usize,
    /// The time of the last narrowing.
    narrowed: Option<Moment>,
}

/// How a transfer ended, as far as it tells about the storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TransferOutcome {
    /// The body arrived.
    Completed,
    /// The storage rejected the request because of its load, failed, or stalled.
    Overloaded,
    /// Nothing about the load: the file is missing, the transfer was cancelled, or the network failed.
    Unrelated,
}

impl DownloadWindow {
    /// Creates a window of at most `max` transfers, at least 1.
    pub(super) fn new(max: usize) -> Self {
        let max = max.max(1);
        Self { max, width: max, in_flight: 0, completed: 0, narrowed: None }
    }

    /// The maximum number of transfers in flight.
    pub(super) fn max(&self) -> usize {
        self.max
    }

    /// The number of transfers that may start now.
    pub(super) fn free(&self) -> usize {
        self.width.saturating_sub(self.in_flight)
    }

    /// Starts a transfer. Returns false if the window is full.
    pub(super) fn start(&mut self) -> bool {
        let may_start = self.in_flight < self.width;
        self.in_flight += usize::from(may_start);
        may_start
    }

    /// Ends a transfer that started at `started`.
    pub(super) fn finish(&mut self, now: Moment, started: Moment, outcome: TransferOutcome) {
        self.in_flight = self.in_flight.saturating_sub(1);
        match outcome {
            TransferOutcome::Completed => {
                self.completed += 1;
                if self.completed >= self.width && self.width < self.max {
                    (self.width, self.completed) = (self.width + 1, 0);
                }
            }
            TransferOutcome::Overloaded if self.is_news(now, started) => {
                (self.width, self.completed) = ((self.width / 2).max(1), 0);
                self.narrowed = Some(now);
            }
            TransferOutcome::Overloaded | TransferOutcome::Unrelated => {}
        }
    }

    /// Returns true if an overload of a transfer that started at `started` tells about the present width. Transfers that
    /// were in flight when the window was narrowed suffer from the earlier width.
    fn is_news(&self, now: Moment, started: Moment) -> bool {
        // A narrowing in the future means that the clock was set back.
        self.narrowed.is_none_or(|narrowed| started >= narrowed || narrowed > now)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn at(millis: u64) -> Moment {
        Moment::new(Duration::from_millis(millis))
    }

    /// Starts as many transfers as the window allows.
    fn fill(window: &mut DownloadWindow) -> usize {
        (0..1_000).take_while(|_| window.start()).count()
    }

    /// Ends `transfers` transfers that started at `started`.
    fn end(window: &mut DownloadWindow, transfers: usize, started: u64, now: u64, outcome: TransferOutcome) {
        (0..transfers).for_each(|_| window.finish(at(now), at(started), outcome));
    }

    #[test]
    fn whole_window_is_open_at_first() {
        let mut window = DownloadWindow::new(32);
        assert_eq!((fill(&mut window), window.free()), (32, 0));
        assert_eq!(fill(&mut DownloadWindow::new(0)), 1, "at least one");
    }

    #[test]
    fn one_burst_of_overloads_halves_once() {
        let mut window = DownloadWindow::new(32);
        fill(&mut window);
        end(&mut window, 32, 0, 10, TransferOutcome::Overloaded);
        assert_eq!(fill(&mut window), 16);
        end(&mut window, 16, 11, 20, TransferOutcome::Overloaded);
        assert_eq!(fill(&mut window), 8, "the narrower window was too wide, too");
    }

    #[test]
    fn narrowed_window_waits_for_transfers_in_flight() {
        let mut window = DownloadWindow::new(8);
        fill(&mut window);
        end(&mut window, 1, 0, 5, TransferOutcome::Overloaded);
        assert_eq!(fill(&mut window), 0, "seven are in flight, and four are allowed");
        end(&mut window, 4, 0, 6, TransferOutcome::Unrelated);
        assert_eq!(fill(&mut window), 1);
    }

    #[test]
    fn completed_rounds_widen_by_one_up_to_the_maximum() {
        let mut window = DownloadWindow::new(6);
        fill(&mut window);
        end(&mut window, 6, 0, 1, TransferOutcome::Overloaded);
        let mut widths = Vec::new();
        for round in 2..12 {
            let started = fill(&mut window);
            widths.push(started);
            end(&mut window, started, round, round, TransferOutcome::Completed);
        }
        assert!(widths.is_sorted() && widths[0] == 3 && widths[9] == 6, "{widths:?}");
        assert!(widths.windows(2).all(|pair| pair[1] - pair[0] <= 1), "{widths:?}");
    }

    #[test]
    fn window_never_closes() {
        let mut window = DownloadWindow::new(32);
        for now in 0..100 {
            let started = fill(&mut window);
            assert!(started > 0);
            end(&mut window, started, now, now, TransferOutcome::Overloaded);
        }
        assert_eq!(fill(&mut window), 1);
    }

    #[test]
    fn unrelated_ends_change_nothing() {
        let mut window = DownloadWindow::new(32);
        fill(&mut window);
        end(&mut window, 32, 0, 1, TransferOutcome::Unrelated);
        assert_eq!(fill(&mut window), 32);
    }

    #[test]
    fn clock_set_back_does_not_hide_overloads() {
        let mut window = DownloadWindow::new(32);
        fill(&mut window);
        end(&mut window, 32, 9_000, 10_000, TransferOutcome::Overloaded);
        let started = fill(&mut window);
        end(&mut window, started, 5, 6, TransferOutcome::Overloaded);
        assert_eq!(fill(&mut window), 8);
    }

    #[test]
    fn storage_of_less_capacity_is_used_with_few_rejections() {
        // The storage serves ten transfers at once, each in 20 ms, and rejects more at once.
        const CAPACITY: usize = 10;
        let mut window = DownloadWindow::new(32);
        let mut in_flight: VecDeque<u64> = VecDeque::new();
        let (mut served, mut rejected) = (0_u32, 0_u32);
        for now in 0..10_000 {
            while in_flight.front().is_some_and(|started| started + 20 <= now) {
                let started = in_flight.pop_front().expect("a transfer");
                window.finish(at(now), at(started), TransferOutcome::Completed);
                served += 1;
            }
            while window.start() {
                if in_flight.len() < CAPACITY {
                    in_flight.push_back(now);
                } else {
                    // The rejection takes a millisecond, so that the loop ends.
                    rejected += 1;
                    window.finish(at(now + 1), at(now), TransferOutcome::Overloaded);
                    break;
                }
            }
        }
        // The window swings between half and all of the capacity.
        let most = 10_000 / 20 * u32::try_from(CAPACITY).expect("small");
        assert!(served >= most / 10 * 7, "{served} of {most}");
        assert!(rejected * 20 <= served, "{rejected} rejected of {served}");
    }

    proptest! {
        #[test]
        fn limit_holds_and_progress_is_possible(
            max in 1_usize..200,
            // Each number is an event: a start, or the end of the oldest transfer and its outcome.
            events in prop::collection::vec((0_u8..6, 0_u64..50), 0..400),
        ) {
            let mut window = DownloadWindow::new(max);
            let mut in_flight = VecDeque::new();
            let mut now = 1_000;
            for (event, later) in events {
                now += later;
                let outcome = match event {
                    3 => TransferOutcome::Completed,
                    4 => TransferOutcome::Overloaded,
                    5 => TransferOutcome::Unrelated,
                    _ => {
                        if window.start() {
                            in_flight.push_back(now);
                        }
                        continue;
                    }
                };
                if let Some(started) = in_flight.pop_front() {
                    window.finish(at(now), at(started), outcome);
                }
                prop_assert!(in_flight.len() <= max);
                prop_assert!((1..=max).contains(&window.width));
                prop_assert!(!in_flight.is_empty() || window.free() > 0);
            }
            while let Some(started) = in_flight.pop_front() {
                window.finish(at(now), at(started), TransferOutcome::Unrelated);
            }
            // Enough completed transfers open the whole window again.
            for _ in 0..max * max + max {
                prop_assert!(window.start());
                window.finish(at(now), at(now), TransferOutcome::Completed);
            }
            prop_assert_eq!(fill(&mut window), max);
        }
    }
}
