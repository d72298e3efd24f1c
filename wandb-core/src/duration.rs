//! Human-readable durations.

use std::fmt;
use std::time::Duration;

/// Formats a duration in its two largest units: `11 d 13 h`.
pub(crate) struct HumanDuration(pub(crate) Duration);

impl fmt::Display for HumanDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Round up, so that a user who waits this long has waited long enough.
        let seconds = self.0.as_secs() + u64::from(self.0.subsec_nanos() > 0);
        let (large, small) = match seconds {
            0..60 => return write!(f, "{seconds} s"),
            60..3_600 => ((seconds / 60, "min"), (seconds % 60, "s")),
            3_600..86_400 => ((seconds / 3_600, "h"), (seconds % 3_600 / 60, "min")),
            _ => ((seconds / 86_400, "d"), (seconds % 86_400 / 3_600, "h")),
        };
        write!(f, "{} {}", large.0, large.1)?;
        if small.0 > 0 { write!(f, " {} {}", small.0, small.1) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_show_their_two_largest_units() {
        for (seconds, shown) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (290, "4 min 50 s"),
            (7_260, "2 h 1 min"),
            (999_999, "11 d 13 h"),
        ] {
            assert_eq!(HumanDuration(Duration::from_secs(seconds)).to_string(), shown);
        }
        assert_eq!(HumanDuration(Duration::from_millis(1)).to_string(), "1 s");
    }
}
