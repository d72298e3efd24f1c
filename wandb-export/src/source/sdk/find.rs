//! Finds sessions at a place: a session's file or folder, or a folder of such folders.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use super::session_files::{SessionFiles, is_session};

/// The sessions of one run, oldest first.
pub(super) type Sessions = Vec<SessionFiles>;

/// Looks for runs at a place, each with its sessions. `None` if there are none.
pub(super) fn look(path: &Path) -> io::Result<Option<Vec<Sessions>>> {
    let is_dir = match fs::metadata(path) {
        Ok(found) => found.is_dir(),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    if !is_dir {
        return Ok(SessionFiles::of_log(path).map(of_one));
    }
    let (mut sessions, mut folders) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            folders.push(entry.path());
        } else {
            sessions.extend(SessionFiles::of_log(&entry.path()));
        }
    }
    let of_sessions: Vec<_> = folders.iter().filter(|folder| is_session(folder)).collect();
    if let ([session], []) = (&sessions[..], &of_sessions[..]) {
        return Ok(Some(of_one(session.clone())));
    }
    for folder in of_sessions {
        sessions.extend(SessionFiles::in_folder(folder)?);
    }
    if !sessions.is_empty() {
        return Ok(Some(by_run(sessions)));
    }
    if let Some(session) = SessionFiles::of_texts(path) {
        return Ok(Some(of_one(session)));
    }
    let inner = path.join("wandb");
    if inner.is_dir() { look(&inner) } else { Ok(None) }
}

fn of_one(session: SessionFiles) -> Vec<Sessions> {
    vec![vec![session]]
}

/// Groups sessions by the id of their run, and orders the runs by their first session.
fn by_run(mut sessions: Vec<SessionFiles>) -> Vec<Sessions> {
    sessions.sort_by_cached_key(|session| (session.when(), session.place().to_owned()));
    let mut runs: Vec<Sessions> = Vec::new();
    let mut places = BTreeMap::new();
    for session in sessions {
        let place = *places.entry(session.id.clone()).or_insert(runs.len());
        match runs.get_mut(place) {
            Some(sessions) => sessions.push(session),
            None => runs.push(vec![session]),
        }
    }
    runs
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
    fn sessions_are_grouped_by_run() {
        let folder = folder(&[
            "wandb/offline-run-20260102_000000-b/run-b.wandb",
            "wandb/run-20260101_000000-a/run-a.wandb",
            "wandb/run-20260103_000000-a/run-a.wandb",
            "wandb/run-20260103_000000-a/files/output.log",
            "wandb/run-20260104_000000-empty/logs/debug.log",
            "wandb/run-20260105_000000-texts/files/wandb-summary.json",
            "wandb/dryrun-20190101_000000-old/wandb-history.jsonl",
            "wandb/run-20190102_000000-older/config.yaml",
            "wandb/run-of-something/notes.txt",
            "wandb/settings",
            "wandb/other/run-c.wandb",
        ]);
        let root = folder.path();
        let runs = look(root).unwrap().expect("there are runs");
        assert_eq!(look(&root.join("wandb")).unwrap(), Some(runs.clone()));
        let names: Vec<Vec<_>> =
            runs.iter().map(|sessions| sessions.iter().map(SessionFiles::when).collect()).collect();
        assert_eq!(
            names,
            [
                vec!["run-20190101_000000-old"],
                vec!["run-20190102_000000-older"],
                vec!["run-20260101_000000-a", "run-20260103_000000-a"],
                vec!["run-20260102_000000-b"],
                vec!["run-20260105_000000-texts"],
            ]
        );
        let folder = root.join("wandb/run-20260103_000000-a");
        let file = folder.join("run-a.wandb");
        let session = SessionFiles::of_log(&file).unwrap();
        assert_eq!(look(&folder).unwrap(), Some(of_one(session.clone())));
        assert_eq!(look(&file).unwrap(), Some(of_one(session.clone())));
        assert_eq!((&*session.id, session.texts), ("a", folder.join("files")));
        let old = root.join("wandb/dryrun-20190101_000000-old");
        let found = look(&old).unwrap().expect("there is a run").remove(0).remove(0);
        assert_eq!((&*found.id, found.log, found.texts), ("old", None, old));
        assert_eq!(look(&file.join("x")).unwrap(), None);
        assert_eq!(look(&root.join("wandb/settings")).unwrap(), None);
        assert_eq!(look(&root.join("wandb/run-20260104_000000-empty")).unwrap(), None);
    }
}
