//! Runs the parts of a long task, continues after failures, and prints a summary.

use std::fmt;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::counts::Counts;

/// The outcome of a part.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Everything passed.
    Passed(Counts),
    /// Something failed. The counts are those that are known.
    Failed(Counts),
    /// The part was skipped, for this reason.
    Skipped(String),
}

impl Outcome {
    /// Passed if the command succeeded and no test failed.
    pub(crate) fn of(succeeded: bool, counts: Counts) -> Self {
        if succeeded && counts.failed == 0 { Self::Passed(counts) } else { Self::Failed(counts) }
    }
}

struct Part {
    name: String,
    outcome: Outcome,
    time: Duration,
}

impl Part {
    /// Returns the counts. A failure without a failed test, such as a broken build, counts as one.
    fn counts(&self) -> Counts {
        match self.outcome {
            Outcome::Passed(counts) => counts,
            Outcome::Failed(counts) => Counts { failed: counts.failed.max(1), ..counts },
            Outcome::Skipped(_) => Counts::default(),
        }
    }
}

/// The parts that have been run.
#[derive(Default)]
pub(crate) struct Summary {
    parts: Vec<Part>,
}

impl Summary {
    /// Runs a part. An error is printed and fails the part, but not the parts after it.
    pub(crate) fn part(&mut self, name: &str, task: impl FnOnce() -> Result<Outcome>) {
        println!("\n== {name}");
        let start = Instant::now();
        let outcome = task().unwrap_or_else(|problem| {
            println!("error: {problem:#}");
            Outcome::Failed(Counts::default())
        });
        self.parts.push(Part { name: name.to_owned(), outcome, time: start.elapsed() });
    }

    /// Appends the parts of another summary.
    pub(crate) fn append(&mut self, other: Self) {
        self.parts.extend(other.parts);
    }

    /// Prints the parts and, as the last line, the totals. Fails if any part failed.
    pub(crate) fn finish(&self) -> ExitCode {
        println!("\n{self}");
        let failed = self.parts.iter().any(|part| matches!(part.outcome, Outcome::Failed(_)));
        if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.parts.iter().map(|part| part.name.chars().count()).max().unwrap_or(0);
        let mut sum = Counts::default();
        for part in &self.parts {
            let counts = part.counts();
            sum += counts;
            let (verdict, note) = match &part.outcome {
                Outcome::Passed(_) => ("passed", String::new()),
                Outcome::Failed(_) => ("FAILED", String::new()),
                Outcome::Skipped(reason) => ("skipped", format!("  ({reason})")),
            };
            writeln!(
                formatter,
                "{:width$}  {verdict:7}  {:5} passed  {:3} failed  {:4} skipped  {:7.1} s{note}",
                part.name,
                counts.passed,
                counts.failed,
                counts.skipped,
                part.time.as_secs_f64(),
            )?;
        }
        write!(formatter, "{} passed, {} failed", sum.passed, sum.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passed: u64, failed: u64) -> Counts {
        Counts { passed, failed, skipped: 0 }
    }

    #[test]
    fn parts_continue_after_a_failure() {
        let mut summary = Summary::default();
        summary.part("first", || Ok(Outcome::of(true, counts(3, 0))));
        summary.part("second", || Ok(Outcome::of(false, counts(1, 2))));
        summary.part("third", || anyhow::bail!("cannot start"));
        summary.part("fourth", || Ok(Outcome::Skipped("not wanted".to_owned())));
        summary.part("fifth", || Ok(Outcome::of(true, counts(10, 0))));
        let text = summary.to_string();
        assert_eq!(text.lines().count(), 6, "{text}");
        assert_eq!(text.lines().last(), Some("14 passed, 3 failed"));
        assert!(text.contains("(not wanted)"), "{text}");
        assert_eq!(summary.finish(), ExitCode::FAILURE);
    }

    #[test]
    fn failure_without_tests_counts_as_one() {
        let mut summary = Summary::default();
        summary.part("build", || Ok(Outcome::of(false, Counts::default())));
        assert!(summary.to_string().ends_with("0 passed, 1 failed"));
        assert_eq!(summary.finish(), ExitCode::FAILURE);
    }

    #[test]
    fn failed_test_fails_the_part() {
        assert!(matches!(Outcome::of(true, counts(1, 1)), Outcome::Failed(_)));
    }

    #[test]
    fn skipped_parts_do_not_fail() {
        let mut summary = Summary::default();
        summary.part("only", || Ok(Outcome::Skipped("not wanted".to_owned())));
        assert_eq!(summary.finish(), ExitCode::SUCCESS);
    }
}
