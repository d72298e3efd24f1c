//! What is measured: works, the parties that do them, and the targets, as data.

use std::collections::BTreeSet;

use anyhow::Result;

use super::stage::Stage;

/// One party's turn.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sample {
    /// From the start of its process to its end, unless the party tells better.
    pub(crate) seconds: f64,
    /// The most memory that was resident in its largest process.
    pub(crate) peak_mib: Option<f64>,
    /// Seconds that processors worked for it.
    pub(crate) cpu_seconds: Option<f64>,
    /// Another figure that a target is about.
    pub(crate) value: Option<f64>,
}

/// Samples by the labels that targets name.
pub(crate) type Samples = Vec<(String, Sample)>;

/// Does the work once.
pub(crate) type Turn = Box<dyn Fn(&Stage) -> Result<Samples>>;

/// Whoever does a work.
pub(crate) struct Party {
    /// The labels of its samples.
    pub(crate) makes: Vec<String>,
    /// Why it cannot take part.
    pub(crate) missing: Option<String>,
    /// Where it alone would take too long for more rounds.
    pub(crate) most_rounds: Option<usize>,
    pub(crate) run: Turn,
}

impl Party {
    /// A party with one sample a turn.
    pub(crate) fn new(label: &str, run: impl Fn(&Stage) -> Result<Sample> + 'static) -> Self {
        let name = label.to_owned();
        Self {
            makes: vec![label.to_owned()],
            missing: None,
            most_rounds: None,
            run: Box::new(move |stage| Ok(vec![(name.clone(), run(stage)?)])),
        }
    }

    /// A party with several samples a turn.
    pub(crate) fn of_several(labels: &[&str], run: impl Fn(&Stage) -> Result<Samples> + 'static) -> Self {
        let makes = labels.iter().map(|&label| label.to_owned()).collect();
        Self { makes, missing: None, most_rounds: None, run: Box::new(run) }
    }

    /// Left out if what it needs is not there.
    pub(crate) fn needs(mut self, there: bool, what: &str) -> Self {
        if !there {
            self.missing = Some(format!("{what} is missing"));
        }
        self
    }

    /// Left out of all rounds behind these.
    pub(crate) fn at_most(mut self, rounds: usize) -> Self {
        self.most_rounds = Some(rounds);
        self
    }
}

/// Something that is to be done, with the server it is done with.
pub(crate) struct Work {
    /// Says what it is.
    pub(crate) title: String,
    pub(crate) parties: Vec<Party>,
    pub(crate) rows: Vec<Row>,
    /// Where more rounds would take too long.
    pub(crate) most_rounds: Option<usize>,
}

/// A named part of a work that can be asked for by itself.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) targets: Vec<Target>,
    /// A missed target makes the bench fail.
    pub(crate) is_required: bool,
}

/// What is to be reached.
#[derive(Debug)]
pub(crate) struct Target {
    /// Whose median it is about.
    pub(crate) of: String,
    pub(crate) bound: Bound,
}

/// The bound of a median.
#[derive(Debug)]
pub(crate) enum Bound {
    /// The other takes at least so many times as long.
    FasterThan(String, f64),
    /// It takes at most so many times as long as the other.
    WithinTimes(String, f64),
    /// Told for comparison.
    Beside(String),
    /// Time grows at most with this power of the amount, over these labels and their amounts.
    Growth(Vec<(String, f64)>, f64),
    /// At most so many MiB resident.
    PeakMib(f64),
    /// At most so many MiB more than the other, both in their median round.
    PeakBeyond(String, f64),
    /// Less than so many milliseconds.
    Milliseconds(f64),
    /// The party's own figure, of which the text says what it is, is at most this.
    Figure(&'static str, f64),
    /// The same, and it is at least this.
    AtLeast(&'static str, f64),
    /// The same, told for comparison.
    Told(&'static str),
}

impl Target {
    pub(crate) fn faster(of: &str, than: &str, times: f64) -> Self {
        Self { of: of.to_owned(), bound: Bound::FasterThan(than.to_owned(), times) }
    }

    pub(crate) fn within(of: &str, times: f64, other: &str) -> Self {
        Self { of: of.to_owned(), bound: Bound::WithinTimes(other.to_owned(), times) }
    }

    pub(crate) fn beside(of: &str, other: &str) -> Self {
        Self { of: of.to_owned(), bound: Bound::Beside(other.to_owned()) }
    }

    pub(crate) fn new(of: &str, bound: Bound) -> Self {
        Self { of: of.to_owned(), bound }
    }
}

impl Row {
    pub(crate) fn new(name: &'static str, targets: impl Into<Vec<Target>>) -> Self {
        Self { name, targets: targets.into(), is_required: false }
    }

    /// A row that makes the bench fail if it misses a target.
    pub(crate) fn required(name: &'static str, targets: impl Into<Vec<Target>>) -> Self {
        Self { is_required: true, ..Self::new(name, targets) }
    }

    /// The row that holds both transports against one another.
    pub(crate) fn blocking(labels: &[&str]) -> Self {
        let target = |label: &&str| Target::within(&blocking(label), 1.15, label);
        Self::new("blocking", labels.iter().map(target).collect::<Vec<_>>())
    }
}

/// The label of the same over the other transport.
pub(crate) fn blocking(label: &str) -> String {
    format!("{label}, blocking")
}

impl Work {
    /// The labels that the rows need.
    pub(crate) fn labels(&self) -> BTreeSet<String> {
        let targets = self.rows.iter().flat_map(|row| &row.targets);
        targets.flat_map(|target| [vec![target.of.clone()], target.others()].concat()).collect()
    }
}

impl Target {
    /// With whom it compares.
    pub(crate) fn others(&self) -> Vec<String> {
        match &self.bound {
            Bound::FasterThan(other, _)
            | Bound::WithinTimes(other, _)
            | Bound::Beside(other)
            | Bound::PeakBeyond(other, _) => vec![other.clone()],
            Bound::Growth(points, _) => points.iter().map(|(label, _)| label.clone()).collect(),
            Bound::PeakMib(_)
            | Bound::Milliseconds(_)
            | Bound::Figure(..)
            | Bound::AtLeast(..)
            | Bound::Told(_) => Vec::new(),
        }
    }
}
