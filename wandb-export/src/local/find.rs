//! Which runs are at a place.
//!
//! The SDK makes a folder `run-DATE_TIME-ID` or `offline-run-DATE_TIME-ID` for every session of a run, with the file
//! `run-ID.wandb` in it, all of them in a folder `wandb`. A mirror of a project is known by its manifest.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Place;
use crate::error::Error;
#[cfg(feature = "mirror")]
use crate::mirror::is_mirror;

/// How the names of files end.
const SUFFIX: &str = ".wandb";

/// The files of one run, a file a session, oldest first.
pub(super) type Sessions = Vec<PathBuf>;

/// What is at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// One session of a run.
    Session(PathBuf),
    /// A folder of runs.
    Runs(Vec<Sessions>),
    /// The mirror of a project.
    #[cfg(feature = "mirror")]
    Mirror(PathBuf),
    /// A folder of such mirrors.
    #[cfg(feature = "mirror")]
    Mirrors(Vec<PathBuf>),
}

/// Looks what is at a place.
pub(super) fn find(place: &Place) -> Result<Option<Found>, Error> {
    let path = place.path();
    look(path).map_err(|error| Error::io(format!("looking what is at {place}"), error))
}

fn look(path: &Path) -> io::Result<Option<Found>> {
    let is_dir = match fs::metadata(path) {
        Ok(found) => found.is_dir(),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    if !is_dir {
        return Ok(id_of(path).is_some().then(|| Found::Session(path.to_owned())));
    }
    #[cfg(feature = "mirror")]
    if is_mirror(path)? {
        return Ok(Some(Found::Mirror(path.to_owned())));
    }
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let is_folder = entry.file_type()?.is_dir();
        if is_folder {
            folders.push(entry.path());
        } else if id_of(&entry.path()).is_some() {
            files.push(entry.path());
        }
    }
    files.sort_unstable();
    let sessions: Vec<_> = folders.iter().filter(|folder| is_session(folder)).collect();
    if let ([file], []) = (&files[..], &sessions[..]) {
        return Ok(Some(Found::Session(file.clone())));
    }
    for folder in sessions {
        for entry in fs::read_dir(folder)? {
            let file = entry?.path();
            if id_of(&file).is_some() {
                files.push(file);
            }
        }
    }
    if files.is_empty() {
        let inner = path.join("wandb");
        return if inner.is_dir() { look(&inner) } else { Ok(look_for_mirrors(folders)) };
    }
    Ok(Some(Found::Runs(by_run(files))))
}

/// The mirrors among folders.
#[cfg(feature = "mirror")]
fn look_for_mirrors(folders: Vec<PathBuf>) -> Option<Found> {
    let mut mirrors = Vec::new();
    for folder in folders {
        // Whatever cannot be looked at is none.
        if is_mirror(&folder).unwrap_or(false) {
            mirrors.push(folder);
        }
    }
    mirrors.sort_unstable();
    (!mirrors.is_empty()).then_some(Found::Mirrors(mirrors))
}

/// This build cannot read any.
#[cfg(not(feature = "mirror"))]
fn look_for_mirrors(_: Vec<PathBuf>) -> Option<Found> {
    None
}

/// Files by the id of their run, the runs in the order of their first sessions.
fn by_run(mut files: Vec<PathBuf>) -> Vec<Sessions> {
    files.sort_by_cached_key(|file| (when(file), file.clone()));
    let mut runs: Vec<Sessions> = Vec::new();
    let mut places = BTreeMap::new();
    for file in files {
        let place = *places.entry(id_of(&file)).or_insert(runs.len());
        match runs.get_mut(place) {
            Some(sessions) => sessions.push(file),
            None => runs.push(vec![file]),
        }
    }
    runs
}

/// The id of the run that a file is of, as its name says.
pub(super) fn id_of(file: &Path) -> Option<String> {
    let name = file.file_name()?.to_str()?.strip_suffix(SUFFIX)?;
    // Some systems keep what they know of a file in a hidden one beside it.
    if name.is_empty() || name.starts_with('.') {
        return None;
    }
    Some(name.strip_prefix("run-").unwrap_or(name).to_owned())
}

fn is_session(folder: &Path) -> bool {
    let name = folder.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.starts_with("run-") || name.starts_with("offline-run-"))
}

/// Date and time in the name of a session's folder.
fn when(file: &Path) -> String {
    let folder = file.parent().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default();
    folder.strip_prefix("offline-").unwrap_or(folder).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let file = folder.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        folder
    }

    #[test]
    fn runs_are_found_by_their_folders_and_sessions_by_their_runs() {
        let folder = folder(&[
            "wandb/offline-run-20260102_000000-b/run-b.wandb",
            "wandb/run-20260101_000000-a/run-a.wandb",
            "wandb/run-20260103_000000-a/run-a.wandb",
            "wandb/run-20260103_000000-a/files/output.log",
            "wandb/run-20260104_000000-empty/logs/debug.log",
            "wandb/settings",
            "wandb/other/run-c.wandb",
        ]);
        let root = folder.path();
        let Some(Found::Runs(runs)) = look(root).unwrap() else { panic!("there are runs") };
        assert_eq!(look(&root.join("wandb")).unwrap(), Some(Found::Runs(runs.clone())));
        let names: Vec<Vec<_>> =
            runs.iter().map(|sessions| sessions.iter().map(|file| when(file)).collect()).collect();
        assert_eq!(
            names,
            [vec!["run-20260101_000000-a", "run-20260103_000000-a"], vec!["run-20260102_000000-b"]]
        );
        let session = root.join("wandb/run-20260103_000000-a");
        let file = session.join("run-a.wandb");
        assert_eq!(look(&session).unwrap(), Some(Found::Session(file.clone())));
        assert_eq!(look(&file).unwrap(), Some(Found::Session(file.clone())));
        assert_eq!(look(&file.join("x")).unwrap(), None);
        assert_eq!(look(&root.join("wandb/settings")).unwrap(), None);
        assert_eq!(look(&root.join("wandb/run-20260104_000000-empty")).unwrap(), None);
        assert_eq!(id_of(&file).unwrap(), "a");
    }
}
