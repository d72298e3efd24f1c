//! The rate limit in a response's headers.

use std::time::Duration;

use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};

/// The server's rate limit from the headers `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset`
/// (draft-polli-ratelimit-headers-02), in units of the server's choice, and the time until the reset.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Quota {
    pub(crate) limit: f64,
    pub(crate) remaining: f64,
    pub(crate) reset: Duration,
}

/// The maximum wait in seconds, ten thousand years. Longer ones are clamped.
const MAX_SECONDS: f64 = 10_000.0 * 365.0 * 24.0 * 3600.0;

impl Quota {
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let number = |name: &str| {
            // The limit may be followed by its policy: `100, 100;w=60`.
            let text = headers.get(name)?.to_str().ok()?.split([',', ';']).next()?.trim();
            text.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0)
        };
        let remaining = number("ratelimit-remaining")?;
        let reset = Duration::from_secs_f64(number("ratelimit-reset")?.min(MAX_SECONDS));
        let limit = number("ratelimit-limit").unwrap_or(remaining).max(remaining);
        Some(Self { limit, remaining, reset })
    }
}

/// Returns the wait that a response asks for: its `Retry-After`, or for status 429 the time until its exhausted quota
/// resets.
pub(crate) fn asked_wait(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    let exhausted = || Quota::of(headers).filter(|quota| quota.remaining < 1.0).map(|quota| quota.reset);
    let is_limited = status == StatusCode::TOO_MANY_REQUESTS;
    retry_after(headers).or_else(|| exhausted().filter(|_| is_limited))
}

/// Parses `Retry-After`: seconds, or a date relative to the server's `Date`.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return (seconds.is_finite() && seconds >= 0.0)
            .then(|| Duration::from_secs_f64(seconds.min(MAX_SECONDS)));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let now = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    Some(until.duration_since(now).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn quota_has_three_headers() {
        let quota = Quota::of(&headers(&[
            ("ratelimit-limit", "100, 100;w=60"),
            ("ratelimit-remaining", "12.5"),
            ("ratelimit-reset", "30"),
        ]));
        assert_eq!(quota, Some(Quota { limit: 100.0, remaining: 12.5, reset: Duration::from_secs(30) }));
    }

    #[test]
    fn malformed_headers_are_no_quota() {
        assert_eq!(Quota::of(&HeaderMap::new()), None);
        for (remaining, reset) in [("many", "3"), ("-1", "3"), ("3", "NaN"), ("inf", "3"), ("", "")] {
            let headers = headers(&[("ratelimit-remaining", remaining), ("ratelimit-reset", reset)]);
            assert_eq!(Quota::of(&headers), None, "{remaining:?} {reset:?}");
        }
    }

    #[test]
    fn exhausted_quota_of_a_429_is_a_wait() {
        let quota = headers(&[("ratelimit-remaining", "0"), ("ratelimit-reset", "999999")]);
        let wait = |status| asked_wait(status, &quota);
        assert_eq!(wait(StatusCode::TOO_MANY_REQUESTS), Some(Duration::from_secs(999_999)));
        assert_eq!(wait(StatusCode::SERVICE_UNAVAILABLE), None, "not a rate limit");
        let left = headers(&[("ratelimit-remaining", "3"), ("ratelimit-reset", "30")]);
        assert_eq!(asked_wait(StatusCode::TOO_MANY_REQUESTS, &left), None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_server_date() {
        assert_eq!(retry_after(&headers(&[("retry-after", "7")])), Some(Duration::from_secs(7)));
        let dated = headers(&[
            ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT"),
        ]);
        assert_eq!(retry_after(&dated), Some(Duration::from_secs(60)));
        let far = headers(&[
            ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT"),
        ]);
        assert!(retry_after(&far) > Some(Duration::from_secs(8_000 * 365 * 86_400)));
        assert!(retry_after(&headers(&[("retry-after", "1e300")])).is_some());
        for text in ["soon", "-3", "NaN", "Sun, 06 Nov 1994 08:50:37 GMT"] {
            assert_eq!(retry_after(&headers(&[("retry-after", text)])), None, "{text:?}");
        }
    }
}
