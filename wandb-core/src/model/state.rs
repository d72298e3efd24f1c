//! What a run is doing.

use std::fmt;

use serde::ser::{Serialize, Serializer};

/// The state of a run (`Run.state`).
///
/// ```
/// use wandb_core::model::RunState;
///
/// assert_eq!(RunState::from("crashed"), RunState::Crashed);
/// assert!(RunState::Crashed.is_over() && !RunState::Running.is_over());
/// assert_eq!(RunState::from("paused").to_string(), "paused", "states of newer servers are kept");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RunState {
    /// Scheduled, but not yet started.
    Pending,
    /// Running, and heard of lately.
    Running,
    /// Ended with success.
    Finished,
    /// Ended with an error.
    Failed,
    /// Not heard of any more.
    Crashed,
    /// Stopped by someone.
    Killed,
    /// About to be preempted.
    Preempting,
    /// Preempted, and perhaps to be resumed.
    Preempted,
    /// A state that this version does not know, as the server writes it.
    Other(String),
}

impl RunState {
    /// The state as the server writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Crashed => "crashed",
            Self::Killed => "killed",
            Self::Preempting => "preempting",
            Self::Preempted => "preempted",
            Self::Other(state) => state,
        }
    }

    /// Whether the run has ended for good, unless someone resumes it. `false` for a state that is not known.
    pub fn is_over(&self) -> bool {
        match self {
            Self::Finished | Self::Failed | Self::Crashed | Self::Killed => true,
            Self::Pending | Self::Running | Self::Preempting | Self::Preempted | Self::Other(_) => false,
        }
    }
}

impl From<&str> for RunState {
    fn from(state: &str) -> Self {
        match state {
            "pending" => Self::Pending,
            "running" => Self::Running,
            "finished" => Self::Finished,
            "failed" => Self::Failed,
            "crashed" => Self::Crashed,
            "killed" => Self::Killed,
            "preempting" => Self::Preempting,
            "preempted" => Self::Preempted,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// As the server writes it.
impl Serialize for RunState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_read_and_written_alike() {
        let texts = [
            "pending",
            "running",
            "finished",
            "failed",
            "crashed",
            "killed",
            "preempting",
            "preempted",
            "",
            "Finished",
        ];
        for text in texts {
            let state = RunState::from(text);
            assert_eq!(state.as_str(), text);
            assert_eq!(serde_json::to_value(&state).unwrap(), text);
            let known = !matches!(state, RunState::Other(_));
            assert_eq!(known, text.starts_with(char::is_lowercase), "{text}");
        }
    }
}
