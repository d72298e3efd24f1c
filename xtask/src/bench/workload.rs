//! Workloads, the parties that run them, and the targets, as data.

use std::collections::BTreeSet;

use anyhow::Result;

use super::env::BenchEnv;

/// The measurement of a party's turn.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sample {
    /// From the start of the process to its end, unless the party reports a more precise time.
    pub(crate) seconds: f64,
    /// Peak resident memory of its largest process.
    pub(crate) peak_mib: Option<f64>,
    /// CPU time in seconds.
    pub(crate) cpu_seconds: Option<f64>,
    /// Another figure that a target refers to.
    pub(crate) value: Option<f64>,
}

/// Samples with the labels that targets refer to.
pub(crate) type Samples = Vec<(String, Sample)>;

/// Runs the workload once.
pub(crate) type Turn = Box<dyn Fn(&BenchEnv) -> Result<Samples>>;

/// A program that runs the workload.
pub(crate) struct Party {
    /// The labels of its samples.
    pub(crate) labels: Vec<String>,
    /// Why it cannot take part, if so.
    pub(crate) unavailable: Option<String>,
    /// Maximum number of rounds, if more would take too long for this party.
    pub(crate) max_rounds: Option<usize>,
    pub(crate) run: Turn,
}

impl Party {
    /// Creates a party with one sample per turn.
    pub(crate) fn new(label: &str, run: impl Fn(&BenchEnv) -> Result<Sample> + 'static) -> Self {
        let name = label.to_owned();
        Self {
            labels: vec![label.to_owned()],
            unavailable: None,
            max_rounds: None,
            run: Box::new(move |env| Ok(vec![(name.clone(), run(env)?)])),
        }
    }

    /// Creates a party with several samples per turn.
    pub(crate) fn with_samples(
        labels: &[&str],
        run: impl Fn(&BenchEnv) -> Result<Samples> + 'static,
    ) -> Self {
        let labels = labels.iter().map(|&label| label.to_owned()).collect();
        Self { labels, unavailable: None, max_rounds: None, run: Box::new(run) }
    }

    /// Leaves the party out unless `what` is available.
    pub(crate) fn needs(mut self, there: bool, what: &str) -> Self {
        if !there {
            self.unavailable = Some(format!("{what} is missing"));
        }
        self
    }

    /// Leaves the party out after this number of rounds.
    pub(crate) fn at_most(mut self, rounds: usize) -> Self {
        self.max_rounds = Some(rounds);
        self
    }
}

/// A task for all parties, and its targets.
pub(crate) struct Workload {
    /// Description.
    pub(crate) title: String,
    pub(crate) parties: Vec<Party>,
    pub(crate) rows: Vec<Row>,
    /// Maximum number of rounds, if more would take too long.
    pub(crate) max_rounds: Option<usize>,
}

/// A named group of targets that can be selected.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) targets: Vec<Target>,
    /// Whether a missed target fails the bench.
    pub(crate) is_required: bool,
}

/// A goal for the median of a party.
#[derive(Debug)]
pub(crate) struct Target {
    /// Label of the party whose median is judged.
    pub(crate) of: String,
    pub(crate) bound: Bound,
}

/// The bound of a target.
#[derive(Debug)]
pub(crate) enum Bound {
    /// The other party takes at least this many times as long.
    FasterThan(String, f64),
    /// Takes at most this many times as long as the other.
    WithinTimes(String, f64),
    /// No bound; reports the ratio to the other.
    RatioTo(String),
    /// Time grows at most with this exponent of the amount, over these labels and their amounts.
    Growth(Vec<(String, f64)>, f64),
    /// Maximum peak memory in MiB.
    PeakMib(f64),
    /// Maximum peak memory in MiB beyond that of the other, comparing medians.
    PeakBeyond(String, f64),
    /// Takes less than this many milliseconds.
    Milliseconds(f64),
    /// Maximum of the party's own figure, which the text describes.
    Figure(&'static str, f64),
    /// Minimum of the party's own figure.
    AtLeast(&'static str, f64),
    /// No bound; reports the party's own figure.
    Informational(&'static str),
}

impl Target {
    pub(crate) fn faster(of: &str, than: &str, times: f64) -> Self {
        Self { of: of.to_owned(), bound: Bound::FasterThan(than.to_owned(), times) }
    }

    pub(crate) fn within(of: &str, times: f64, other: &str) -> Self {
        Self { of: of.to_owned(), bound: Bound::WithinTimes(other.to_owned(), times) }
    }

    pub(crate) fn ratio_to(of: &str, other: &str) -> Self {
        Self { of: of.to_owned(), bound: Bound::RatioTo(other.to_owned()) }
    }

    pub(crate) fn new(of: &str, bound: Bound) -> Self {
        Self { of: of.to_owned(), bound }
    }
}

impl Row {
    pub(crate) fn new(name: &'static str, targets: impl Into<Vec<Target>>) -> Self {
        Self { name, targets: targets.into(), is_required: false }
    }

    /// A row that fails the bench if it misses a target.
    pub(crate) fn required(name: &'static str, targets: impl Into<Vec<Target>>) -> Self {
        Self { is_required: true, ..Self::new(name, targets) }
    }

    /// The row that compares both transports.
    pub(crate) fn blocking(labels: &[&str]) -> Self {
        let target = |label: &&str| Target::within(&blocking(label), 1.15, label);
        Self::new("blocking", labels.iter().map(target).collect::<Vec<_>>())
    }
}

/// Returns the label of the same party over the blocking transport.
pub(crate) fn blocking(label: &str) -> String {
    format!("{label}, blocking")
}

impl Workload {
    /// Returns the labels that the rows need.
    pub(crate) fn labels(&self) -> BTreeSet<String> {
        let targets = self.rows.iter().flat_map(|row| &row.targets);
        targets.flat_map(|target| [vec![target.of.clone()], target.compared_labels()].concat()).collect()
    }
}

impl Target {
    /// Returns the labels that it compares with.
    pub(crate) fn compared_labels(&self) -> Vec<String> {
        match &self.bound {
            Bound::FasterThan(other, _)
            | Bound::WithinTimes(other, _)
            | Bound::RatioTo(other)
            | Bound::PeakBeyond(other, _) => vec![other.clone()],
            Bound::Growth(points, _) => points.iter().map(|(label, _)| label.clone()).collect(),
            Bound::PeakMib(_)
            | Bound::Milliseconds(_)
            | Bound::Figure(..)
            | Bound::AtLeast(..)
            | Bound::Informational(_) => Vec::new(),
        }
    }
}
