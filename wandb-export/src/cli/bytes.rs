//! Numbers of bytes on the command line: `104857600`, `100MiB`, `2GB`.

/// What the units stand for, the longer names first.
const UNITS: [(&str, u64); 10] = [
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("k", 1 << 10),
    ("m", 1 << 20),
    ("g", 1 << 30),
    ("b", 1),
];

/// Reads a number of bytes with or without a unit.
pub(super) fn parse(text: &str) -> Result<u64, String> {
    let lower = text.trim().to_ascii_lowercase();
    let unit = UNITS.iter().find_map(|(name, bytes)| Some((lower.strip_suffix(name)?, *bytes)));
    let (number, unit) = unit.unwrap_or((&lower, 1));
    let number: u64 = number
        .trim_end()
        .parse()
        .map_err(|_| "expected a number of bytes, such as 500MB, 100MiB or 104857600".to_owned())?;
    number.checked_mul(unit).ok_or_else(|| format!("{text} is more than there can be"))
}

/// The least memory that answers can make do with.
const LEAST_MEMORY: u64 = 1 << 20;

/// Reads the memory for answers, which is at least a MiB.
pub(super) fn memory(text: &str) -> Result<u64, String> {
    parse(text).and_then(|bytes| {
        if bytes < LEAST_MEMORY { Err("at least 1MiB is needed".to_owned()) } else { Ok(bytes) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_those_that_people_write() {
        for (text, bytes) in [
            ("0", 0),
            ("1048576", 1 << 20),
            ("100MiB", 100 << 20),
            ("100 mib", 100 << 20),
            ("64M", 64 << 20),
            ("2GB", 2_000_000_000),
            ("1g", 1 << 30),
            ("7b", 7),
            ("3KB", 3_000),
        ] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
        for text in ["", "MiB", "-1", "1.5G", "1e9", "10 tons", "99999999999999GiB"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn memory_has_a_least_size() {
        assert_eq!(memory("1MiB"), Ok(1 << 20));
        assert!(memory("100").is_err());
    }
}
