//! Compares two builds of the program: `cargo xtask bench --before PROGRAM`.
//!
//! Both builds take a turn in each round, in alternating order, so that other load on the machine affects both. The
//! figure is the median of the rounds' ratios, with its confidence interval.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::env::BenchEnv;
use super::report::{Spread, seconds, table};
use super::workload::Workload;

/// A build is slower if even the lower end of the interval exceeds this ratio.
const LIMIT: f64 = 1.05;

/// The confidence level of the interval.
const CONFIDENCE: f64 = 0.95;

/// The times of both builds at one task.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    before: Vec<f64>,
    after: Vec<f64>,
}

/// Measures the parties of a workload that run the program, for all rounds: the limits of a workload are for slower
/// programs. Returns the pairs by label.
pub(super) fn measure(
    env: &mut BenchEnv,
    before: &Path,
    workload: &Workload,
    rounds: usize,
) -> Result<BTreeMap<String, Pairs>> {
    let needed = workload.labels();
    let after = env.programs.export.clone();
    let mut pairs: BTreeMap<String, Pairs> = BTreeMap::new();
    for round in 1..=rounds {
        for party in &workload.parties {
            let is_ours = |label: &String| needed.contains(label) && label.starts_with("ours");
            if party.unavailable.is_some() || !party.labels.iter().any(is_ours) {
                continue;
            }
            println!("  round {round} of {rounds}: {}", party.labels.join(", "));
            for is_before in [round % 2 == 0, round % 2 != 0] {
                env.programs.export = if is_before { before.to_owned() } else { after.clone() };
                let samples = (party.run)(env);
                env.programs.export.clone_from(&after);
                let samples = samples.with_context(|| format!("{} failed", party.labels.join(", ")))?;
                for (label, sample) in samples.into_iter().filter(|(label, _)| is_ours(label)) {
                    let pair = pairs.entry(label).or_default();
                    let times = if is_before { &mut pair.before } else { &mut pair.after };
                    times.push(sample.seconds);
                }
            }
        }
    }
    Ok(pairs)
}

/// Returns a table with a line per task.
pub(super) fn report(pairs: &BTreeMap<String, Pairs>) -> String {
    let header = ["party", "before", "after", "ratio", "95 % interval", "pairs", "within 5 %"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for (label, pair) in pairs {
        let ratios = pair.ratios();
        let (lower, upper) = interval(&ratios);
        rows.push(vec![
            label.clone(),
            seconds(median(&pair.before)),
            seconds(median(&pair.after)),
            format!("{:.3}", median(&ratios)),
            format!("{lower:.3} to {upper:.3}"),
            ratios.len().to_string(),
            if pair.is_slower() { "NO" } else { "yes" }.to_owned(),
        ]);
    }
    table(&rows)
}

impl Pairs {
    /// The time after to the time before, for each round.
    fn ratios(&self) -> Vec<f64> {
        self.after.iter().zip(&self.before).map(|(after, before)| after / before).collect()
    }

    /// Whether the second build is certainly slower than the limit allows.
    pub(super) fn is_slower(&self) -> bool {
        interval(&self.ratios()).0 > LIMIT
    }
}

fn median(figures: &[f64]) -> f64 {
    Spread::of(figures.iter().copied()).map_or(f64::NAN, |spread| spread.median)
}

/// Returns the confidence interval of the median, from the order of the figures alone: the number of figures below the
/// true median has a binomial distribution. Few figures give their whole range.
fn interval(figures: &[f64]) -> (f64, f64) {
    let mut figures = figures.to_vec();
    figures.sort_by(f64::total_cmp);
    let count = u32::try_from(figures.len()).unwrap_or(u32::MAX);
    // The probability that at most `cut` figures are below the median.
    let mut term = 0.5_f64.powf(f64::from(count));
    let (mut below, mut cut) = (term, 0);
    while cut < count / 2 && below <= (1.0 - CONFIDENCE) / 2.0 {
        term *= f64::from(count - cut) / f64::from(cut + 1);
        below += term;
        cut += 1;
    }
    let first = cut.saturating_sub(1) as usize;
    (figures[first], figures[figures.len() - 1 - first])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interval_of_ten_leaves_out_one_at_each_end() {
        let figures: Vec<f64> = (1..=10).map(f64::from).rev().collect();
        assert_eq!(interval(&figures), (2.0, 9.0));
    }

    #[test]
    fn interval_of_few_figures_is_their_range() {
        assert_eq!(interval(&[3.0, 1.0, 2.0]), (1.0, 3.0));
        assert_eq!(interval(&[2.0]), (2.0, 2.0));
    }

    #[test]
    fn interval_of_twenty_leaves_out_five_at_each_end() {
        let figures: Vec<f64> = (1..=20).map(f64::from).collect();
        assert_eq!(interval(&figures), (6.0, 15.0));
    }

    #[test]
    fn one_slow_round_does_not_make_a_build_slower() {
        let before = vec![1.0; 10];
        let mut after = vec![1.02; 10];
        after[3] = 2.0;
        assert!(!Pairs { before: before.clone(), after }.is_slower());
        assert!(Pairs { before, after: vec![1.06; 10] }.is_slower());
    }
}
