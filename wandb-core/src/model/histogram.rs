//! Histograms in W&B's format.

mod bins;

use crate::value::{Map, Value};

pub use bins::HistogramBin;

/// Counts of values per bin (`{"_type": "histogram", "values": […], "bins": […]}`).
///
/// ```
/// use wandb_core::model::Histogram;
///
/// let histogram = Histogram::with_bins(&[1.0, 2.0, 2.5, 4.0], 3)?;
/// assert_eq!(histogram.edges(), [1.0, 2.0, 3.0, 4.0]);
/// assert_eq!(histogram.counts(), [1, 2, 1]);
/// # Ok::<(), wandb_core::model::HistogramError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    counts: Vec<u64>,
    edges: Vec<f64>,
}

/// The histogram cannot be built.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum HistogramError {
    /// A value is not finite.
    #[error("value number {index} of a histogram is {value}; remove values that are not finite")]
    NotFinite {
        /// The value.
        value: f64,
        /// Its index, from 0.
        index: usize,
    },
    /// The number of bins is outside the range 1 to 512 that W&B displays.
    #[error("a histogram has 1 to {} bins, not {bins}", Histogram::MOST_BINS)]
    Bins {
        /// The requested number of bins.
        bins: usize,
    },
    /// The number of edges is not one more than the number of counts.
    #[error("{counts} counts need {} edges, not {edges}", counts + 1)]
    Edges {
        /// The number of counts.
        counts: usize,
        /// The number of edges.
        edges: usize,
    },
    /// The edges are not finite or not ascending.
    #[error("the edges of a histogram must ascend; edge number {index} does not")]
    Order {
        /// The index of the first bad edge, from 0.
        index: usize,
    },
    /// The values are too close together to distinguish this many bins.
    #[error("the range from {least} to {greatest} is too narrow for {bins} bins")]
    TooNarrow {
        /// The minimum value.
        least: f64,
        /// The maximum value.
        greatest: f64,
        /// The requested number of bins.
        bins: usize,
    },
    /// The range of the values overflows.
    #[error("the range from {least} to {greatest} is too wide")]
    TooWide {
        /// The minimum value.
        least: f64,
        /// The maximum value.
        greatest: f64,
    },
}

impl Histogram {
    /// The default number of bins, as in the Python SDK.
    pub const DEFAULT_BINS: usize = 64;

    /// The maximum number of bins (`MAX_LENGTH` of the Python SDK's `Histogram`).
    pub const MOST_BINS: usize = 512;

    /// Counts values in 64 bins of equal width, like `numpy.histogram`.
    ///
    /// The bins span from the minimum to the maximum value. Each excludes its upper bound, except the last. Equal
    /// values get a range of width 1 around them; without values the range is 0 to 1.
    ///
    /// # Errors
    /// Fails if a value is not finite, or the values are too close together or too far apart.
    pub fn from_values(values: &[f64]) -> Result<Self, HistogramError> {
        Self::with_bins(values, Self::DEFAULT_BINS)
    }

    /// Counts values in the given number of bins, 1 to 512.
    ///
    /// # Errors
    /// Fails if a value is not finite, the values are too close together or too far apart, or the number of bins is
    /// out of range.
    pub fn with_bins(values: &[f64], bins: usize) -> Result<Self, HistogramError> {
        if !(1..=Self::MOST_BINS).contains(&bins) {
            return Err(HistogramError::Bins { bins });
        }
        if let Some((index, &value)) = values.iter().enumerate().find(|(_, value)| !value.is_finite()) {
            return Err(HistogramError::NotFinite { value, index });
        }
        let (first, last) = range(values);
        let width = last - first;
        if !width.is_finite() {
            return Err(HistogramError::TooWide { least: first, greatest: last });
        }
        let edges = equal_edges(first, last, bins);
        if edges.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(HistogramError::TooNarrow { least: first, greatest: last, bins });
        }
        let mut counts = vec![0; bins];
        for &value in values {
            counts[bin(value, &edges, first, width)] += 1;
        }
        Ok(Self { counts, edges })
    }

    /// Creates a histogram from counts. `edges` are the ascending bounds of the bins, one more than `counts`.
    ///
    /// # Errors
    /// Fails if the numbers do not fit together.
    pub fn from_counts(counts: Vec<u64>, edges: Vec<f64>) -> Result<Self, HistogramError> {
        if !(1..=Self::MOST_BINS).contains(&counts.len()) {
            return Err(HistogramError::Bins { bins: counts.len() });
        }
        if edges.len() != counts.len() + 1 {
            return Err(HistogramError::Edges { counts: counts.len(), edges: edges.len() });
        }
        let is_invalid = |index: &usize| {
            let edge = edges[*index];
            !edge.is_finite() || (*index > 0 && edge < edges[index - 1])
        };
        match (0..edges.len()).find(is_invalid) {
            Some(index) => Err(HistogramError::Order { index }),
            None => Ok(Self { counts, edges }),
        }
    }

    /// The number of values in each bin.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// The bounds of the bins, one more than the number of bins.
    pub fn edges(&self) -> &[f64] {
        &self.edges
    }
}

