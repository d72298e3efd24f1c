//! When the next request may go, as pure state that is told the time.

use std::time::Duration;

use super::quota::Quota;
use crate::transport::Moment;

/// Spreads requests over what the server's rate limit leaves, and holds all of them when the server says wait.
///
/// While there is plenty left requests go at once; when less than [`PLENTY`] of the limit remains, what remains is
/// spread evenly over the time until it is given anew, so that a refusal is the exception.
#[derive(Debug)]
pub(crate) struct Pacer {
    hold: Option<Hold>,
    window: Option<Window>,
    in_flight: u32,
    cost: f64,
    longest_wait: Duration,
}

#[derive(Debug, Clone, Copy)]
struct Hold {
    since: Moment,
    until: Moment,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    since: Moment,
    reset: Moment,
    limit: f64,
    /// What the last answer said remains; falls with each request sent since.
    remaining: f64,
    /// What the last answer said, untouched: the difference to the next tells what a request costs.
    said: f64,
    /// When the last request that had to be spread goes.
    last_spread: Moment,
}

/// The part of the limit above which nothing is held back.
const PLENTY: f64 = 0.5;

/// The longest time until the quota is given anew that an answer is believed. W&B gives it anew each minute, and a server
/// that answers is not to be waited for much longer.
const LONGEST_RESET: Duration = Duration::from_secs(60);

/// How far a new observation of a request's cost moves the estimate.
const COST_LEARNING: f64 = 0.3;

impl Pacer {
    pub(crate) fn new(longest_wait: Duration) -> Self {
        Self { hold: None, window: None, in_flight: 0, cost: 1.0, longest_wait }
    }

    /// Books a request: how long from `now` it has to wait before it goes.
    pub(crate) fn book(&mut self, now: Moment) -> Duration {
        self.forget_the_past(now);
        self.in_flight = self.in_flight.saturating_add(1);
        let mut at = self.hold.map_or(now, |hold| hold.until.max(now));
        if let Some(window) = &mut self.window {
            if window.remaining < window.limit * PLENTY {
                let left = (window.remaining / self.cost).floor();
                let from = window.last_spread.max(now);
                let slot = if left < 1.0 { window.reset } else { from + (window.reset - from).div_f64(left) };
                window.last_spread = slot;
                at = at.max(slot);
            }
            window.remaining = (window.remaining - self.cost).max(0.0);
        }
        (at - now).min(self.longest_wait)
    }

    /// Notes the answer to a booked request, or its failure with no quota.
    pub(crate) fn landed(&mut self, now: Moment, quota: Option<Quota>) {
        self.in_flight = self.in_flight.saturating_sub(1);
        let Some(quota) = quota else { return };
        let quota = Quota { reset: quota.reset.min(LONGEST_RESET).min(self.longest_wait), ..quota };
        if let Some(window) = &self.window {
            let spent = window.said - quota.remaining;
            if spent > 0.0 && now < window.reset {
                self.cost += (spent.min(quota.limit.max(1.0)) - self.cost) * COST_LEARNING;
                self.cost = self.cost.max(f64::MIN_POSITIVE);
            }
        }
        let last_spread = self.window.map_or(now, |window| window.last_spread.min(now + quota.reset));
        self.window = Some(Window {
            since: now,
            reset: now + quota.reset,
            limit: quota.limit,
            remaining: (quota.remaining - self.cost * f64::from(self.in_flight)).max(0.0),
            said: quota.remaining,
            last_spread,
        });
    }

    /// Holds every request for `wait` from `now`.
    pub(crate) fn hold(&mut self, now: Moment, wait: Duration) {
        let until = now + wait.min(self.longest_wait);
        if self.hold.is_none_or(|hold| hold.until < until) {
            self.hold = Some(Hold { since: now, until });
        }
    }

