//! The bins of a histogram as it was logged.

use crate::value::Value;

/// One bin of a logged histogram. Values that the histogram lacks are null.
///
/// ```
/// use wandb_core::Value;
/// use wandb_core::model::HistogramBin;
///
/// let logged = br#"{"_type": "histogram", "values": [3, 0.5], "packedBins": {"min": -1, "size": 0.5, "count": 2}}"#;
/// let bins = HistogramBin::of(&Value::parse(logged)?).unwrap();
/// assert_eq!((&bins[1].lower, &bins[1].upper), (&Value::Float(-0.5), &Value::Float(0.0)));
/// assert_eq!(bins[1].count, Value::Float(0.5));
/// # Ok::<(), wandb_core::ValueError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct HistogramBin {
    /// The lower edge.
    pub lower: Value,
    /// The upper edge.
    pub upper: Value,
    /// The number of values in the bin. A histogram of the user's own may hold any numbers.
    pub count: Value,
}

impl HistogramBin {
    /// Returns the bins of a histogram, or `None` if the value is not one. Keeps every number exactly: unlike
    /// [`Histogram`](super::Histogram), it accepts any counts and edges.
    ///
    /// The edges are listed (`bins`, one more than `values`), or all bins have the same width (`packedBins`; the first
    /// edge is `min`, the width `size`).
    pub fn of(value: &Value) -> Option<Vec<Self>> {
        if value.get("_type").and_then(Value::as_str) != Some("histogram") {
            return None;
        }
        let list = |name: &str| value.get(name).and_then(Value::as_list).unwrap_or_default();
        let (counts, edges) = (list("values"), list("bins"));
        let packed = value.get("packedBins").filter(|_| edges.is_empty());
        let packed =
            packed.and_then(|packed| Some((packed.get("min")?.as_f64()?, packed.get("size")?.as_f64()?)));
        let edge = |index: usize| match packed {
            #[expect(clippy::cast_precision_loss, reason = "a list in memory has fewer than 2^53 values")]
            Some((min, size)) => Value::Float(index as f64 * size + min),
            None => edges.get(index).cloned().unwrap_or_default(),
        };
        let length = counts.len().max(edges.len().saturating_sub(1));
        let bin = |index: usize| Self {
            lower: edge(index),
            upper: edge(index + 1),
            count: counts.get(index).cloned().unwrap_or_default(),
        };
        Some((0..length).map(bin).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bins(json: &str) -> Option<Vec<[String; 3]>> {
        let bins = HistogramBin::of(&Value::parse(json.as_bytes()).expect("valid JSON"))?;
        Some(bins.iter().map(|bin| [&bin.lower, &bin.upper, &bin.count].map(Value::to_json)).collect())
    }

    fn texts<const N: usize>(rows: [[&str; 3]; N]) -> Vec<[String; 3]> {
        rows.map(|row| row.map(str::to_owned)).to_vec()
    }

    #[test]
    fn edges_keep_their_digits() {
        let json = r#"{"_type": "histogram", "values": [1, 9007199254740993], "bins": [0, 0.1, 1]}"#;
        assert_eq!(bins(json), Some(texts([["0", "0.1", "1"], ["0.1", "1", "9007199254740993"]])));
    }

    #[test]
    fn uneven_lists_lose_nothing() {
        let json = r#"{"_type": "histogram", "values": [1, 2], "bins": [0, 1]}"#;
        assert_eq!(bins(json), Some(texts([["0", "1", "1"], ["1", "null", "2"]])));
        let json = r#"{"_type": "histogram", "values": [1], "bins": [0, 1, 2]}"#;
        assert_eq!(bins(json), Some(texts([["0", "1", "1"], ["1", "2", "null"]])));
        assert_eq!(bins(r#"{"_type": "histogram"}"#), Some(texts([])));
    }

    #[test]
    fn other_values_have_no_bins() {
        assert_eq!(bins(r#"{"_type": "table-file", "values": [1]}"#), None);
        assert_eq!(bins("[1]"), None);
    }
}
