//! Finds sessions at a path: a session's file or folder, or a folder of such folders.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use super::session_files::{SessionFiles, is_session_folder};

/// The sessions of one run, oldest first.
pub(super) type Sessions = Vec<SessionFiles>;

/// Looks for runs at a path, each with its sessions. `None` if there are none.
pub(super) fn find_sessions(path: &Path) -> io::Result<Option<Vec<Sessions>>> {
    let is_dir = match fs::metadata(path) {
        Ok(found) => found.is_dir(),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    if !is_dir {
        return Ok(SessionFiles::from_log(path).map(single_run));
    }
    let (mut sessions, mut folders) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            folders.push(entry.path());
        } else {
            sessions.extend(SessionFiles::from_log(&entry.path()));
        }
    }
    let session_folders: Vec<_> = folders.iter().filter(|folder| is_session_folder(folder)).collect();
    if let ([session], []) = (&sessions[..], &session_folders[..]) {
        return Ok(Some(single_run(session.clone())));
    }
    for folder in session_folders {
        sessions.extend(SessionFiles::from_folder(folder)?);
    }
    if !sessions.is_empty() {
        return Ok(Some(group_by_run(sessions)));
    }
    if let Some(session) = SessionFiles::from_texts(path) {
        return Ok(Some(single_run(session)));
    }
    let inner = path.join("wandb");
    if inner.is_dir() { find_sessions(&inner) } else { Ok(None) }
}

fn single_run(session: SessionFiles) -> Vec<Sessions> {
    vec![vec![session]]
}

/// Groups sessions by the id of their run, and orders the runs by their first session.
fn group_by_run(mut sessions: Vec<SessionFiles>) -> Vec<Sessions> {
    sessions.sort_by_cached_key(|session| (session.time_key(), session.display_path().to_owned()));
    let mut runs: Vec<Sessions> = Vec::new();
    let mut indexes = BTreeMap::new();
    for session in sessions {
        let index = *indexes.entry(session.id.clone()).or_insert(runs.len());
        match runs.get_mut(index) {
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
        let runs = find_sessions(root).unwrap().expect("there are runs");
        assert_eq!(find_sessions(&root.join("wandb")).unwrap(), Some(runs.clone()));
        let names: Vec<Vec<_>> =
            runs.iter().map(|sessions| sessions.iter().map(SessionFiles::time_key).collect()).collect();
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
        let session = SessionFiles::from_log(&file).unwrap();
        assert_eq!(find_sessions(&folder).unwrap(), Some(single_run(session.clone())));
        assert_eq!(find_sessions(&file).unwrap(), Some(single_run(session.clone())));
        assert_eq!((&*session.id, session.texts), ("a", folder.join("files")));
        let old = root.join("wandb/dryrun-20190101_000000-old");
        let found = find_sessions(&old).unwrap().expect("there is a run").remove(0).remove(0);
        assert_eq!((&*found.id, found.log, found.texts), ("old", None, old));
        assert_eq!(find_sessions(&file.join("x")).unwrap(), None);
        assert_eq!(find_sessions(&root.join("wandb/settings")).unwrap(), None);
        assert_eq!(find_sessions(&root.join("wandb/run-20260104_000000-empty")).unwrap(), None);
    }
}
