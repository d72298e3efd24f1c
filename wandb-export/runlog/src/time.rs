//! Conversions of times and texts in messages.

use jiff::fmt::temporal::DateTimePrinter;

use crate::proto::Time;

/// Formats a time as servers do; `None` if it is out of the calendar's range.
pub(crate) fn timestamp(time: Time) -> Option<String> {
    let moment = jiff::Timestamp::new(time.seconds, time.nanos).ok()?;
    Some(DateTimePrinter::new().timestamp_to_string(&moment))
}

/// Seconds since 1970.
pub(crate) fn seconds(time: Time) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "realistic times are below 2^53 seconds")]
    let whole = time.seconds as f64;
    whole + f64::from(time.nanos) / 1e9
}

/// Converts an empty text to `None`, because messages leave absent texts empty.
pub(crate) fn text(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}