    /// Drops what is over, and what a clock set back would make last for ever.
    fn forget_the_past(&mut self, now: Moment) {
        self.hold = self.hold.filter(|hold| hold.since <= now && now < hold.until);
        self.window = self.window.filter(|window| window.since <= now && now < window.reset);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(seconds: f64) -> Moment {
        Moment::new(Duration::from_secs_f64(seconds))
    }

    fn pacer() -> Pacer {
        Pacer::new(600 * SECOND)
    }

    fn quota(limit: f64, remaining: f64, reset: u64) -> Quota {
        Quota { limit, remaining, reset: Duration::from_secs(reset) }
    }

    #[test]
    fn without_headers_nothing_waits() {
        let mut pacer = pacer();
        for _ in 0..100 {
            assert_eq!(pacer.book(at(1.0)), Duration::ZERO);
            pacer.landed(at(1.0), None);
        }
    }

    #[test]
    fn plenty_goes_at_once_and_the_rest_is_spread_until_the_reset() {
        let mut pacer = pacer();
        pacer.book(at(0.0));
        pacer.landed(at(0.0), Some(quota(10.0, 9.0, 10)));
        let waits: Vec<u64> = (0..9).map(|_| pacer.book(at(0.0)).as_secs()).collect();
        assert_eq!(&waits[..5], [0; 5], "{waits:?}");
        assert!(waits[5..].is_sorted() && waits[5] > 0 && waits[8] == 10, "{waits:?}");
    }

    #[test]
    fn an_exhausted_quota_waits_for_its_reset() {
        let mut pacer = pacer();
        pacer.book(at(0.0));
        pacer.landed(at(0.0), Some(quota(10.0, 0.0, 30)));
        assert_eq!(pacer.book(at(0.0)), 30 * SECOND);
        assert_eq!(pacer.book(at(10.0)), 20 * SECOND);
        assert_eq!(pacer.book(at(31.0)), Duration::ZERO, "the quota is given anew");
    }

    #[test]
    fn the_cost_of_a_request_is_learnt() {
        let mut pacer = pacer();
        for answered in 0..20 {
            pacer.book(at(0.0));
            pacer.landed(at(0.0), Some(quota(1000.0, 900.0 - 10.0 * f64::from(answered), 60)));
        }
        assert!((pacer.cost - 10.0).abs() < 0.5, "{}", pacer.cost);
    }

    #[test]
    fn requests_in_flight_count_against_what_remains() {
        let mut pacer = pacer();
        for _ in 0..5 {
            pacer.book(at(0.0));
        }
        pacer.landed(at(0.0), Some(quota(10.0, 4.0, 10)));
        assert_eq!(pacer.book(at(0.0)), 10 * SECOND, "four are on their way already");
    }

    #[test]
    fn a_hold_is_for_all_and_the_longest_counts() {
        let mut pacer = pacer();
        pacer.hold(at(0.0), 5 * SECOND);
        pacer.hold(at(0.0), 3 * SECOND);
        assert_eq!(pacer.book(at(1.0)), 4 * SECOND);
        assert_eq!(pacer.book(at(5.0)), Duration::ZERO);
    }

    #[test]
    fn absurd_reset_of_an_answer_is_clamped() {
        let mut pacer = pacer();
        pacer.book(at(0.0));
        pacer.landed(at(0.0), Some(quota(10.0, 0.0, 999_999)));
        assert_eq!(pacer.book(at(0.0)), LONGEST_RESET);
        assert_eq!(pacer.book(at(61.0)), Duration::ZERO);
    }

    #[test]
    fn a_clock_set_back_does_not_hold_for_ever() {
        let mut pacer = pacer();
        pacer.hold(at(10_000.0), 5 * SECOND);
        pacer.book(at(10_000.0));
        pacer.landed(at(10_000.0), Some(quota(10.0, 0.0, 30)));
        assert_eq!(pacer.book(at(3.0)), Duration::ZERO);
    }

    #[test]
    fn a_steady_client_gets_most_of_the_rate_and_is_hardly_refused() {
        // A server that allows 20 requests in each second, a client that always wants to send.
        let (mut now, mut sent_in_second, mut refused, mut served) = (0.0_f64, 0_u32, 0_u32, 0_u32);
        let mut second = 0.0_f64;
        let mut pacer = pacer();
        while now < 60.0 {
            now += pacer.book(at(now)).as_secs_f64() + 0.001;
            if now.floor() > second {
                (second, sent_in_second) = (now.floor(), 0);
            }
            sent_in_second += 1;
            if sent_in_second > 20 {
                refused += 1;
            } else {
                served += 1;
            }
            let left = f64::from(20_u32.saturating_sub(sent_in_second));
            let reset = Duration::from_secs_f64(second + 1.0 - now);
            pacer.landed(at(now), Some(Quota { limit: 20.0, remaining: left, reset }));
        }
        assert!(served >= 60 * 18, "{served} served");
        assert!(refused * 100 <= served, "{refused} refused of {served}");
    }
}
