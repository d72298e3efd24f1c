//! What `define_metric` has said of metrics, and what their summaries are by it.

use indexmap::IndexMap;
use wandb_core::{Map, Value};

use crate::items;
use crate::proto::{History, Metric, MetricSummary};

/// Metrics and their summaries, made of rows, as the SDK makes them while a run goes on.
///
/// Most files hold these summaries already. This is for those that do not.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    defined: IndexMap<String, Definition>,
    /// By what the names of metrics begin with.
    globs: IndexMap<String, Definition>,
    seen: IndexMap<Vec<String>, Seen>,
}

/// What a metric's summary is made of.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Definition {
    wants: MetricSummary,
    maximize: bool,
}

impl Definition {
    /// Whether only the last value is wanted, by itself.
    fn is_plain(self) -> bool {
        self.wants == MetricSummary { none: self.wants.none, ..MetricSummary::default() }
    }

    /// What a record adds.
    fn with(mut self, metric: &Metric) -> Self {
        if let Some(said) = metric.summary {
            let wants = &mut self.wants;
            wants.none = said.none;
            wants.min |= said.min;
            wants.max |= said.max;
            wants.mean |= said.mean;
            wants.best |= said.best;
            wants.last |= said.last;
            wants.first |= said.first;
        }
        self.maximize = match metric.goal {
            1 => false,
            2 => true,
            _ => self.maximize,
        };
        self
    }
}

/// The values of a metric so far.
#[derive(Debug)]
struct Seen {
    first: Value,
    last: Value,
    numbers: Option<Numbers>,
}

#[derive(Debug, Clone, Copy)]
struct Numbers {
    min: f64,
    max: f64,
    total: f64,
    count: f64,
}

impl Metrics {
    /// Takes a definition.
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

    /// Takes a row.
    pub(crate) fn see(&mut self, row: &History) {
        for item in &row.item {
            if let (Some(path), Some(value)) = (item.path(), item.value()) {
                self.see_value(&mut path.into_iter().map(str::to_owned).collect(), value);
            }
        }
    }

    fn see_value(&mut self, path: &mut Vec<String>, value: Value) {
        if let Value::Map(inner) = value {
            for (key, value) in inner {
                path.push(key);
                self.see_value(path, value);
                path.pop();
            }
            return;
        }
        let number = match &value {
            Value::Int(_) | Value::BigInt(_) | Value::Float(_) => value.as_f64(),
            _ => None,
        };
        if let Some(seen) = self.seen.get_mut(path) {
            seen.add(value, number);
        } else {
            let mut seen = Seen { first: value.clone(), last: Value::Null, numbers: None };
            seen.add(value, number);
            self.seen.insert(path.clone(), seen);
        }
    }

    /// Adds the summaries to a map, apart from those that `leave_out` says.
    pub(crate) fn summarize(&self, summary: &mut Map, leave_out: impl Fn(&[&str]) -> bool) {
        for (path, seen) in &self.seen {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            if let Some(value) = seen.summary(self.definition(&path))
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

impl Seen {
    fn add(&mut self, value: Value, number: Option<f64>) {
        self.last = value;
        let Some(number) = number else { return };
        self.numbers = Some(match self.numbers {
            None => Numbers { min: number, max: number, total: number, count: 1.0 },
            Some(Numbers { min, max, total, count }) => Numbers {
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
        let numbers = |number: fn(Numbers) -> f64| self.numbers.map(|numbers| Value::Float(number(numbers)));
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
    fn the_last_value_counts_unless_more_is_wanted() {
        let mut metrics = Metrics::default();
        metrics.define(&metric("loss", MetricSummary { min: true, mean: true, ..MetricSummary::default() }));
        metrics.define(&metric("val*", MetricSummary { max: true, last: true, ..MetricSummary::default() }));
        metrics.define(&metric("gone", MetricSummary { none: true, ..MetricSummary::default() }));
        metrics.see(&row(&[("loss", "3"), ("val/acc", "1"), ("gone", "1"), ("text", "\"a\"")]));
        metrics.see(&row(&[("loss", "1"), ("val/acc", "0.5"), ("deep", r#"{"x":{"y":1}}"#)]));
        metrics.see(&row(&[("text", "\"b\""), ("loss", "2.0")]));
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
        metrics.see(&row(&[("a", "1")]));
        metrics.see(&row(&[("a", "2")]));
        assert_eq!(summary(&metrics), r#"{"a":{"min":1.0,"best":2.0}}"#);
        let overwrite = Some(MetricControl { overwrite: true });
        metrics.define(&Metric {
            control: overwrite,
            ..metric("a", MetricSummary { first: true, ..MetricSummary::default() })
        });
        assert_eq!(summary(&metrics), r#"{"a":{"first":1}}"#);
    }

    #[test]
    fn a_key_with_dots_is_defined_by_either_of_its_names() {
        let mut metrics = Metrics::default();
        metrics.define(&metric("a\\.b", MetricSummary { max: true, ..MetricSummary::default() }));
        metrics.define(&metric("c.d", MetricSummary { max: true, ..MetricSummary::default() }));
        metrics.see(&row(&[("a.b", "1"), ("c.d", "1"), ("c/d", "1")]));
        assert_eq!(summary(&metrics), r#"{"a.b":{"max":1.0},"c.d":{"max":1.0},"c":{"d":{"max":1.0}}}"#);
    }
}
