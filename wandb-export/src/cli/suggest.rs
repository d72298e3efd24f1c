//! Near names for something that was not found.

use futures_util::TryStreamExt;
use futures_util::stream::StreamExt;
use wandb_core::{ProjectPath, RunPath};

use super::output::say;
use super::session::Session;
use crate::error::{Error, ErrorKind};

/// So many names are looked through: one or two requests' worth.
const MOST_NAMES: usize = 200;

/// So many names are suggested.
const MOST_SUGGESTIONS: usize = 3;

/// How alike a name has to be to be suggested, from 0 to 1.
const ALIKE: f64 = 0.7;

/// Suggests runs of the project, or projects, if `error` is that there is no run at `path`.
pub(super) async fn run(session: &Session, path: &RunPath, error: Error) -> Error {
    if error.kind() != ErrorKind::NotFound {
        return error;
    }
    let project = path.project_path();
    let Ok(runs) = session.api.runs(&project.to_string()).await else { return error };
    match runs.light().limit(MOST_NAMES).collect().await {
        Ok(runs) => {
            let ids =
                runs.iter().filter(|run| run.name.as_deref() == Some(path.run())).map(|run| run.id.clone());
            let shown: Vec<_> = ids.take(MOST_SUGGESTIONS).collect();
            if shown.is_empty() {
                suggest(path.run(), runs.iter().map(|run| run.id.clone()));
            } else {
                say(&format!(
                    "hint: {:?} is a run's name; a path takes its id: {}",
                    path.run(),
                    shown.join(", ")
                ));
            }
            error
        }
        Err(_) => self::project(session, &project, error).await,
    }
}

/// Suggests projects of the entity if `error` is that there is none at `path`.
pub(super) async fn project(session: &Session, path: &ProjectPath, error: Error) -> Error {
    if error.kind() == ErrorKind::NotFound {
        let names = session.api.projects(path.entity()).map_ok(|project| project.name).take(MOST_NAMES);
        if let Ok(names) = names.try_collect::<Vec<_>>().await {
            suggest(path.project(), names.into_iter());
        }
    }
    error
}

fn suggest(wanted: &str, names: impl Iterator<Item = String>) {
    let near = near(wanted, names);
    if !near.is_empty() {
        say(&format!("hint: there is {}", near.join(", ")));
    }
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
