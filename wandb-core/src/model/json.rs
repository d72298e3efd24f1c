//! Maps that the server stores as text.

use crate::Row;
use crate::value::{Map, ValueError};

/// Parses a field that holds a JSON object as text: `Run.summaryMetrics`, `Run.systemMetrics`.
///
/// Empty text and `null` are an empty map. [`Value::parse`](crate::Value::parse) describes the accepted syntax.
///
/// ```
/// use wandb_core::model::map_from_json;
///
/// let summary = map_from_json(br#"{"loss": NaN}"#)?;
/// assert!(summary.get("loss").and_then(|loss| loss.as_f64()).is_some_and(f64::is_nan));
/// assert!(map_from_json(b"")?.is_empty());
/// # Ok::<(), wandb_core::ValueError>(())
/// ```
pub fn map_from_json(text: &[u8]) -> Result<Map, ValueError> {
    if matches!(text.trim_ascii(), b"" | b"null") {
        return Ok(Map::new());
    }
    Ok(Row::parse(text)?.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_object_is_a_map() {
        assert_eq!(map_from_json(b" null ").unwrap(), Map::new());
        assert_eq!(map_from_json(br#"{"a":1,"a":2}"#).unwrap().get("a"), Some(&2i64.into()));
        for text in ["[]", "1", "\"{}\"", "nullx", "{"] {
            assert!(map_from_json(text.as_bytes()).is_err(), "{text}");
        }
    }
}
