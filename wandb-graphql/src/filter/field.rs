//! The fields of a run, by the names that filters and orders use.

use std::borrow::Cow;

use wandb_core::model::{Run, RunState, Timestamp};
use wandb_core::{Map, Value};

use super::compare::{Comparison, compare, compare_times};

/// A field of a run. A field that holds a map comes with a dotted path into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Field {
    Id,
    Entity,
    Project,
    Name,
    State,
    Tags,
    Group,
    JobType,
    Sweep,
    CreatedAt,
    HeartbeatAt,
    Username,
    Notes,
    Description,
    Commit,
    Config(String),
    Summary(String),
    SystemMetrics(String),
}

impl Field {
    /// Looks up a field by the server's name or its GraphQL spelling.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "name" => Self::Id,
            "entity" => Self::Entity,
            "project" => Self::Project,
            "display_name" | "displayName" => Self::Name,
            "state" => Self::State,
            "tags" => Self::Tags,
            "group" => Self::Group,
            "jobType" | "job_type" => Self::JobType,
            "sweep" | "sweepName" => Self::Sweep,
            "created_at" | "createdAt" => Self::CreatedAt,
            "heartbeat_at" | "heartbeatAt" => Self::HeartbeatAt,
            "username" | "user" | "user.username" => Self::Username,
            "notes" => Self::Notes,
            "description" => Self::Description,
            "commit" => Self::Commit,
            _ => {
                let (map, path) = name.split_once('.')?;
                match map {
                    "config" => Self::Config(path.to_owned()),
                    "summary_metrics" | "summaryMetrics" | "summary" => Self::Summary(path.to_owned()),
                    "system_metrics" | "systemMetrics" => Self::SystemMetrics(path.to_owned()),
                    _ => return None,
                }
            }
        })
    }

    /// The field's value in a run; `None` if the run lacks it.
    pub(crate) fn value_in<'a>(&self, run: &'a Run) -> Option<Cow<'a, Value>> {
        match self {
            Self::Id => text(Some(&run.id)),
            Self::Entity => text(Some(&*run.entity).filter(|entity| !entity.is_empty())),
            Self::Project => text(Some(&run.project)),
            Self::Name => text(run.name.as_deref()),
            Self::State => text(run.state.as_ref().map(RunState::as_str)),
            Self::Tags => {
                let tags = run.tags.as_ref()?.iter();
                Some(Cow::Owned(Value::List(tags.map(|tag| tag.as_str().into()).collect())))
            }
            Self::Group => text(run.group.as_deref()),
            Self::JobType => text(run.job_type.as_deref()),
            Self::Sweep => text(run.sweep.as_deref()),
            Self::CreatedAt => text(run.created_at.as_ref().map(Timestamp::as_str)),
            Self::HeartbeatAt => text(run.heartbeat_at.as_ref().map(Timestamp::as_str)),
            Self::Username => text(run.user.as_ref().and_then(|user| user.username.as_deref())),
            Self::Notes => text(run.notes.as_deref()),
            Self::Description => text(run.description.as_deref()),
            Self::Commit => text(run.commit.as_deref()),
            Self::Config(path) => {
                let config = run.config.as_ref()?;
                let found = [config.values(), config.internal()]
                    .into_iter()
                    .find_map(|map| find_in_config(map, path));
                found.map(Cow::Borrowed)
            }
            Self::Summary(path) => find_in_map(run.summary.as_ref()?, path).map(Cow::Borrowed),
            Self::SystemMetrics(path) => find_in_map(run.system_metrics.as_ref()?, path).map(Cow::Borrowed),
        }
    }

    /// Whether the field holds timestamps as text.
    pub(crate) fn has_times(&self) -> bool {
        matches!(self, Self::CreatedAt | Self::HeartbeatAt)
    }

    /// The comparison for the field's values.
    pub(crate) fn comparison(&self) -> Comparison {
        if self.has_times() { compare_times } else { compare }
    }
}

fn text(text: Option<&str>) -> Option<Cow<'static, Value>> {
    text.map(|text| Cow::Owned(text.into()))
}

/// Looks up a path in a config. The server stores each value under `value`, which a path may omit: `lr` is
/// `lr.value`.
fn find_in_config<'a>(config: &'a Map, path: &str) -> Option<&'a Value> {
    find_by_prefix(config, path, |value, deeper| match deeper.strip_prefix("value") {
        Some("") => Some(value),
        Some(deeper) if deeper.starts_with('.') => find_inside(value, &deeper[1..]),
        _ => find_inside(value, deeper),
    })
}

fn find_in_map<'a>(map: &'a Map, path: &str) -> Option<&'a Value> {
    find_by_prefix(map, path, find_inside)
}

/// Looks up a dotted path. Keys may contain dots themselves, so the longest prefix that leads to a value is the key.
fn find_by_prefix<'a>(
    map: &'a Map,
    path: &str,
    find_inside: impl Fn(&'a Value, &str) -> Option<&'a Value>,
) -> Option<&'a Value> {
    map.get(path).or_else(|| {
        path.rmatch_indices('.').find_map(|(dot, _)| find_inside(map.get(&path[..dot])?, &path[dot + 1..]))
    })
}

/// Follows a path into a map by key, and into a list by index.
fn find_inside<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    match value {
        Value::Map(map) => find_in_map(map, path),
        Value::List(items) => {
            let (place, deeper) = path.split_once('.').map_or((path, None), |(a, b)| (a, Some(b)));
            let item = items.get(place.parse::<usize>().ok()?)?;
            deeper.map_or(Some(item), |deeper| find_inside(item, deeper))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
