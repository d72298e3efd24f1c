//! Suggests similar names for something that was not found.

use std::collections::BTreeSet;

use futures_util::TryStreamExt;
use futures_util::stream::StreamExt;
use wandb_core::{ProjectPath, RunPath};
use wandb_graphql::ops::GetHistoryKeys;

use super::exit::Failure;
use super::session::Session;
use crate::api::Run;
use crate::error::{Error, ErrorKind};

/// Maximum number of names to compare: one or two requests' worth.
const MAX_NAMES: usize = 200;

/// Maximum number of suggestions.
const MAX_SUGGESTIONS: usize = 3;

/// Minimum similarity of a suggested name, from 0 to 1.
const MIN_SIMILARITY: f64 = 0.7;

/// Suggests similar runs or projects if `error` says that no run exists at `path`.
pub(super) async fn add_run_hint(session: &Session, path: &RunPath, error: Error) -> Failure {
    if matches!(error, Error::NotOnDisk { .. }) || error.kind() != ErrorKind::NotFound {
        return error.into();
    }
    let project = path.project_path();
    let Ok(runs) = session.api.runs(&project.to_string()).await else { return error.into() };
    match runs.light().limit(MAX_NAMES).collect().await {
        Ok(runs) => {
            let named = runs.iter().filter(|run| run.name.as_deref() == Some(path.run()));
            let named: Vec<_> = named.map(|run| run.path().to_string()).take(MAX_SUGGESTIONS).collect();
            let hint = if named.is_empty() {
                let ids = find_similar(path.run(), runs.iter().map(|run| run.id.clone()));
                format_hint("run", ids.iter().map(|id| format!("{project}/{id}")))
            } else {
                let named = named.join(" or ");
                Some(format!("{:?} is the name of a run; use its id instead: {named}", path.run()))
            };
            Failure { error, hint }
        }
        Err(_) => self::add_project_hint(session, project, error).await,
    }
}

/// Suggests similar runs if `error` says that no run exists at the user's path `input`.
pub(super) async fn add_run_hint_for_input(session: &Session, input: &str, error: Error) -> Failure {
    if matches!(error, Error::NotOnDisk { .. }) || error.kind() != ErrorKind::NotFound {
        return error.into();
    }
    match session.api.run_path(input).await {
        Ok(path) => add_run_hint(session, &path, error).await,
        Err(_) => error.into(),
    }
}

/// Suggests similar sweeps or projects if `error` says that no sweep exists at the user's path `input`. The
/// sweeps are those of the project's runs.
pub(super) async fn add_sweep_hint(session: &Session, input: &str, error: Error) -> Failure {
    if matches!(error, Error::NotOnDisk { .. }) || error.kind() != ErrorKind::NotFound {
        return error.into();
    }
    let Ok(path) = session.api.sweep_path(input).await else { return error.into() };
    // Like the Python SDK, we read the word `sweeps` as part of a web address.
    if let [entity, "sweeps", sweep] = input.trim_matches('/').split('/').collect::<Vec<_>>()[..] {
        let hint = format!("for a sweep of the project sweeps, write {entity}/sweeps/sweeps/{sweep}");
        return Failure { error, hint: Some(hint) };
    }
    let project = path.project_path();
    let Ok(runs) = session.api.runs(&project.to_string()).await else { return error.into() };
    match runs.light().limit(MAX_NAMES).collect().await {
        Ok(runs) => {
            let sweeps: BTreeSet<_> = runs.iter().filter_map(|run| run.sweep.clone()).collect();
            let ids = find_similar(path.sweep(), sweeps.into_iter());
            let hint = format_hint("sweep", ids.iter().map(|id| format!("{project}/{id}")));
            Failure { error, hint }
        }
        Err(_) => self::add_project_hint(session, project, error).await,
    }
}

/// Suggests similar projects of the entity if `error` says that none exists at `path`.
pub(super) async fn add_project_hint(session: &Session, path: &ProjectPath, error: Error) -> Failure {
    if error.kind() != ErrorKind::NotFound {
        return error.into();
    }
    let names = session.api.projects(path.entity()).map_ok(|project| project.name).take(MAX_NAMES);
    let names = names.try_collect::<Vec<_>>().await.unwrap_or_default();
    let similar = find_similar(path.project(), names.into_iter());
    let hint = format_hint("project", similar.iter().map(|name| format!("{}/{name}", path.entity())));
    Failure { error, hint }
}

/// Suggests how to write the local paths that the user seems to have meant.
pub(super) fn add_local_path_hint(failure: Failure, paths: &[String]) -> Failure {
    let Failure { error, hint } = failure;
    if paths.is_empty() || error.kind() == ErrorKind::Failed {
        return Failure { error, hint };
    }
    let local = format!("to read local runs, write {}", paths.join(" "));
    if let Error::NoApiKey { .. } = error {
        // Local paths need no API key, so the error must not ask for one.
        let names: Vec<_> = paths.iter().map(|path| path.trim_start_matches("./")).collect();
        let names = names.join(" and ");
        let error = Error::usage(format!("{names} is a path on a server, which needs an API key"));
        return Failure { error, hint: Some(local) };
    }
    let hint = hint.map_or_else(|| local.clone(), |hint| format!("{hint}\nhint: {local}"));
    Failure { error, hint: Some(hint) }
}

/// Suggests files of the run with names similar to the missing `name`.
pub(super) async fn find_file_hint(run: &Run, name: &str) -> Option<String> {
    let files = run.files().stream();
    let names: Vec<_> = files.map_ok(|file| file.name.clone()).take(MAX_NAMES).try_collect().await.ok()?;
    format_hint("file", find_similar(name, names.into_iter()).into_iter())
}

/// Suggests logged keys that are similar to the `unlogged` ones.
pub(super) async fn find_key_hint(session: &Session, path: &RunPath, unlogged: &[String]) -> Option<String> {
    let extent = session.api.client().call(GetHistoryKeys::new(path.clone())).await.ok()?.answer;
    let logged = extent.keys?.keys;
    let similar = unlogged.iter().flat_map(|key| find_similar(key, logged.keys().cloned()));
    format_hint("key", similar)
}

pub(super) fn format_hint(kind: &str, paths: impl Iterator<Item = String>) -> Option<String> {
    let paths: Vec<_> = paths.collect();
    (!paths.is_empty()).then(|| format!("did you mean the {kind} {}?", paths.join(" or ")))
}

pub(super) fn find_similar(wanted: &str, names: impl Iterator<Item = String>) -> Vec<String> {
    let similarity = |name: &str| strsim::jaro_winkler(&wanted.to_lowercase(), &name.to_lowercase());
    let mut similar: Vec<_> =
        names.map(|name| (similarity(&name), name)).filter(|(score, _)| *score >= MIN_SIMILARITY).collect();
    similar.sort_by(|(left, _), (right, _)| right.total_cmp(left));
    similar.into_iter().take(MAX_SUGGESTIONS).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_similar_names_come_first() {
        let names = ["abc123", "abc132", "zzz", "ABC124"].map(str::to_owned).into_iter();
        assert_eq!(find_similar("abc124", names), ["ABC124", "abc123", "abc132"]);
    }
}
