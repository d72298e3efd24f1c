//! Compares runs.

mod columns;
mod equality;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use indexmap::IndexMap;
use wandb_core::model::Run;
use wandb_core::operation::{Field, UnsupportedFields};
use wandb_core::{Map, Row, Value};
use wandb_tables::splittable_object;

use super::Api;
use crate::error::Error;
use crate::issue::Issue;
use crate::source::resolve;

/// The configs of several runs, compared key by key.
///
/// Objects are flattened, with their keys joined by dots. Lists and objects with a `_type` (media, histograms) count
/// as single values. Keys that W&B adds are left out: `_wandb` and `wandb_version` of a config, and keys of a summary
/// that start with an underscore.
///
/// Values are equal as in Python, so `1` equals `1.0`. There are three exceptions: a missing key differs from null,
/// `true` differs from `1`, and NaN equals itself, so that runs with the same NaN do not differ.
///
/// ```
/// use wandb_export::{Comparison, model::{Config, Run}};
///
/// let run = |id: &str, config: &str| {
///     let mut run = Run::new("team", "project", id, "");
///     run.config = Config::parse(config.as_bytes()).ok();
///     run
/// };
/// let comparison = Comparison::of(&[
///     run("a", r#"{"lr": {"value": 0.1}, "seed": {"value": 1}}"#),
///     run("b", r#"{"lr": {"value": 0.5}, "seed": {"value": 1}}"#),
/// ]);
/// let rows = comparison.differing().rows();
/// assert_eq!(rows.len(), 1);
/// assert_eq!(rows[0].to_json_line().trim_end(), r#"{"key":"lr","a":0.1,"b":0.5}"#);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    columns: Vec<String>,
    entries: Vec<ComparedKey>,
    with_summary: bool,
    only_differing: bool,
    issues: Vec<Issue>,
}

/// A key and its value in each run.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ComparedKey {
    /// The part of the run that holds the key.
    pub section: ComparedSection,
    /// The key, with dots between the keys of nested objects.
    pub key: String,
    /// The value in each run, in the order of the runs. `None` if a run lacks the key.
    pub values: Vec<Option<Value>>,
}

/// A part of a run that holds keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ComparedSection {
    /// The hyperparameters.
    Config,
    /// The last or best value of each metric.
    Summary,
}

impl ComparedSection {
    /// Returns the name used in rows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Summary => "summary",
        }
    }
}

impl ComparedKey {
    /// Returns whether the values of the runs differ.
    pub fn differs(&self) -> bool {
        self.values.windows(2).any(|pair| match (&pair[0], &pair[1]) {
            (Some(one), Some(other)) => !equality::are_equal(one, other),
            (one, other) => one.is_some() != other.is_some(),
        })
    }
}

impl Comparison {
    /// Compares runs. Columns keep the order of the runs.
    pub fn of(runs: &[Run]) -> Self {
        let mut keys = IndexMap::new();
        let mut add = |section, at, map: Option<&Map>, wanted: fn(&str) -> bool| {
            for (key, value) in map.into_iter().flat_map(Map::iter).filter(|(key, _)| wanted(key)) {
                flatten(&mut vec![key.to_owned()], value, &mut |path, value| {
                    let values =
                        keys.entry((section, path.to_vec())).or_insert_with(|| vec![None; runs.len()]);
                    values[at] = Some(value.clone());
                });
            }
        };
        for (at, run) in runs.iter().enumerate() {
            add(
                ComparedSection::Config,
                at,
                run.config.as_ref().map(wandb_core::model::Config::values),
                |_| true,
            );
        }
        for (at, run) in runs.iter().enumerate() {
            add(ComparedSection::Summary, at, run.summary.as_ref(), |key| !key.starts_with('_'));
        }
        let entries = keys.into_iter();
        let entries =
            entries.map(|((section, path), values)| ComparedKey { section, key: path.join("."), values });
        Self {
            columns: columns::column_names(runs),
            entries: entries.collect(),
            with_summary: false,
            only_differing: false,
            issues: Vec::new(),
        }
    }

