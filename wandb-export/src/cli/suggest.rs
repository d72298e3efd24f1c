//! Near names for something that was not found.

use std::collections::BTreeSet;

use futures_util::TryStreamExt;
use futures_util::stream::StreamExt;
use wandb_core::{ProjectPath, RunPath};
use wandb_graphql::ops::GetHistoryKeys;

use super::exit::Failure;
use super::session::Session;
use crate::api::Run;
use crate::error::{Error, ErrorKind};

/// So many names are looked through: one or two requests' worth.
const MOST_NAMES: usize = 200;

/// So many names are suggested.
const MOST_SUGGESTIONS: usize = 3;

/// How alike a name has to be to be suggested, from 0 to 1.
const ALIKE: f64 = 0.7;

/// Adds near runs of the project, or near projects, if `error` is that there is no run at `path`.
pub(super) async fn run(session: &Session, path: &RunPath, error: Error) -> Failure {
    if matches!(error, Error::NothingThere { .. }) || error.kind() != ErrorKind::NotFound {
        return error.into();
    }
    let project = path.project_path();
    let Ok(runs) = session.api.runs(&project.to_string()).await else { return error.into() };
    match runs.light().limit(MOST_NAMES).collect().await {
        Ok(runs) => {
            let named = runs.iter().filter(|run| run.name.as_deref() == Some(path.run()));
            let named: Vec<_> = named.map(|run| run.path().to_string()).take(MOST_SUGGESTIONS).collect();
            let hint = if named.is_empty() {
                let ids = near(path.run(), runs.iter().map(|run| run.id.clone()));
                did_you_mean("run", ids.iter().map(|id| format!("{project}/{id}")))
            } else {
                let named = named.join(" or ");
                Some(format!("{:?} is a run's name; a path takes its id: {named}", path.run()))
            };
            Failure { error, hint }
        }
        Err(_) => self::project(session, project, error).await,
    }
}

/// Adds near runs if `error` is that there is no run at what the user wrote as `input`.
pub(super) async fn named_run(session: &Session, input: &str, error: Error) -> Failure {
    if matches!(error, Error::NothingThere { .. }) || error.kind() != ErrorKind::NotFound {
        return error.into();
    }
    match session.api.run_path(input).await {
        Ok(path) => run(session, &path, error).await,
        Err(_) => error.into(),
    }
}

/// Adds near sweeps that the project's runs belong to, or near projects, if `error` is that there is no sweep at what the
/// user wrote as `input`.
pub(super) async fn sweep(session: &Session, input: &str, error: Error) -> Failure {
    if matches!(error, Error::NothingThere { .. }) || error.kind() != ErrorKind::NotFound {
        return error.into();
    }
    let Ok(path) = session.api.sweep_path(input).await else { return error.into() };
    // The Python SDK takes the word for a part of an address, so we do too.
    if let [entity, "sweeps", sweep] = input.trim_matches('/').split('/').collect::<Vec<_>>()[..] {
        let hint = format!("a sweep of a project that is called sweeps is {entity}/sweeps/sweeps/{sweep}");
        return Failure { error, hint: Some(hint) };
    }
    let project = path.project_path();
    let Ok(runs) = session.api.runs(&project.to_string()).await else { return error.into() };
    match runs.light().limit(MOST_NAMES).collect().await {
        Ok(runs) => {
            let sweeps: BTreeSet<_> = runs.iter().filter_map(|run| run.sweep.clone()).collect();
            let ids = near(path.sweep(), sweeps.into_iter());
            let hint = did_you_mean("sweep", ids.iter().map(|id| format!("{project}/{id}")));
            Failure { error, hint }
        }
        Err(_) => self::project(session, project, error).await,
    }
}

/// Adds near projects of the entity if `error` is that there is none at `path`.
pub(super) async fn project(session: &Session, path: &ProjectPath, error: Error) -> Failure {
    if error.kind() != ErrorKind::NotFound {
        return error.into();
    }
    let names = session.api.projects(path.entity()).map_ok(|project| project.name).take(MOST_NAMES);
    let names = names.try_collect::<Vec<_>>().await.unwrap_or_default();
    let near = near(path.project(), names.into_iter());
    let hint = did_you_mean("project", near.iter().map(|name| format!("{}/{name}", path.entity())));
    Failure { error, hint }
}

/// Adds how to write places on disk that the user seems to have meant.
pub(super) fn places(failure: Failure, places: &[String]) -> Failure {
    let Failure { error, hint } = failure;
    if places.is_empty() || error.kind() == ErrorKind::Failed {
        return Failure { error, hint };
    }
    let own = format!("to read what is on disk, write {}", places.join(" "));
    if let Error::NoApiKey { .. } = error {
        // Whoever means a folder needs no key.
        let names: Vec<_> = places.iter().map(|place| place.trim_start_matches("./")).collect();
        let names = names.join(" and ");
        let error = Error::usage(format!("{names} is a path on a server, and there is no API key for one"));
        return Failure { error, hint: Some(own) };
    }
    let hint = hint.map_or_else(|| own.clone(), |hint| format!("{hint}\nhint: {own}"));
    Failure { error, hint: Some(hint) }
}

/// Near files that the run has, for one that it has not.
pub(super) async fn file(run: &Run, name: &str) -> Option<String> {
    let files = run.files().stream();
    let names: Vec<_> = files.map_ok(|file| file.name.clone()).take(MOST_NAMES).try_collect().await.ok()?;
    did_you_mean("file", near(name, names.into_iter()).into_iter())
}

/// Near keys that the run has logged, for those that it has not.
pub(super) async fn keys(session: &Session, path: &RunPath, unlogged: &[String]) -> Option<String> {
    let extent = session.api.client().call(GetHistoryKeys::new(path.clone())).await.ok()?.answer;
    let logged = extent.keys?.keys;
    let near = unlogged.iter().flat_map(|key| near(key, logged.keys().cloned()));
    did_you_mean("key", near)
}

fn did_you_mean(what: &str, paths: impl Iterator<Item = String>) -> Option<String> {
    let paths: Vec<_> = paths.collect();
    (!paths.is_empty()).then(|| format!("did you mean the {what} {}?", paths.join(" or ")))
}

fn near(wanted: &str, names: impl Iterator<Item = String>) -> Vec<String> {
    let likeness = |name: &str| strsim::jaro_winkler(&wanted.to_lowercase(), &name.to_lowercase());
    let mut alike: Vec<_> =
        names.map(|name| (likeness(&name), name)).filter(|(like, _)| *like >= ALIKE).collect();
    alike.sort_by(|(left, _), (right, _)| right.total_cmp(left));
    alike.into_iter().take(MOST_SUGGESTIONS).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_names_come_first_and_strange_ones_not_at_all() {
        let names = ["abc123", "abc132", "zzz", "ABC124"].map(str::to_owned).into_iter();
        assert_eq!(near("abc124", names), ["ABC124", "abc123", "abc132"]);
    }
}
