use std::ops::{Add, Sub};
use std::time::Duration;

/// A point in time on a transport's clock, relative to an origin chosen by the transport.
///
/// This crate never reads a system clock; it uses the clock of the transport, which a simulation may set freely.
///
/// ```
/// use std::time::Duration;
/// use wandb_core::transport::Moment;
///
/// let start = Moment::ORIGIN + Duration::from_secs(3);
/// assert_eq!((start + Duration::from_secs(2)) - start, Duration::from_secs(2));
/// assert_eq!(start - (start + Duration::from_secs(2)), Duration::ZERO, "a clock set back never underflows");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Moment(Duration);

impl Moment {
    /// The origin of the clock.
    pub const ORIGIN: Self = Self(Duration::ZERO);

    /// Creates the moment `since_origin` after the clock's origin.
    pub const fn new(since_origin: Duration) -> Self {
        Self(since_origin)
    }

    /// The time since the clock's origin.
    pub const fn since_origin(self) -> Duration {
        self.0
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }
}

impl Sub for Moment {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}
