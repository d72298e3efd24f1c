//! Parses times and sizes with units.

use std::time::Duration;

/// Parses a time: a number with the unit `s`, `min`, `m`, `h` or `d`. Without a unit, it is in seconds.
pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    let units = [("s", 1.0), ("min", 60.0), ("m", 60.0), ("h", 3_600.0), ("d", 86_400.0), ("", 1.0)];
    let seconds = parse_number(text, &units).ok_or("expected a time such as 90s, 15min, 12h or 2d")?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

/// Parses a size: a number of bytes, or a number with the unit `KiB`, `MiB`, `GiB` or `TiB`, or the first letter of
/// it. The units `KB`, `MB`, `GB` and `TB` are powers of 1000.
pub(super) fn parse_size(text: &str) -> Result<u64, String> {
    let units = [
        ("b", 1.0),
        ("kib", 1024.0),
        ("k", 1024.0),
        ("mib", 1_048_576.0),
        ("m", 1_048_576.0),
        ("gib", 1_073_741_824.0),
        ("g", 1_073_741_824.0),
        ("tib", 1_099_511_627_776.0),
        ("t", 1_099_511_627_776.0),
        ("kb", 1e3),
        ("mb", 1e6),
        ("gb", 1e9),
        ("tb", 1e12),
        ("", 1.0),
    ];
    let problem = "expected a size such as 500MiB, 20GiB or a number of bytes";
    if let Ok(bytes) = text.trim().parse() {
        return Ok(bytes);
    }
    let bytes = parse_number(text, &units).filter(|bytes| *bytes < 2_f64.powi(63)).ok_or(problem)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and 2^63")]
    Ok(bytes as u64)
}

/// Minimum memory for responses.
const MIN_MEMORY: u64 = 1 << 20;

/// Parses the memory for responses, which is at least 1 MiB.
pub(super) fn parse_memory(text: &str) -> Result<u64, String> {
    match parse_size(text)? {
        bytes if bytes < MIN_MEMORY => Err("expected at least 1MiB".to_owned()),
        bytes => Ok(bytes),
    }
}

/// Parses a number followed by a unit, and returns it multiplied by the factor of the unit. Returns `None` for negative
/// numbers and other text.
fn parse_number(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = unit.trim().to_ascii_lowercase();
    let factor = units.iter().find(|(name, _)| *name == unit)?.1;
    Some(number.parse::<f64>().ok()? * factor).filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        for (text, seconds) in [("90", 90), ("90s", 90), ("15 min", 900), ("1.5h", 5_400), ("2d", 172_800)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "soon", "-3s", "3 weeks", "1e9", "."] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_have_units() {
        for (text, bytes) in
            [("0", 0), ("1KiB", 1_024), ("500m", 500 << 20), ("5TiB", 5 << 40), ("2 GB", 2_000_000_000)]
        {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for text in ["", "big", "-1", "1e3", "20EiB", "99999999999TiB"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn memory_has_a_minimum() {
        assert_eq!(parse_memory("1MiB"), Ok(1 << 20));
        assert!(parse_memory("100").is_err());
    }
}
