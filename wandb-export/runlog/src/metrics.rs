//! Computes summaries of metrics from rows, as `define_metric` requests.

use indexmap::IndexMap;
use wandb_core::{Map, Value};

use crate::items;
use crate::proto::{History, Metric, MetricSummary};

/// Metric definitions, and summaries computed from rows as the SDK computes them during a run.
///
/// Only needed for files without summaries; most contain them.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    defined: IndexMap<String, Definition>,
    /// Definitions by the prefix of metric names.
    globs: IndexMap<String, Definition>,
    statistics: IndexMap<Vec<String>, Statistics>,
}

/// The parts of a metric's summary.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Definition {
    wants: MetricSummary,
    maximize: bool,
}

impl Definition {
    /// Whether the summary is just the last value.
    fn is_plain(self) -> bool {
        self.wants == MetricSummary { none: self.wants.none, ..MetricSummary::default() }
    }

    /// Adds the definition in a record.
    fn with(mut self, metric: &Metric) -> Self {
        if let Some(given) = metric.summary {
            let wants = &mut self.wants;
            wants.none = given.none;
            wants.min |= given.min;
            wants.max |= given.max;
            wants.mean |= given.mean;
            wants.best |= given.best;
            wants.last |= given.last;
            wants.first |= given.first;
        }
        self.maximize = match metric.goal {
            1 => false,
            2 => true,
            _ => self.maximize,
        };
        self
    }
}

/// The statistics of a metric's values.
#[derive(Debug)]
struct Statistics {
    first: Value,
    last: Value,
    numbers: Option<NumberStatistics>,
}

#[derive(Debug, Clone, Copy)]
struct NumberStatistics {
    min: f64,
    max: f64,
    total: f64,
    count: f64,
}

impl Metrics {
    /// Adds a definition.
    pub(crate) fn define(&mut self, metric: &Metric) {
        let (definitions, key) = match (&metric.name[..], metric.glob_name.strip_suffix('*')) {
            ("", Some(prefix)) => (&mut self.globs, prefix),
            ("", None) => return,
            (name, _) => (&mut self.defined, name),
        };
        let overwrites = metric.control.is_some_and(|control| control.overwrite);
        let before = definitions.get(key).filter(|_| !overwrites).copied().unwrap_or_default();
        definitions.insert(key.to_owned(), before.with(metric));
    }

    /// Adds the values of a row.
    pub(crate) fn add_row(&mut self, row: &History) {
        for item in &row.item {
            if let (Some(path), Some(value)) = (item.path(), item.value()) {
                self.add_value(&mut path.into_iter().map(str::to_owned).collect(), value);
            }
        }
    }

    fn add_value(&mut self, path: &mut Vec<String>, value: Value) {
        if let Value::Map(inner) = value {
            for (key, value) in inner {
                path.push(key);
                self.add_value(path, value);
                path.pop();
            }
            return;
        }
        let number = match &value {
            Value::Int(_) | Value::BigInt(_) | Value::Float(_) => value.as_f64(),
            _ => None,
        };
        if let Some(statistics) = self.statistics.get_mut(path) {
            statistics.add(value, number);
        } else {
            let mut statistics = Statistics { first: value.clone(), last: Value::Null, numbers: None };
            statistics.add(value, number);
            self.statistics.insert(path.clone(), statistics);
        }
    }

    /// Adds the summaries to a map, except those for which `leave_out` returns true.
    pub(crate) fn summarize(&self, summary: &mut Map, leave_out: impl Fn(&[&str]) -> bool) {
        for (path, statistics) in &self.statistics {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            if let Some(value) = statistics.summary(self.definition(&path))
                && !leave_out(&path)
            {
                items::set(summary, &path, value);
            }
        }
    }

    fn definition(&self, path: &[&str]) -> Definition {
        let escaped: Vec<_> = path.iter().map(|key| key.replace('.', "\\.")).collect();
        if let Some(definition) = self.defined.get(&escaped.join(".")) {
            return *definition;
        }
        let name = path.join(".");
        let glob =
            || self.globs.iter().find(|(prefix, _)| !name.starts_with('_') && name.starts_with(*prefix));
        self.defined.get(&name).or_else(|| Some(glob()?.1)).copied().unwrap_or_default()
    }
}

impl Statistics {
    fn add(&mut self, value: Value, number: Option<f64>) {
        self.last = value;
        let Some(number) = number else { return };
        self.numbers = Some(match self.numbers {
            None => NumberStatistics { min: number, max: number, total: number, count: 1.0 },
            Some(NumberStatistics { min, max, total, count }) => NumberStatistics {
                min: if number.is_nan() { number } else { min.min(number) },
                max: if number.is_nan() { number } else { max.max(number) },
                total: total + number,
                count: count + 1.0,
            },
        });
    }

