//! The figures: medians, verdicts, tables, JSON, and the document.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::machine::Facts;
use super::work::{Bound, Row, Sample, Samples, Target, Work};

/// A work that is done.
#[derive(Debug)]
pub(crate) struct Measured {
    title: String,
    /// In the order in which parties first had their turn.
    labels: Vec<String>,
    samples: BTreeMap<String, Vec<Sample>>,
    left_out: BTreeMap<String, String>,
    pub(crate) verdicts: Vec<Verdict>,
}

/// Whether a target was met.
#[derive(Debug)]
pub(crate) struct Verdict {
    row: &'static str,
    target: String,
    found: String,
    pub(crate) met: bool,
    /// No bound, only told.
    told: bool,
    /// The bench fails if it is not met.
    pub(crate) is_required: bool,
}

impl Measured {
    pub(crate) fn new(work: &Work) -> Self {
        Self {
            title: work.title.clone(),
            labels: Vec::new(),
            samples: BTreeMap::new(),
            left_out: BTreeMap::new(),
            verdicts: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, samples: Samples) {
        for (label, sample) in samples {
            if !self.labels.contains(&label) {
                self.labels.push(label.clone());
            }
            self.samples.entry(label).or_default().push(sample);
        }
    }

    pub(crate) fn leave_out(&mut self, labels: &[String], why: &str) {
        self.left_out.extend(labels.iter().map(|label| (label.clone(), why.to_owned())));
    }

    /// Holds the medians against the targets of the rows.
    pub(crate) fn judge(&mut self, work: &Work) {
        for row in &work.rows {
            let verdicts = row.targets.iter().filter_map(|target| self.verdict(row, target));
            let verdicts: Vec<Verdict> = verdicts.collect();
            self.verdicts.extend(verdicts);
        }
    }

    /// How many targets were missed that must be met.
    pub(crate) fn missed_required(&self) -> usize {
        self.verdicts.iter().filter(|verdict| verdict.is_required && !verdict.met).count()
    }

    fn median_of(&self, label: &str, figure: impl Fn(&Sample) -> Option<f64>) -> Option<f64> {
        Some(Spread::of(self.samples.get(label)?.iter().filter_map(figure))?.median)
    }

    /// Nothing where a party was left out.
    fn verdict(&self, row: &Row, target: &Target) -> Option<Verdict> {
        let seconds = |label: &str| self.median_of(label, |sample| Some(sample.seconds));
        let (of, own) = (&target.of, seconds(&target.of)?);
        let (name, is_required) = (row.name, row.is_required);
        let verdict = |target: String, found: String, met: bool| Verdict {
            row: name,
            target,
            found,
            met,
            told: false,
            is_required,
        };
        Some(match &target.bound {
            Bound::FasterThan(other, times) => {
                let found = seconds(other)? / own;
                verdict(
                    format!("{of}: {times} × as fast as {other}"),
                    format!("{found:.2} ×"),
                    found >= *times,
                )
            }
            Bound::WithinTimes(other, times) => {
                let found = own / seconds(other)?;
                verdict(format!("{of}: at most {times} × {other}"), format!("{found:.2} ×"), found <= *times)
            }
            Bound::Beside(other) => {
                let found = own / seconds(other)?;
                Verdict {
                    told: true,
                    ..verdict(format!("{of}, beside {other}"), format!("{found:.2} ×"), true)
                }
            }
            Bound::Growth(points, most) => {
                let points: Option<Vec<(f64, f64)>> =
                    points.iter().map(|(label, amount)| Some((*amount, seconds(label)?))).collect();
                let found = exponent(&points?)?;
                verdict(
                    format!("{of}: time grows at most with the power {most}"),
                    format!("{found:.2}"),
                    found <= *most,
                )
            }
            Bound::PeakMib(most) => {
                let peaks = self.samples.get(of)?.iter().filter_map(|sample| sample.peak_mib);
                let found = Spread::of(peaks)?.max;
                verdict(format!("{of}: at most {most} MiB"), format!("{found:.1} MiB"), found <= *most)
            }
            Bound::PeakBeyond(other, most) => {
                let peak = |label: &str| self.median_of(label, |sample| sample.peak_mib);
                let found = peak(of)? - peak(other)?;
                verdict(
                    format!("{of}: at most {most} MiB beyond {other}"),
                    format!("{found:.1} MiB"),
                    found <= *most,
                )
            }
            Bound::Milliseconds(most) => {
                let found = own * 1e3;
                verdict(format!("{of}: below {most} ms"), format!("{found:.2} ms"), found < *most)
            }
            Bound::Figure(what, most) => {
                let figures = self.samples.get(of)?.iter().filter_map(|sample| sample.value);
                let found = Spread::of(figures)?.max;
                verdict(format!("{of}: {what}: at most {most}"), format!("{found:.2}"), found <= *most)
            }
            Bound::AtLeast(what, least) => {
                let figures = self.samples.get(of)?.iter().filter_map(|sample| sample.value);
                let found = Spread::of(figures)?.min;
                verdict(format!("{of}: {what}: at least {least}"), format!("{found:.2}"), found >= *least)
            }
            Bound::Told(what) => {
                let figures = self.samples.get(of)?.iter().filter_map(|sample| sample.value);
                let found = Spread::of(figures)?.median;
                Verdict { told: true, ..verdict(format!("{of}: {what}"), format!("{found:.0}"), true) }
            }
        })
    }
}

/// How figures spread.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Spread {
    median: f64,
    min: f64,
    max: f64,
}

