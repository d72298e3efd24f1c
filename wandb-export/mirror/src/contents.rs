//! The parts of a project that a mirror holds.

use std::fmt;
use std::str::FromStr;

/// A part of a project that a mirror can hold or leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Part {
    /// The runs themselves, with all fields, config and summary.
    Runs,
    /// The rows that the runs logged.
    History,
    /// The system metrics of their machines.
    System,
    /// The files that they saved.
    Files,
    /// Their console output.
    Logs,
    /// The sweeps of the project.
    Sweeps,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 6] =
        [Self::Runs, Self::History, Self::System, Self::Files, Self::Logs, Self::Sweeps];

    /// Returns the name used on the command line and in the manifest.
    pub fn name(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::History => "history",
            Self::System => "system",
            Self::Files => "files",
            Self::Logs => "logs",
            Self::Sweeps => "sweeps",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Part {
    type Err = UnknownPart;

    fn from_str(text: &str) -> Result<Self, UnknownPart> {
        Self::ALL
            .into_iter()
            .find(|part| part.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownPart(text.to_owned()))
    }
}

/// The error for a text that is not the name of a [`Part`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown part {0:?} (choose runs, history, system, files, logs or sweeps)")]
pub struct UnknownPart(String);

/// The set of parts that a mirror holds. The default is all of them.
///
/// ```
/// use wandb_mirror::{Contents, Part};
///
/// let contents = Contents::all().without(Part::Files);
/// assert!(contents.has(Part::History) && !contents.has(Part::Files));
/// assert_eq!(Contents::only([Part::Runs]).parts().count(), 1);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Contents([bool; Part::ALL.len()]);

impl Contents {
    /// Returns the set of all parts.
    pub fn all() -> Self {
        Self([true; Part::ALL.len()])
    }

    /// Returns a set of only these parts.
    pub fn only(parts: impl IntoIterator<Item = Part>) -> Self {
        let mut contents = Self([false; Part::ALL.len()]);
        for part in parts {
            contents.0[part as usize] = true;
        }
        contents
    }

    /// Removes a part from the set.
    #[must_use]
    pub fn without(mut self, part: Part) -> Self {
        self.0[part as usize] = false;
        self
    }

    /// Returns whether the set contains a part.
    pub fn has(self, part: Part) -> bool {
        self.0[part as usize]
    }

    /// Returns the parts in the order of [`Part::ALL`].
    pub fn parts(self) -> impl Iterator<Item = Part> {
        Part::ALL.into_iter().filter(move |part| self.has(*part))
    }
}

impl Default for Contents {
    fn default() -> Self {
        Self::all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_names_parse_back() {
        for part in Part::ALL {
            assert_eq!(part.name().parse::<Part>(), Ok(part));
        }
        assert!("history,files".parse::<Part>().unwrap_err().to_string().contains("choose runs"));
    }
}
