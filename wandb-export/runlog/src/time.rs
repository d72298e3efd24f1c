//! Moments and texts as messages have them.

use jiff::fmt::temporal::DateTimePrinter;

use crate::proto::Time;

/// A moment as servers write it; `None` for one beyond the range of calendars.
pub(crate) fn timestamp(time: Time) -> Option<String> {
    let moment = jiff::Timestamp::new(time.seconds, time.nanos).ok()?;
    Some(DateTimePrinter::new().timestamp_to_string(&moment))
}

/// Seconds since 1970.
pub(crate) fn seconds(time: Time) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "moments of this age fit")]
    let whole = time.seconds as f64;
    whole + f64::from(time.nanos) / 1e9
}

/// What an empty text of a message stands for.
pub(crate) fn text(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}
