//! The state of a run.

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
    /// Running, with a recent heartbeat.
    Running,
    /// Ended with success.
    Finished,
    /// Ended with an error.
    Failed,
    /// No recent heartbeat.
    Crashed,
    /// Stopped by a user.
    Killed,
    /// About to be preempted.
    Preempting,
    /// Preempted, and may be resumed.
    Preempted,
    /// A state that this version does not know, as sent by the server.
    Other(String),
}

impl RunState {
    /// The server's name of the state.
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

    /// Returns true if the run has ended and stays so unless it is resumed. False for unknown states.
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

/// Serializes as the server's name of the state.
impl Serialize for RunState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_round_trips() {
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