    fn summary(&self, definition: Definition) -> Option<Value> {
        let wants = definition.wants;
        if wants.none {
            return None;
        }
        if definition.is_plain() {
            return Some(self.last.clone());
        }
        let mut summary = Map::new();
        let mut add = |wanted: bool, name: &str, value: Option<Value>| {
            if let Some(value) = value.filter(|_| wanted) {
                summary.insert(name, value);
            }
        };
        let numbers =
            |number: fn(NumberStatistics) -> f64| self.numbers.map(|numbers| Value::Float(number(numbers)));
        let best = if definition.maximize { numbers(|all| all.max) } else { numbers(|all| all.min) };
        add(wants.last, "last", Some(self.last.clone()));
        add(wants.first, "first", Some(self.first.clone()));
        add(wants.max, "max", numbers(|all| all.max));
        add(wants.min, "min", numbers(|all| all.min));
        add(wants.mean, "mean", numbers(|all| all.total / all.count));
        add(wants.best, "best", best);
        Some(summary.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{Item, MetricControl};

    fn row(cells: &[(&str, &str)]) -> History {
        let item = |(key, json): &(&str, &str)| Item {
            nested_key: key.split('/').map(|key| key.to_owned().into()).collect(),
            value_json: (*json).to_owned().into(),
            ..Item::default()
        };
        History { item: cells.iter().map(item).collect(), step: None }
    }

    fn metric(name: &str, summary: MetricSummary) -> Metric {
        let (name, glob_name) = if name.ends_with('*') { ("", name) } else { (name, "") };
        Metric { name: name.into(), glob_name: glob_name.into(), summary: Some(summary), ..Metric::default() }
    }

    fn summary(metrics: &Metrics) -> String {
        let mut summary = Map::new();
        metrics.summarize(&mut summary, |_| false);
        Value::from(summary).to_json()
    }

    #[test]
    fn summary_is_the_last_value_unless_defined() {
        let mut metrics = Metrics::default();
        metrics.define(&metric("loss", MetricSummary { min: true, mean: true, ..MetricSummary::default() }));
        metrics.define(&metric("val*", MetricSummary { max: true, last: true, ..MetricSummary::default() }));
        metrics.define(&metric("gone", MetricSummary { none: true, ..MetricSummary::default() }));
        metrics.add_row(&row(&[("loss", "3"), ("val/acc", "1"), ("gone", "1"), ("text", "\"a\"")]));
        metrics.add_row(&row(&[("loss", "1"), ("val/acc", "0.5"), ("deep", r#"{"x":{"y":1}}"#)]));
        metrics.add_row(&row(&[("text", "\"b\""), ("loss", "2.0")]));
        assert_eq!(
            summary(&metrics),
            r#"{"loss":{"min":1.0,"mean":2.0},"val":{"acc":{"last":0.5,"max":1.0}},"text":"b","deep":{"x":{"y":1}}}"#
        );
    }

    #[test]
    fn definitions_add_up_unless_one_overwrites() {
        let mut metrics = Metrics::default();
        metrics.define(&metric("a", MetricSummary { min: true, ..MetricSummary::default() }));
        metrics.define(&Metric {
            goal: 2,
            ..metric("a", MetricSummary { best: true, ..MetricSummary::default() })
        });
        metrics.add_row(&row(&[("a", "1")]));
        metrics.add_row(&row(&[("a", "2")]));
        assert_eq!(summary(&metrics), r#"{"a":{"min":1.0,"best":2.0}}"#);
        let overwrite = Some(MetricControl { overwrite: true });
        metrics.define(&Metric {
            control: overwrite,
            ..metric("a", MetricSummary { first: true, ..MetricSummary::default() })
        });
        assert_eq!(summary(&metrics), r#"{"a":{"first":1}}"#);
    }

    #[test]
    fn dots_in_a_key_may_be_escaped_or_not() {
        let mut metrics = Metrics::default();
        metrics.define(&metric("a\\.b", MetricSummary { max: true, ..MetricSummary::default() }));
        metrics.define(&metric("c.d", MetricSummary { max: true, ..MetricSummary::default() }));
        metrics.add_row(&row(&[("a.b", "1"), ("c.d", "1"), ("c/d", "1")]));
        assert_eq!(summary(&metrics), r#"{"a.b":{"max":1.0},"c.d":{"max":1.0},"c":{"d":{"max":1.0}}}"#);
    }
}
