//! Reports the figures: medians, verdicts, tables, JSON, and the document.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::machine::Facts;
use super::workload::{Bound, Row, Sample, Samples, Target, Workload};

/// The samples and verdicts of a workload.
#[derive(Debug)]
pub(crate) struct WorkloadResult {
    title: String,
    /// In the order of their first turns.
    labels: Vec<String>,
    samples: BTreeMap<String, Vec<Sample>>,
    left_out: BTreeMap<String, String>,
    pub(crate) verdicts: Vec<Verdict>,
}

/// The verdict on a target.
#[derive(Debug)]
pub(crate) struct Verdict {
    row: &'static str,
    target: String,
    found: String,
    pub(crate) met: bool,
    /// Has no bound, and is only reported.
    is_informational: bool,
    /// The bench fails if the target is missed.
    pub(crate) is_required: bool,
}

impl WorkloadResult {
    pub(crate) fn new(workload: &Workload) -> Self {
        Self {
            title: workload.title.clone(),
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

    /// Compares the medians with the targets of the rows.
    pub(crate) fn judge(&mut self, workload: &Workload) {
        for row in &workload.rows {
            let verdicts = row.targets.iter().filter_map(|target| self.verdict(row, target));
            let verdicts: Vec<Verdict> = verdicts.collect();
            self.verdicts.extend(verdicts);
        }
    }

    /// Number of required targets that were missed.
    pub(crate) fn missed_required(&self) -> usize {
        self.verdicts.iter().filter(|verdict| verdict.is_required && !verdict.met).count()
    }

    fn median_of(&self, label: &str, figure: impl Fn(&Sample) -> Option<f64>) -> Option<f64> {
        Some(Spread::of(self.samples.get(label)?.iter().filter_map(figure))?.median)
    }

    /// Returns `None` if a party was left out.
    fn verdict(&self, row: &Row, target: &Target) -> Option<Verdict> {
        let seconds = |label: &str| self.median_of(label, |sample| Some(sample.seconds));
        let (of, own) = (&target.of, seconds(&target.of)?);
        let (name, is_required) = (row.name, row.is_required);
        let verdict = |target: String, found: String, met: bool| Verdict {
            row: name,
            target,
            found,
            met,
            is_informational: false,
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
            Bound::RatioTo(other) => {
                let found = own / seconds(other)?;
                Verdict {
                    is_informational: true,
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
            Bound::Informational(what) => {
                let figures = self.samples.get(of)?.iter().filter_map(|sample| sample.value);
                let found = Spread::of(figures)?.median;
                Verdict {
                    is_informational: true,
                    ..verdict(format!("{of}: {what}"), format!("{found:.0}"), true)
                }
            }
        })
    }
}

/// Median, minimum and maximum of figures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    pub(super) median: f64,
    min: f64,
    max: f64,
}

impl Spread {
    /// Returns `None` without figures.
    pub(super) fn of(figures: impl Iterator<Item = f64>) -> Option<Self> {
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

/// Returns the exponent with which a figure grows with the amount: the slope of a least-squares line through the
/// logarithms. Returns `None` if all amounts are equal.
fn exponent(points: &[(f64, f64)]) -> Option<f64> {
    let logs: Vec<(f64, f64)> = points.iter().map(|(amount, figure)| (amount.ln(), figure.ln())).collect();
    let count: f64 = logs.iter().map(|_| 1.0).sum();
    let mean = |of: fn(&(f64, f64)) -> f64| logs.iter().map(of).sum::<f64>() / count;
    let (amount, figure) = (mean(|point| point.0), mean(|point| point.1));
    let together: f64 = logs.iter().map(|point| (point.0 - amount) * (point.1 - figure)).sum();
    let spread: f64 = logs.iter().map(|point| (point.0 - amount).powi(2)).sum();
    (spread > 0.0).then(|| together / spread)
}

/// Formats seconds with the significant digits.
pub(super) fn seconds(value: f64) -> String {
    if value < 0.1 { format!("{:.2} ms", value * 1e3) } else { format!("{value:.3} s") }
}

/// Formats the workloads as Markdown tables, aligned to be readable as plain text.
pub(crate) fn tables(workloads: &[WorkloadResult]) -> String {
    let mut text = String::new();
    for workload in workloads {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "\n### {}\n", capitalize(&workload.title));
        let mut rows =
            vec![["party", "median", "min", "max", "CPU", "peak MiB", "runs"].map(str::to_owned).to_vec()];
        for label in &workload.labels {
            let samples = &workload.samples[label];
            let Some(time) = Spread::of(samples.iter().map(|sample| sample.seconds)) else { continue };
            let dash = || "–".to_owned();
            let cpu = workload.median_of(label, |sample| sample.cpu_seconds).map_or_else(dash, seconds);
            let peak = Spread::of(samples.iter().filter_map(|sample| sample.peak_mib));
            let peak = peak.map_or_else(dash, |peak| format!("{:.1}", peak.max));
            let mut row = vec![label.clone()];
            row.extend([time.median, time.min, time.max].map(seconds));
            row.extend([cpu, peak, samples.len().to_string()]);
            rows.push(row);
        }
        for (label, why) in &workload.left_out {
            rows.push(vec![label.clone(), why.clone()]);
        }
        text.push_str(&table(&rows));
        let mut rows = vec![["row", "target", "found", "met"].map(str::to_owned).to_vec()];
        for verdict in &workload.verdicts {
            let met = if verdict.is_informational {
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

pub(super) fn table(rows: &[Vec<String>]) -> String {
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

fn capitalize(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// Returns all results as JSON.
pub(crate) fn json(workloads: &[WorkloadResult], machine: &Facts, quick: bool) -> Value {
    let workload = |workload: &WorkloadResult| {
        let parties: Vec<Value> = workload
            .labels
            .iter()
            .map(|label| {
                let samples = workload.samples[label].iter().map(|sample| {
                    json!({
                        "seconds": sample.seconds, "cpu_seconds": sample.cpu_seconds,
                        "peak_mib": sample.peak_mib, "value": sample.value,
                    })
                });
                json!({ "party": label, "samples": samples.collect::<Vec<_>>() })
            })
            .collect();
        let targets: Vec<Value> = workload
            .verdicts
            .iter()
            .map(|verdict| {
                json!({
                    "row": verdict.row, "target": verdict.target, "found": verdict.found, "met": verdict.met,
                })
            })
            .collect();
        json!({ "work": workload.title, "parties": parties, "targets": targets, "left_out": workload.left_out })
    };
    let machine: serde_json::Map<String, Value> =
        machine.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    json!({ "quick": quick, "machine": machine, "works": workloads.iter().map(workload).collect::<Vec<_>>() })
}

/// Hand-written notes on the limits of the workloads, and on experiments.
const LIMITS: &str = include_str!("../../bench/limits.md");

/// Builds the document of a full run.
pub(crate) fn document(workloads: &[WorkloadResult], machine: &Facts) -> String {
    let mut text = "# Performance\n\nWritten by `cargo xtask bench`. The server runs on the same machine, in a separate \
                    process that is not measured.\nThe parties of a workload take turns. Times are from the start of \
                    a process to its end (for the SDK, from its\nfirst line to the end of the named part), and the \
                    peak is that of a party's largest process. The rows and a sum of\nevery output are checked.\n\n"
        .to_owned();
    let rows = machine.iter().map(|(name, value)| vec![name.clone(), value.clone()]);
    let rows: Vec<Vec<String>> =
        std::iter::once(vec!["measured on".to_owned(), String::new()]).chain(rows).collect();
    text.push_str(&table(&rows));
    text.push_str(&tables(workloads));
    text.push('\n');
    text.push_str(LIMITS);
    text
}

/// Replaces the sections of these workloads in the document, each with the date. Keeps all others.
pub(crate) fn with_workloads(document: &str, workloads: &[WorkloadResult], machine: &Facts) -> String {
    let (measured, limits) = document.split_at(document.find("\n## ").map_or(document.len(), |at| at + 1));
    let mut sections = measured.split_inclusive("\n### ").peekable();
    let mut text = sections.next().unwrap_or_default().trim_end_matches("### ").trim_end().to_owned();
    let mut left: Vec<&WorkloadResult> = workloads.iter().collect();
    let anew = |workload: &WorkloadResult| {
        let table = tables(std::slice::from_ref(workload));
        let (title, rest) = table.trim_start().split_once('\n').unwrap_or((&table, ""));
        let date = machine.iter().find(|(name, _)| name == "date").map_or("", |(_, date)| date);
        format!("\n\n{title}\n\nMeasured on {date}.\n{}", rest.trim_end())
    };
    for section in sections {
        let section = section.trim_end_matches("### ").trim_end();
        let title = section.lines().next().unwrap_or_default();
        match left.iter().position(|workload| capitalize(&workload.title) == title) {
            Some(at) => text.push_str(&anew(left.remove(at))),
            None => text.extend(["\n\n### ", section]),
        }
    }
    for workload in left {
        text.push_str(&anew(workload));
    }
    format!("{text}\n\n{limits}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_replace_their_sections() {
        let document = "# Performance\n\n### A\n\nold\n\n### B\n\nkept\n\n## Limits\n\n### C\n\nkept, too\n";
        let measured = |title: &str| {
            let workload =
                Workload { title: title.to_owned(), parties: Vec::new(), rows: Vec::new(), max_rounds: None };
            WorkloadResult::new(&workload)
        };
        let machine = vec![("date".to_owned(), "2026-01-02".to_owned())];
        let found = with_workloads(document, &[measured("new"), measured("a")], &machine);
        let headings: Vec<_> = found.lines().filter(|line| line.starts_with('#')).collect();
        assert_eq!(headings, ["# Performance", "### A", "### B", "### New", "## Limits", "### C"]);
        assert!(
            !found.contains("old") && found.contains("\nkept\n") && found.contains("\nkept, too\n"),
            "{found}"
        );
        assert_eq!(found.matches("Measured on 2026-01-02.").count(), 2);
        assert_eq!(
            with_workloads(&found, &[measured("new"), measured("a")], &machine),
            found,
            "once is enough"
        );
    }

    fn spread(figures: &[f64]) -> Option<Spread> {
        Spread::of(figures.iter().copied())
    }

    #[test]
    fn median_is_the_middle_value() {
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
    fn missed_required_targets_are_counted() {
        let points = |power: f64| vec![("a".to_owned(), 1.0), ("b".to_owned(), 4.0_f64.powf(1.0 / power))];
        let workload = |row: fn(&'static str, Vec<Target>) -> Row| Workload {
            title: "work".to_owned(),
            parties: Vec::new(),
            rows: vec![row(
                "row",
                [1.0, 2.0].map(|power| Target::new("a", Bound::Growth(points(power), 1.15))).into(),
            )],
            max_rounds: None,
        };
        for (workload, missed) in [(workload(Row::required), 1), (workload(Row::new), 0)] {
            let mut measured = WorkloadResult::new(&workload);
            for (label, seconds) in [("a", 1.0), ("b", 4.0)] {
                measured.add(vec![(label.to_owned(), Sample { seconds, ..Sample::default() })]);
            }
            measured.judge(&workload);
            assert_eq!(
                measured.verdicts.iter().map(|verdict| verdict.met).collect::<Vec<_>>(),
                [true, false]
            );
            assert_eq!(measured.missed_required(), missed);
        }
    }

    #[test]
    fn medians_are_compared_with_targets() {
        let targets = [
            Target::faster("a", "b", 4.0),
            Target::faster("a", "b", 5.0),
            Target::within("b", 4.0, "a"),
            Target::ratio_to("a", "b"),
            Target::new("a", Bound::PeakMib(7.0)),
            Target::new("a", Bound::Milliseconds(1000.0)),
            Target::new("a", Bound::Figure("requests", 3.0)),
            Target::new("a", Bound::PeakBeyond("b".to_owned(), 0.5)),
            Target::new("a", Bound::PeakBeyond("b".to_owned(), 0.4)),
            Target::faster("a", "left out", 1.0),
        ];
        let workload = Workload {
            title: "work".to_owned(),
            parties: Vec::new(),
            rows: vec![Row::new("row", targets)],
            max_rounds: None,
        };
        let mut measured = WorkloadResult::new(&workload);
        for (seconds, value) in [(1.0, 3.0), (0.5, 2.0), (9.0, 4.0)] {
            let own = Sample { seconds, peak_mib: Some(seconds), value: Some(value), cpu_seconds: None };
            measured.add(vec![("a".to_owned(), own)]);
        }
        let other = Sample { seconds: 4.0, peak_mib: Some(0.5), ..Sample::default() };
        measured.add(vec![("b".to_owned(), other)]);
        measured.judge(&workload);
        let met: Vec<bool> = measured.verdicts.iter().map(|verdict| verdict.met).collect();
        assert_eq!(met, [true, false, true, true, false, false, false, true, false]);
        assert_eq!(measured.verdicts[0].found, "4.00 ×");
        let text = tables(&[measured]);
        assert!(text.contains("| a     | 1.000 s | 0.500 s | 9.000 s |"), "{text}");
    }
}
