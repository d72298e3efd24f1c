//! The sources of a run's data.

use super::session::Session;
#[cfg(feature = "mirror")]
use crate::mirror::MirroredRun;

/// The source of a run's data.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// Files that the SDK wrote, oldest session first.
    Sessions(Vec<Session>),
    /// The mirror of a project.
    #[cfg(feature = "mirror")]
    Mirrored(MirroredRun),
}

impl Source {
    /// Returns the sessions, or none for a mirror.
    pub(super) fn sessions(&self) -> &[Session] {
        match self {
            Self::Sessions(sessions) => sessions,
            #[cfg(feature = "mirror")]
            Self::Mirrored(_) => &[],
        }
    }

    /// Shifts the steps of the sessions.
    pub(super) fn shift(&mut self, by: i64) {
        match self {
            Self::Sessions(sessions) => {
                for session in sessions {
                    session.shift = by;
                    session.steps = session
                        .steps
                        .map(|(first, last)| (first.saturating_add(by), last.saturating_add(by)));
                }
            }
            #[cfg(feature = "mirror")]
            Self::Mirrored(_) => {}
        }
    }

    /// Adds later sessions.
    pub(super) fn go_on(&mut self, later: Self) {
        match (self, later) {
            (Self::Sessions(sessions), Self::Sessions(later)) => sessions.extend(later),
            #[cfg(feature = "mirror")]
            (own, later) => *own = later,
        }
    }
}
