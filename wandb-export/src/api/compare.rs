//! Runs side by side.

mod columns;
mod same;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use indexmap::IndexMap;
use wandb_core::model::Run;
use wandb_core::operation::{Field, Lacks};
use wandb_core::{Map, Row, Value};

use super::Api;
use crate::error::Error;
use crate::issue::Issue;
use crate::local::Place;
use wandb_tables::divisible;

/// What the configs of runs hold, key by key, and where they differ.
///
/// Objects are taken apart, their keys joined by dots; lists and objects with a `_type` (media, histograms) are values
/// as a whole. Keys that W&B writes for itself are left out: `_wandb` and `wandb_version` of a config, and what begins
/// with an underscore in a summary.
///
/// Two values are the same as they would be in Python: `1` and `1.0` are. But a missing key is not null, `true` is not
/// `1`, and NaN equals itself, so that runs which agree on it do not differ.
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

/// A key, and what each run has for it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ComparedKey {
    /// Where it is from.
    pub section: Section,
    /// The key; between those of nested objects there are dots.
    pub key: String,
    /// What each run has, in the order of the runs. `None` where it has no such key.
    pub values: Vec<Option<Value>>,
}

/// What of a run a key is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Section {
    /// The hyperparameters.
    Config,
    /// The last or best value of each metric.
    Summary,
}

impl Section {
    /// The name in rows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Summary => "summary",
        }
    }
}

impl ComparedKey {
    /// Whether not all runs have the same.
    pub fn differs(&self) -> bool {
        self.values.windows(2).any(|pair| match (&pair[0], &pair[1]) {
            (Some(one), Some(other)) => !same::same(one, other),
            (one, other) => one.is_some() != other.is_some(),
        })
    }
}

impl Comparison {
    /// Compares runs, in their order.
    pub fn of(runs: &[Run]) -> Self {
        let mut keys = IndexMap::new();
        let mut add = |section, at, map: Option<&Map>, wanted: fn(&str) -> bool| {
            for (key, value) in map.into_iter().flat_map(Map::iter).filter(|(key, _)| wanted(key)) {
                take_apart(&mut vec![key.to_owned()], value, &mut |path, value| {
                    let values =
                        keys.entry((section, path.to_vec())).or_insert_with(|| vec![None; runs.len()]);
                    values[at] = Some(value.clone());
                });
            }
        };
        for (at, run) in runs.iter().enumerate() {
            add(Section::Config, at, run.config.as_ref().map(wandb_core::model::Config::values), |_| true);
        }
        for (at, run) in runs.iter().enumerate() {
            add(Section::Summary, at, run.summary.as_ref(), |key| !key.starts_with('_'));
        }
        let entries = keys.into_iter();
        let entries =
            entries.map(|((section, path), values)| ComparedKey { section, key: path.join("."), values });
        Self {
            columns: columns::names(runs),
            entries: entries.collect(),
            with_summary: false,
            only_differing: false,
            issues: Vec::new(),
        }
    }

    /// The same with the summaries.
    #[must_use]
    pub fn with_summary(mut self) -> Self {
        for issue in &mut self.issues {
            if let Issue::UnsupportedField { requested, .. } = issue {
                *requested = true;
            }
        }
        Self { with_summary: true, ..self }
    }

    /// The same with only those keys that differ.
    #[must_use]
    pub fn differing(self) -> Self {
        Self { only_differing: true, ..self }
    }

    /// What the runs are called: the name, where another run has the same one with the id behind it.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The keys, in the order in which the runs show them.
    pub fn entries(&self) -> impl Iterator<Item = &ComparedKey> {
        let wanted = |entry: &&ComparedKey| {
            (self.with_summary || entry.section == Section::Config)
                && (!self.only_differing || entry.differs())
        };
        self.entries.iter().filter(wanted)
    }

    /// A row a key: `section` (only with the summaries), `key`, and the runs' values under their
    /// [`columns`](Self::columns). A missing value is a missing cell.
    pub fn rows(&self) -> Vec<Row> {
        self.rows_with(|value| value)
    }

    /// The [`rows`](Self::rows) with null for what is missing, so that each has every column, in the same order: for
    /// formats with columns, which cannot tell the two apart and would leave out a run that has none of the keys.
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

    /// What is missing from the configs and summaries.
    pub fn issues(&self) -> &[Issue] {
        &self.issues
    }
}

fn take_apart(path: &mut Vec<String>, value: &Value, add: &mut impl FnMut(&[String], &Value)) {
    let Some(map) = divisible(value) else { return add(path, value) };
    for (key, value) in map.iter() {
        path.push(key.to_owned());
        take_apart(path, value, add);
        path.pop();
    }
}

/// So many runs are asked for at once, at the most; the client bounds the requests themselves.
const RUNS_AT_ONCE: usize = 16;

pub(super) async fn fetch<P: AsRef<str>>(
    api: &Api,
    paths: impl IntoIterator<Item = P>,
) -> Result<Comparison, Error> {
    let mut wanted: Vec<String> = Vec::new();
    for path in paths {
        let path = match Place::of(path.as_ref()) {
            Some(place) => place.to_string(),
            None => api.run_path(path.as_ref()).await?.to_string(),
        };
        if wanted.contains(&path) {
            return Err(Error::usage(format!(
                "the run {path} is named twice; a comparison is of different runs"
            )));
        }
        wanted.push(path);
    }
    if wanted.len() < 2 {
        return Err(Error::usage(format!(
            "a comparison is of two runs or more, and {} was named",
            match &*wanted {
                [] => "none".to_owned(),
                [path, ..] => format!("only {path}"),
            }
        )));
    }
    let runs = wanted.iter().map(|path| api.run(path));
    let runs: Vec<_> = stream::iter(runs).buffered(RUNS_AT_ONCE).try_collect().await?;
    // The summaries become part of what was asked for by `with_summary`.
    let matters = |field: &&Field| ["config", "summaryMetrics"].contains(&field.name());
    let lacks: Lacks = api.client.lacks().iter().filter(matters).cloned().collect();
    let mut issues: Vec<_> = runs.iter().flat_map(super::Run::disk_issues).cloned().collect();
    issues.extend(Issue::of_lacks(&lacks, |field| field.name() == "config"));
    let models: Vec<_> = runs.into_iter().map(super::Run::into_model).collect();
    Ok(Comparison { issues, ..Comparison::of(&models) })
}

#[cfg(test)]
mod tests;
