//! Schedules requests within the rate limit, as pure state that receives the time as an argument.

use std::time::Duration;

use super::quota::Quota;
use crate::transport::Moment;

/// Spreads requests over the remaining rate limit, and holds all of them when the server asks for a wait.
///
/// While much of the limit remains, requests are sent at once. When less than [`SPREAD_BELOW`] of it remains, the
/// rest is spread evenly over the time until the reset, so that the server rarely rejects a request.
#[derive(Debug)]
pub(crate) struct Pacer {
    hold: Option<Hold>,
    window: Option<Window>,
    in_flight: u32,
    cost: f64,
    max_wait: Duration,
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
    /// The quota remaining by the last response, reduced by each request sent since.
    remaining: f64,
    /// The quota remaining by the last response, unchanged. The difference to the next one is the cost of a request.
    reported: f64,
    /// The time of the last spread request.
    last_spread: Moment,
}

/// The share of the limit above which no request is delayed.
const SPREAD_BELOW: f64 = 0.5;

/// The maximum time until a reset that is trusted. W&B resets the quota every minute, and a server that responds is
/// not worth a much longer wait.
const MAX_RESET: Duration = Duration::from_secs(60);

/// The weight of a new observation in the estimated cost of a request.
const COST_SMOOTHING: f64 = 0.3;

impl Pacer {
    pub(crate) fn new(max_wait: Duration) -> Self {
        Self { hold: None, window: None, in_flight: 0, cost: 1.0, max_wait }
    }

    /// Books a request. Returns how long after `now` it must wait before it is sent.
    pub(crate) fn book(&mut self, now: Moment) -> Duration {
        self.drop_expired(now);
        self.in_flight = self.in_flight.saturating_add(1);
        let mut at = self.hold.map_or(now, |hold| hold.until.max(now));
        if let Some(window) = &mut self.window {
            if window.remaining < window.limit * SPREAD_BELOW {
                let left = (window.remaining / self.cost).floor();
                let from = window.last_spread.max(now);
                let slot = if left < 1.0 { window.reset } else { from + (window.reset - from).div_f64(left) };
                window.last_spread = slot;
                at = at.max(slot);
            }
            window.remaining = (window.remaining - self.cost).max(0.0);
        }
        (at - now).min(self.max_wait)
    }

    /// Records the response to a booked request, or its failure, which has no quota.
    pub(crate) fn complete(&mut self, now: Moment, quota: Option<Quota>) {
        self.in_flight = self.in_flight.saturating_sub(1);
        let Some(quota) = quota else { return };
        let quota = Quota { reset: quota.reset.min(MAX_RESET).min(self.max_wait), ..quota };
        if let Some(window) = &self.window {
            let spent = window.reported - quota.remaining;
            if spent > 0.0 && now < window.reset {
                self.cost += (spent.min(quota.limit.max(1.0)) - self.cost) * COST_SMOOTHING;
                self.cost = self.cost.max(f64::MIN_POSITIVE);
            }
        }
        let last_spread = self.window.map_or(now, |window| window.last_spread.min(now + quota.reset));
        self.window = Some(Window {
            since: now,
            reset: now + quota.reset,
            limit: quota.limit,
            remaining: (quota.remaining - self.cost * f64::from(self.in_flight)).max(0.0),
            reported: quota.remaining,
            last_spread,
        });
    }

    /// Holds all requests for `wait`, starting at `now`.
    pub(crate) fn hold(&mut self, now: Moment, wait: Duration) {
        let until = now + wait.min(self.max_wait);
        if self.hold.is_none_or(|hold| hold.until < until) {
            self.hold = Some(Hold { since: now, until });
        }
    }

    /// Removes expired state, and state that would last forever after the clock was set back.
    fn drop_expired(&mut self, now: Moment) {
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
    fn requests_without_headers_never_wait() {
        let mut pacer = pacer();
        for _ in 0..100 {
            assert_eq!(pacer.book(at(1.0)), Duration::ZERO);
            pacer.complete(at(1.0), None);
        }
    }

    #[test]
    fn scarce_quota_is_spread_until_the_reset() {
        let mut pacer = pacer();
        pacer.book(at(0.0));
        pacer.complete(at(0.0), Some(quota(10.0, 9.0, 10)));
        let waits: Vec<u64> = (0..9).map(|_| pacer.book(at(0.0)).as_secs()).collect();
        assert_eq!(&waits[..5], [0; 5], "{waits:?}");
        assert!(waits[5..].is_sorted() && waits[5] > 0 && waits[8] == 10, "{waits:?}");
    }

    #[test]
    fn exhausted_quota_waits_for_its_reset() {
        let mut pacer = pacer();
        pacer.book(at(0.0));
        pacer.complete(at(0.0), Some(quota(10.0, 0.0, 30)));
        assert_eq!(pacer.book(at(0.0)), 30 * SECOND);
        assert_eq!(pacer.book(at(10.0)), 20 * SECOND);
        assert_eq!(pacer.book(at(31.0)), Duration::ZERO, "the quota has been reset");
    }

    #[test]
    fn request_cost_is_learned() {
        let mut pacer = pacer();
        for answered in 0..20 {
            pacer.book(at(0.0));
            pacer.complete(at(0.0), Some(quota(1000.0, 900.0 - 10.0 * f64::from(answered), 60)));
        }
        assert!((pacer.cost - 10.0).abs() < 0.5, "{}", pacer.cost);
    }

    #[test]
    fn requests_in_flight_reduce_the_quota() {
        let mut pacer = pacer();
        for _ in 0..5 {
            pacer.book(at(0.0));
        }
        pacer.complete(at(0.0), Some(quota(10.0, 4.0, 10)));
        assert_eq!(pacer.book(at(0.0)), 10 * SECOND, "four are in flight");
    }

    #[test]
    fn longest_hold_applies_to_all() {
        let mut pacer = pacer();
        pacer.hold(at(0.0), 5 * SECOND);
        pacer.hold(at(0.0), 3 * SECOND);
        assert_eq!(pacer.book(at(1.0)), 4 * SECOND);
        assert_eq!(pacer.book(at(5.0)), Duration::ZERO);
    }

    #[test]
    fn absurd_reset_is_clamped() {
        let mut pacer = pacer();
        pacer.book(at(0.0));
        pacer.complete(at(0.0), Some(quota(10.0, 0.0, 999_999)));
        assert_eq!(pacer.book(at(0.0)), MAX_RESET);
        assert_eq!(pacer.book(at(61.0)), Duration::ZERO);
    }

    #[test]
    fn clock_set_back_does_not_hold_forever() {
        let mut pacer = pacer();
        pacer.hold(at(10_000.0), 5 * SECOND);
        pacer.book(at(10_000.0));
        pacer.complete(at(10_000.0), Some(quota(10.0, 0.0, 30)));
        assert_eq!(pacer.book(at(3.0)), Duration::ZERO);
    }

    #[test]
    fn steady_client_uses_the_rate_with_few_rejections() {
        // The server allows 20 requests per second; the client always wants to send.
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
            pacer.complete(at(now), Some(Quota { limit: 20.0, remaining: left, reset }));
        }
        assert!(served >= 60 * 18, "{served} served");
        assert!(refused * 100 <= served, "{refused} refused of {served}");
    }
}