impl From<Histogram> for Value {
    fn from(histogram: Histogram) -> Self {
        let counts = histogram.counts.into_iter().map(Self::from).collect();
        let edges = histogram.edges.into_iter().map(Self::Float).collect();
        let entries = [
            ("_type", Self::String("histogram".to_owned())),
            ("values", Self::List(counts)),
            ("bins", Self::List(edges)),
        ];
        Self::Map(entries.into_iter().collect::<Map>())
    }
}

fn range(values: &[f64]) -> (f64, f64) {
    let least = values.iter().copied().reduce(f64::min).unwrap_or(0.0);
    let greatest = values.iter().copied().reduce(f64::max).unwrap_or(1.0);
    #[expect(clippy::float_cmp, reason = "only a range of no width at all is widened")]
    if least == greatest { (least - 0.5, greatest + 0.5) } else { (least, greatest) }
}

/// Places the edges like `numpy.linspace`.
#[expect(clippy::cast_precision_loss, reason = "there are few bins")]
fn equal_edges(first: f64, last: f64, bins: usize) -> Vec<f64> {
    let (width, count) = (last - first, bins as f64);
    let step = width / count;
    // If the step underflows to zero, scale last.
    let offset = |index: f64| if step == 0.0 { index / count * width } else { index * step };
    let mut edges: Vec<f64> = (0..bins).map(|index| offset(index as f64) + first).collect();
    edges.push(last);
    edges
}

/// Returns the bin of a value. Corrects the computed bin by its edges, since rounding may be off by one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a bin's number"
)]
fn bin(value: f64, edges: &[f64], first: f64, width: f64) -> usize {
    let bins = edges.len() - 1;
    let computed = (((value - first) / width) * bins as f64) as usize;
    let index = computed.min(bins - 1);
    if value < edges[index] {
        index.saturating_sub(1)
    } else if index != bins - 1 && value >= edges[index + 1] {
        index + 1
    } else {
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Case {
        name: String,
        values: Vec<String>,
        bins: usize,
        /// `None` where `NumPy` raises an error.
        counts: Option<Vec<u64>>,
        edges: Vec<String>,
    }

    fn doubles(bits: &[String]) -> Vec<f64> {
        bits.iter().map(|bits| f64::from_bits(u64::from_str_radix(bits, 16).unwrap())).collect()
    }

    #[test]
    fn counts_and_edges_match_numpy_to_the_bit() {
        let cases: Vec<Case> = serde_json::from_str(include_str!("histogram/numpy.json")).unwrap();
        assert!(cases.len() > 15);
        for case in cases {
            let counted = Histogram::with_bins(&doubles(&case.values), case.bins);
            let Some(counts) = case.counts else {
                assert!(
                    matches!(counted, Err(HistogramError::TooNarrow { .. })),
                    "{}: {counted:?}",
                    case.name
                );
                continue;
            };
            let histogram = counted.unwrap();
            assert_eq!(histogram.counts(), counts, "{}", case.name);
            let bits = |edges: &[f64]| edges.iter().map(|edge| edge.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(histogram.edges()), bits(&doubles(&case.edges)), "{}", case.name);
        }
    }

    #[test]
    fn histogram_json_matches_the_sdk() {
        let histogram = Histogram::from_counts(vec![1, 0], vec![0.0, 0.5, 1.0]).unwrap();
        assert_eq!(
            Value::from(histogram).to_json(),
            r#"{"_type":"histogram","values":[1,0],"bins":[0.0,0.5,1.0]}"#
        );
        assert_eq!(Histogram::from_values(&[1.0]).unwrap().counts().len(), 64);
    }

    #[test]
    fn invalid_input_is_rejected() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let error = Histogram::from_values(&[0.0, value]).unwrap_err();
            assert!(matches!(error, HistogramError::NotFinite { index: 1, .. }), "{error}");
        }
        assert_eq!(Histogram::with_bins(&[], 0).unwrap_err(), HistogramError::Bins { bins: 0 });
        assert_eq!(Histogram::with_bins(&[], 513).unwrap_err(), HistogramError::Bins { bins: 513 });
        let wide = Histogram::from_values(&[f64::MIN, f64::MAX]).unwrap_err();
        assert!(matches!(wide, HistogramError::TooWide { .. }), "{wide}");
        let counts = |counts: usize, edges: &[f64]| {
            Histogram::from_counts(vec![1; counts], edges.to_vec()).unwrap_err()
        };
        assert_eq!(counts(2, &[0.0, 1.0]), HistogramError::Edges { counts: 2, edges: 2 });
        assert_eq!(counts(2, &[0.0, 2.0, 1.0]), HistogramError::Order { index: 2 });
        assert_eq!(counts(1, &[0.0, f64::NAN]), HistogramError::Order { index: 1 });
        assert_eq!(counts(0, &[0.0]), HistogramError::Bins { bins: 0 });
    }
}
