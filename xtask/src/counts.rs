//! Counts tests in the output of their runners.

use std::ops::AddAssign;

/// Test counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Tests that passed.
    pub(crate) passed: u64,
    /// Tests that failed.
    pub(crate) failed: u64,
    /// Tests that were ignored or not selected.
    pub(crate) skipped: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl Counts {
    /// Adds up every line `test result: ok. 3 passed; 0 failed; 1 ignored; …` of `cargo test`.
    pub(crate) fn of_cargo_test(output: &str) -> Self {
        let mut sum = Self::default();
        for line in output.lines() {
            // A test's own output may precede the words on the line, and the verdict may be coloured.
            let Some((_, result)) = line.split_once("test result: ") else { continue };
            sum += Self {
                passed: before(result, "passed"),
                failed: before(result, "failed"),
                skipped: before(result, "ignored"),
            };
        }
        sum
    }

    /// Parses the last summary line of nextest:
    /// `Summary [ 1.2s] 9 tests run: 7 passed (1 slow), 1 failed, 1 timed out, 3 skipped`.
    ///
    /// Tests that did not pass count as failed, also those that an interrupted run never started (`5/9 tests run`).
    pub(crate) fn of_nextest(output: &str) -> Option<Self> {
        let mut lines = output.lines().rev();
        let (run, result) =
            lines.find_map(|line| line.split_once("run: ").filter(|_| line.contains("Summary [")))?;
        let run: u64 = run.split_whitespace().rev().nth(1)?.rsplit('/').next()?.parse().ok()?;
        let passed = before(result, "passed");
        Some(Self { passed, failed: run.checked_sub(passed)?, skipped: before(result, "skipped") })
    }

    /// Parses the last line of the form `3 passed, 0 failed` of the Python scripts.
    pub(crate) fn of_script(output: &str) -> Self {
        let last = output.lines().rev().find(|line| line.ends_with(" failed") && line.contains(" passed, "));
        let line = last.unwrap_or_default();
        Self { passed: before(line, "passed"), failed: before(line, "failed"), skipped: 0 }
    }
}

/// Returns the number before a word, or 0.
fn before(line: &str, word: &str) -> u64 {
    let words: Vec<_> = line.split([' ', ',', ';']).filter(|word| !word.is_empty()).collect();
    let number = words.windows(2).find(|pair| pair[1] == word).and_then(|pair| pair[0].parse().ok());
    number.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_test_result_lines_are_summed() {
        let output = "\
running 2 tests
test a ... ok
test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.00s
noise without a line end test result: \u{1b}[31mFAILED\u{1b}[m. 4 passed; 2 failed; 0 ignored; 0 measured
   Doc-tests wandb_core
test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.21s
";
        assert_eq!(Counts::of_cargo_test(output), Counts { passed: 17, failed: 2, skipped: 1 });
    }

    #[test]
    fn nextest_counts_unfinished_tests_as_failed() {
        let counts = |line: &str| {
            let counts =
                Counts::of_nextest(&format!("PASS a b\n     Summary [   1.2s] {line}\n    FAIL c\n"))?;
            Some((counts.passed, counts.failed, counts.skipped))
        };
        assert_eq!(counts("2200 tests run: 2200 passed (3 slow), 2 skipped"), Some((2200, 0, 2)));
        assert_eq!(counts("1 test run: 1 passed, 0 skipped"), Some((1, 0, 0)));
        assert_eq!(
            counts("7 tests run: 4 passed, 2 failed (1 due to being leaky), 1 timed out, 0 skipped"),
            Some((4, 3, 0))
        );
        assert_eq!(counts("5/9 tests run: 4 passed, 1 exec failed, 0 skipped"), Some((4, 5, 0)));
        assert_eq!(counts("nothing"), None);
    }

    #[test]
    fn last_line_of_a_script_is_counted() {
        let output = "10 passed, 1 failed\nmore\n251 passed, 3 failed\n";
        assert_eq!(Counts::of_script(output), Counts { passed: 251, failed: 3, skipped: 0 });
        assert_eq!(Counts::of_script("Traceback"), Counts::default());
    }
}