    /// Includes the summaries.
    #[must_use]
    pub fn with_summary(mut self) -> Self {
        for issue in &mut self.issues {
            if let Issue::UnsupportedField { requested, .. } = issue {
                *requested = true;
            }
        }
        Self { with_summary: true, ..self }
    }

    /// Keeps only the keys that differ.
    #[must_use]
    pub fn differing(self) -> Self {
        Self { only_differing: true, ..self }
    }

    /// Returns the column names of the runs: the run's name, followed by its id if another run has the same name.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Returns the keys in the order in which they first appear in the runs.
    pub fn entries(&self) -> impl Iterator<Item = &ComparedKey> {
        let wanted = |entry: &&ComparedKey| {
            (self.with_summary || entry.section == ComparedSection::Config)
                && (!self.only_differing || entry.differs())
        };
        self.entries.iter().filter(wanted)
    }

    /// Returns one row per key: `section` (only with the summaries), `key`, and a value for each of the
    /// [`columns`](Self::columns). A missing value has no cell.
    pub fn rows(&self) -> Vec<Row> {
        self.rows_with(|value| value)
    }

    /// Returns the [`rows`](Self::rows) with null for missing values, so that every row has all columns in the same
    /// order. Columnar formats need this: they cannot tell missing from null, and would omit a run without any key.
    pub fn full_rows(&self) -> Vec<Row> {
        self.rows_with(|value| Some(value.unwrap_or_default()))
    }

    pub(crate) fn rows_with(&self, cell: impl Fn(Option<Value>) -> Option<Value>) -> Vec<Row> {
        let row = |entry: &ComparedKey| {
            let section = self.with_summary.then(|| ("section".to_owned(), entry.section.name().into()));
            let key = ("key".to_owned(), Value::from(entry.key.as_str()));
            let values = self.columns.iter().zip(&entry.values);
            let values = values.filter_map(|(column, value)| Some((column.clone(), cell(value.clone())?)));
            section.into_iter().chain([key]).chain(values).collect()
        };
        self.entries().map(row).collect()
    }

    /// Returns the issues of the configs and summaries.
    pub fn issues(&self) -> &[Issue] {
        &self.issues
    }
}

fn flatten(path: &mut Vec<String>, value: &Value, add: &mut impl FnMut(&[String], &Value)) {
    let Some(map) = splittable_object(value) else { return add(path, value) };
    for (key, value) in map.iter() {
        path.push(key.to_owned());
        flatten(path, value, add);
        path.pop();
    }
}

/// Maximum number of runs fetched at once. The client also limits the requests in flight.
const RUNS_AT_ONCE: usize = 16;

pub(super) async fn fetch_and_compare<P: AsRef<str>>(
    api: &Api,
    paths: impl IntoIterator<Item = P>,
) -> Result<Comparison, Error> {
    let mut wanted: Vec<String> = Vec::new();
    for path in paths {
        let path = resolve(&api.connection, path.as_ref()).run_name().await?;
        if wanted.contains(&path) {
            return Err(Error::usage(format!(
                "the run {path} is named twice; a comparison needs different runs"
            )));
        }
        wanted.push(path);
    }
    if wanted.len() < 2 {
        return Err(Error::usage(format!(
            "a comparison needs at least two runs, and {} was named",
            match &*wanted {
                [] => "none".to_owned(),
                [path, ..] => format!("only {path}"),
            }
        )));
    }
    let runs = wanted.iter().map(|path| api.run(path));
    let runs: Vec<_> = stream::iter(runs).buffered(RUNS_AT_ONCE).try_collect().await?;
    // A missing summary becomes an issue only once `with_summary` requests it.
    let is_compared = |field: &&Field| ["config", "summaryMetrics"].contains(&field.name());
    let unsupported: UnsupportedFields =
        api.client.unsupported().iter().filter(is_compared).cloned().collect();
    let mut issues: Vec<_> = runs.iter().flat_map(|run| &run.facts().issues).cloned().collect();
    issues.extend(Issue::from_unsupported_fields(&unsupported, |field| field.name() == "config"));
    let models: Vec<_> = runs.into_iter().map(super::Run::into_model).collect();
    Ok(Comparison { issues, ..Comparison::of(&models) })
}

#[cfg(test)]
mod tests;