impl Spread {
    fn of(figures: impl Iterator<Item = f64>) -> Option<Self> {
        let mut figures: Vec<f64> = figures.collect();
        figures.sort_by(f64::total_cmp);
        let (min, max) = (*figures.first()?, *figures.last()?);
        let middle = figures.len() / 2;
        let median = if figures.len() % 2 == 1 {
            figures[middle]
        } else {
            f64::midpoint(figures[middle - 1], figures[middle])
        };
        Some(Self { median, min, max })
    }
}

/// The power of the amount with which a figure grows: the slope of a straight line through the logarithms, by least
/// squares. Returns `None` if all amounts are the same.
fn exponent(points: &[(f64, f64)]) -> Option<f64> {
    let logs: Vec<(f64, f64)> = points.iter().map(|(amount, figure)| (amount.ln(), figure.ln())).collect();
    let count: f64 = logs.iter().map(|_| 1.0).sum();
    let mean = |of: fn(&(f64, f64)) -> f64| logs.iter().map(of).sum::<f64>() / count;
    let (amount, figure) = (mean(|point| point.0), mean(|point| point.1));
    let together: f64 = logs.iter().map(|point| (point.0 - amount) * (point.1 - figure)).sum();
    let spread: f64 = logs.iter().map(|point| (point.0 - amount).powi(2)).sum();
    (spread > 0.0).then(|| together / spread)
}

/// Seconds with as many digits as mean something.
fn seconds(value: f64) -> String {
    if value < 0.1 { format!("{:.2} ms", value * 1e3) } else { format!("{value:.3} s") }
}

/// The works as Markdown, which is also good to read as it is.
pub(crate) fn tables(works: &[Measured]) -> String {
    let mut text = String::new();
    for work in works {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "\n### {}\n", upper(&work.title));
        let mut rows =
            vec![["party", "median", "min", "max", "CPU", "peak MiB", "runs"].map(str::to_owned).to_vec()];
        for label in &work.labels {
            let samples = &work.samples[label];
            let Some(time) = Spread::of(samples.iter().map(|sample| sample.seconds)) else { continue };
            let dash = || "–".to_owned();
            let cpu = work.median_of(label, |sample| sample.cpu_seconds).map_or_else(dash, seconds);
            let peak = Spread::of(samples.iter().filter_map(|sample| sample.peak_mib));
            let peak = peak.map_or_else(dash, |peak| format!("{:.1}", peak.max));
            let mut row = vec![label.clone()];
            row.extend([time.median, time.min, time.max].map(seconds));
            row.extend([cpu, peak, samples.len().to_string()]);
            rows.push(row);
        }
        for (label, why) in &work.left_out {
            rows.push(vec![label.clone(), why.clone()]);
        }
        text.push_str(&table(&rows));
        let mut rows = vec![["row", "target", "found", "met"].map(str::to_owned).to_vec()];
        for verdict in &work.verdicts {
            let met = if verdict.told {
                "–"
            } else if verdict.met {
                "yes"
            } else {
                "NO"
            };
            let cells = [verdict.row, &verdict.target, &verdict.found, met];
            rows.push(cells.map(str::to_owned).to_vec());
        }
        text.push('\n');
        text.push_str(&table(&rows));
    }
    text
}

fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let cell = |row: &Vec<String>, at: usize| row.get(at).cloned().unwrap_or_default();
    let widths: Vec<usize> = (0..columns)
        .map(|at| rows.iter().map(|row| cell(row, at).chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate() {
        for (at, width) in widths.iter().enumerate() {
            let _ = write!(text, "| {:<width$} ", cell(row, at));
        }
        text.push_str("|\n");
        if number == 0 {
            for width in &widths {
                let _ = write!(text, "|{}", "-".repeat(width + 2));
            }
            text.push_str("|\n");
        }
    }
    text
}

fn upper(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// Everything, for programs.
pub(crate) fn json(works: &[Measured], machine: &Facts, quick: bool) -> Value {
    let work = |work: &Measured| {
        let parties: Vec<Value> = work
            .labels
            .iter()
            .map(|label| {
                let samples = work.samples[label].iter().map(|sample| {
                    json!({
                        "seconds": sample.seconds, "cpu_seconds": sample.cpu_seconds,
                        "peak_mib": sample.peak_mib, "value": sample.value,
                    })
                });
                json!({ "party": label, "samples": samples.collect::<Vec<_>>() })
            })
            .collect();
        let targets: Vec<Value> = work
            .verdicts
            .iter()
            .map(|verdict| {
                json!({
                    "row": verdict.row, "target": verdict.target, "found": verdict.found, "met": verdict.met,
                })
            })
            .collect();
        json!({ "work": work.title, "parties": parties, "targets": targets, "left_out": work.left_out })
    };
    let machine: serde_json::Map<String, Value> =
        machine.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    json!({ "quick": quick, "machine": machine, "works": works.iter().map(work).collect::<Vec<_>>() })
}

/// What limits the works and what was tried, written by hand.
const LIMITS: &str = include_str!("../../bench/limits.md");

/// What a full run leaves to be read.
pub(crate) fn document(works: &[Measured], machine: &Facts) -> String {
    let mut text = "# Performance\n\n\
                    `cargo xtask bench` writes this document and measures everything in it. The server\n\
                    runs on the same machine, in a separate process that is not counted. The programs take\n\
                    turns. Times are from the start of a process to its end; for the SDK, from its first\n\
                    line to the end of the named part. The peak is that of a program's largest process.\n\
                    The output of each program is checked for its number of rows and a sum.\n\n"
        .to_owned();
    let rows = machine.iter().map(|(name, value)| vec![name.clone(), value.clone()]);
    let rows: Vec<Vec<String>> =
        std::iter::once(vec!["measured on".to_owned(), String::new()]).chain(rows).collect();
    text.push_str(&table(&rows));
    text.push_str(&tables(works));
    text.push('\n');
    text.push_str(LIMITS);
    text
}

/// The document with these works measured anew, each with the day; the rest stays as it is.
pub(crate) fn with_works(document: &str, works: &[Measured], machine: &Facts) -> String {
    let (measured, limits) = document.split_at(document.find("\n## ").map_or(document.len(), |at| at + 1));
    let mut sections = measured.split_inclusive("\n### ").peekable();
    let mut text = sections.next().unwrap_or_default().trim_end_matches("### ").trim_end().to_owned();
    let mut left: Vec<&Measured> = works.iter().collect();
    let anew = |work: &Measured| {
        let table = tables(std::slice::from_ref(work));
        let (title, rest) = table.trim_start().split_once('\n').unwrap_or((&table, ""));
        let date = machine.iter().find(|(name, _)| name == "date").map_or("", |(_, date)| date);
        format!("\n\n{title}\n\nMeasured on {date}.\n{}", rest.trim_end())
    };
    for section in sections {
        let section = section.trim_end_matches("### ").trim_end();
        let title = section.lines().next().unwrap_or_default();
        match left.iter().position(|work| upper(&work.title) == title) {
            Some(at) => text.push_str(&anew(left.remove(at))),
            None => text.extend(["\n\n### ", section]),
        }
    }
    for work in left {
        text.push_str(&anew(work));
    }
    format!("{text}\n\n{limits}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_works_replace_their_sections() {
        let document = "# Performance\n\n### A\n\nold\n\n### B\n\nkept\n\n## Limits\n\n### C\n\nkept, too\n";
        let measured = |title: &str| {
            let work =
                Work { title: title.to_owned(), parties: Vec::new(), rows: Vec::new(), most_rounds: None };
            Measured::new(&work)
        };
        let machine = vec![("date".to_owned(), "2026-01-02".to_owned())];
        let found = with_works(document, &[measured("new"), measured("a")], &machine);
        let headings: Vec<_> = found.lines().filter(|line| line.starts_with('#')).collect();
        assert_eq!(headings, ["# Performance", "### A", "### B", "### New", "## Limits", "### C"]);
        assert!(
            !found.contains("old") && found.contains("\nkept\n") && found.contains("\nkept, too\n"),
            "{found}"
        );
        assert_eq!(found.matches("Measured on 2026-01-02.").count(), 2);
        assert_eq!(with_works(&found, &[measured("new"), measured("a")], &machine), found, "once is enough");
    }

    fn spread(figures: &[f64]) -> Option<Spread> {
        Spread::of(figures.iter().copied())
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(spread(&[3.0, 1.0, 9.0]), Some(Spread { median: 3.0, min: 1.0, max: 9.0 }));
        assert_eq!(spread(&[4.0, 1.0]), Some(Spread { median: 2.5, min: 1.0, max: 4.0 }));
        assert_eq!(spread(&[]), None);
    }

    #[test]
    fn growth_is_the_slope_of_logarithms() {
        let squares = [(1.0, 3.0), (2.0, 12.0), (4.0, 48.0), (8.0, 192.0)];
        assert!((exponent(&squares).unwrap() - 2.0).abs() < 1e-12);
        let flat = [(1.0, 5.0), (2.0, 5.0), (4.0, 5.0)];
        assert!(exponent(&flat).unwrap().abs() < 1e-12);
        assert_eq!(exponent(&[(2.0, 1.0), (2.0, 3.0)]), None);
    }

    #[test]
    fn missed_targets_of_required_rows_count() {
        let points = |power: f64| vec![("a".to_owned(), 1.0), ("b".to_owned(), 4.0_f64.powf(1.0 / power))];
        let work = |row: fn(&'static str, Vec<Target>) -> Row| Work {
            title: "work".to_owned(),
            parties: Vec::new(),
            rows: vec![row(
                "row",
                [1.0, 2.0].map(|power| Target::new("a", Bound::Growth(points(power), 1.15))).into(),
            )],
            most_rounds: None,
        };
        for (work, missed) in [(work(Row::required), 1), (work(Row::new), 0)] {
            let mut measured = Measured::new(&work);
            for (label, seconds) in [("a", 1.0), ("b", 4.0)] {
                measured.add(vec![(label.to_owned(), Sample { seconds, ..Sample::default() })]);
            }
            measured.judge(&work);
            assert_eq!(
                measured.verdicts.iter().map(|verdict| verdict.met).collect::<Vec<_>>(),
                [true, false]
            );
            assert_eq!(measured.missed_required(), missed);
        }
    }

    #[test]
    fn medians_are_held_against_targets() {
        let targets = [
            Target::faster("a", "b", 4.0),
            Target::faster("a", "b", 5.0),
            Target::within("b", 4.0, "a"),
            Target::beside("a", "b"),
            Target::new("a", Bound::PeakMib(7.0)),
            Target::new("a", Bound::Milliseconds(1000.0)),
            Target::new("a", Bound::Figure("requests", 3.0)),
            Target::new("a", Bound::PeakBeyond("b".to_owned(), 0.5)),
            Target::new("a", Bound::PeakBeyond("b".to_owned(), 0.4)),
            Target::faster("a", "left out", 1.0),
        ];
        let work = Work {
            title: "work".to_owned(),
            parties: Vec::new(),
            rows: vec![Row::new("row", targets)],
            most_rounds: None,
        };
        let mut measured = Measured::new(&work);
        for (seconds, value) in [(1.0, 3.0), (0.5, 2.0), (9.0, 4.0)] {
            let own = Sample { seconds, peak_mib: Some(seconds), value: Some(value), cpu_seconds: None };
            measured.add(vec![("a".to_owned(), own)]);
        }
        let other = Sample { seconds: 4.0, peak_mib: Some(0.5), ..Sample::default() };
        measured.add(vec![("b".to_owned(), other)]);
        measured.judge(&work);
        let met: Vec<bool> = measured.verdicts.iter().map(|verdict| verdict.met).collect();
        assert_eq!(met, [true, false, true, true, false, false, false, true, false]);
        assert_eq!(measured.verdicts[0].found, "4.00 ×");
        let text = tables(&[measured]);
        assert!(text.contains("| a     | 1.000 s | 0.500 s | 9.000 s |"), "{text}");
    }
}
