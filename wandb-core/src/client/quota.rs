//! What a response's headers say of the rate limit.

use std::time::Duration;

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};

/// The server's rate limit as the headers `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` give it
/// (draft-polli-ratelimit-headers-02): units of the server's choosing, and the time until they are given anew.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Quota {
    pub(crate) limit: f64,
    pub(crate) remaining: f64,
    pub(crate) reset: Duration,
}

/// The longest reset that is believed.
const LONGEST_RESET: f64 = 24.0 * 3600.0;

impl Quota {
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let number = |name: &str| {
            // The limit may be followed by its policy: `100, 100;w=60`.
            let text = headers.get(name)?.to_str().ok()?.split([',', ';']).next()?.trim();
            text.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0)
        };
        let remaining = number("ratelimit-remaining")?;
        let reset = Duration::from_secs_f64(number("ratelimit-reset")?.min(LONGEST_RESET));
        let limit = number("ratelimit-limit").unwrap_or(remaining).max(remaining);
        Some(Self { limit, remaining, reset })
    }
}

/// How long the server asks to wait: `Retry-After` in seconds, or as a date measured by the server's own `Date`.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return (seconds.is_finite() && seconds >= 0.0)
            .then(|| Duration::from_secs_f64(seconds.min(LONGEST_RESET)));
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
    fn all_three_headers_are_read() {
        let quota = Quota::of(&headers(&[
            ("ratelimit-limit", "100, 100;w=60"),
            ("ratelimit-remaining", "12.5"),
            ("ratelimit-reset", "30"),
        ]));
        assert_eq!(quota, Some(Quota { limit: 100.0, remaining: 12.5, reset: Duration::from_secs(30) }));
    }

    #[test]
    fn headers_that_make_no_sense_are_no_quota() {
        assert_eq!(Quota::of(&HeaderMap::new()), None);
        for (remaining, reset) in [("many", "3"), ("-1", "3"), ("3", "NaN"), ("inf", "3"), ("", "")] {
            let headers = headers(&[("ratelimit-remaining", remaining), ("ratelimit-reset", reset)]);
            assert_eq!(Quota::of(&headers), None, "{remaining:?} {reset:?}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_on_the_servers_clock() {
        assert_eq!(retry_after(&headers(&[("retry-after", "7")])), Some(Duration::from_secs(7)));
        let dated = headers(&[
            ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT"),
        ]);
        assert_eq!(retry_after(&dated), Some(Duration::from_secs(60)));
        for text in ["soon", "-3", "NaN", "Sun, 06 Nov 1994 08:50:37 GMT"] {
            assert_eq!(retry_after(&headers(&[("retry-after", text)])), None, "{text:?}");
        }
    }
}
