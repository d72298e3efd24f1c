//! The maximum number of rows in a sampled answer.

use std::fmt;

/// A number of samples, from 1 to the maximum of a GraphQL `Int`.
///
/// ```
/// use wandb_graphql::Samples;
///
/// assert_eq!(Samples::default().to_string(), "500", "as in the Python SDK");
/// assert_eq!(Samples::new(10_000)?.get(), 10_000);
/// assert!(Samples::new(0).is_err());
/// # Ok::<(), wandb_graphql::SamplesError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Samples(i32);

/// The error for an invalid number of samples.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid number of samples {samples}: must be from 1 to {largest}", largest = i32::MAX)]
pub struct SamplesError {
    samples: u64,
}

impl Samples {
    /// Allows at most `samples` rows.
    pub fn new(samples: u64) -> Result<Self, SamplesError> {
        match i32::try_from(samples) {
            Ok(number) if number > 0 => Ok(Self(number)),
            _ => Err(SamplesError { samples }),
        }
    }

    /// Enough samples for all steps of a window of this width.
    pub(crate) fn enough_for(width: u64) -> Self {
        Self(i32::try_from(width).unwrap_or(i32::MAX).max(1))
    }

    /// The number as a GraphQL `Int`.
    pub const fn get(self) -> i32 {
        self.0
    }
}

/// 500, as in the Python SDK.
impl Default for Samples {
    fn default() -> Self {
        Self(500)
    }
}

impl fmt::Display for Samples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_is_a_positive_graphql_int() {
        assert_eq!(Samples::new(1).unwrap().get(), 1);
        assert_eq!(Samples::new(2_147_483_647).unwrap().get(), i32::MAX);
        for samples in [0, 2_147_483_648, u64::MAX] {
            let error = Samples::new(samples).unwrap_err();
            assert!(error.to_string().ends_with(": must be from 1 to 2147483647"), "{error}");
        }
    }

    #[test]
    fn windows_request_all_their_steps() {
        assert_eq!(Samples::enough_for(1_000).get(), 1_000);
        assert_eq!(Samples::enough_for(0).get(), 1);
        assert_eq!(Samples::enough_for(u64::MAX).get(), i32::MAX);
    }
}
