//! Locates the files that the SDK wrote for one session of a run.
//!
//! SDK 0.10 and newer create a folder `run-DATE_TIME-ID` or `offline-run-DATE_TIME-ID` that contains a file
//! `run-ID.wandb` and a folder `files`. Older ones created a folder `run-DATE_TIME-ID` or
//! `dryrun-DATE_TIME-ID` with only text files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The suffix of log files.
const SUFFIX: &str = ".wandb";

/// The rows of a run, one JSON object per line.
pub(super) const HISTORY: &str = "wandb-history.jsonl";
/// The system metrics, one JSON object per line.
pub(super) const EVENTS: &str = "wandb-events.jsonl";
/// The summary.
pub(super) const SUMMARY: &str = "wandb-summary.json";
/// How and where the run was started.
pub(super) const METADATA: &str = "wandb-metadata.json";
/// The config.
pub(super) const CONFIG: &str = "config.yaml";
/// The console output.
pub(super) const OUTPUT: &str = "output.log";

/// Names of files that only the SDK writes.
const DISTINCTIVE_NAMES: [&str; 4] = [HISTORY, EVENTS, SUMMARY, METADATA];

/// The files of one session of a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SessionFiles {
    /// The id of the run, taken from the names.
    pub(super) id: String,
    /// The `.wandb` file, if there is one.
    pub(super) log: Option<PathBuf>,
    /// The folder of text files and of files that the run saved. It may not exist.
    pub(super) texts: PathBuf,
}

impl SessionFiles {
    /// Returns the session of a `.wandb` file, or `None` if the name has another suffix.
    pub(super) fn from_log(file: &Path) -> Option<Self> {
        let id = id_from_log(file)?;
        let texts = file.parent().unwrap_or(Path::new("")).join("files");
        Some(Self { id, log: Some(file.to_owned()), texts })
    }

    /// Returns the session in a folder without a `.wandb` file.
    pub(super) fn from_texts(folder: &Path) -> Option<Self> {
        let id = id_from_folder(folder).or_else(|| id_from_folder(&fs::canonicalize(folder).ok()?));
        let inner = folder.join("files");
        let texts = [folder, &inner].into_iter().find(|texts| {
            let has = |name: &&str| texts.join(*name).is_file();
            DISTINCTIVE_NAMES.iter().any(has) || (id.is_some() && [CONFIG, OUTPUT].iter().any(has))
        })?;
        let name = || fs::canonicalize(folder).ok()?.file_name()?.to_str().map(str::to_owned);
        Some(Self { id: id.or_else(name)?, log: None, texts: texts.to_owned() })
    }

    /// Returns the sessions in a session's folder, usually one.
    pub(super) fn from_folder(folder: &Path) -> io::Result<Vec<Self>> {
        let mut sessions = Vec::new();
        for entry in fs::read_dir(folder)? {
            sessions.extend(Self::from_log(&entry?.path()));
        }
        sessions.sort_unstable();
        if sessions.is_empty() {
            sessions.extend(Self::from_texts(folder));
        }
        Ok(sessions)
    }

    /// Returns the path to use in messages: the log, or the folder.
    pub(super) fn display_path(&self) -> &Path {
        self.log.as_deref().unwrap_or_else(|| self.folder())
    }

    /// Returns the folder of the session.
    pub(super) fn folder(&self) -> &Path {
        match &self.log {
            Some(log) => {
                log.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
            }
            None if self.is_before_logs() => &self.texts,
            None => self.texts.parent().unwrap_or(&self.texts),
        }
    }

    /// Returns whether an SDK before 0.10 wrote the session, so that it never had a log.
    pub(super) fn is_before_logs(&self) -> bool {
        self.log.is_none() && self.texts.file_name().is_none_or(|name| name != "files")
    }

    /// Returns the path of a text file.
    pub(super) fn text_path(&self, name: &str) -> PathBuf {
        self.texts.join(name)
    }

    /// Returns a sort key by date and time: the folder's name without its mark of offline runs.
    pub(super) fn time_key(&self) -> String {
        let name = self.folder().file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.strip_prefix("offline-").or_else(|| name.strip_prefix("dry")).unwrap_or(name).to_owned()
    }
}

/// Returns whether a folder has the name of a session's folder.
pub(super) fn is_session_folder(folder: &Path) -> bool {
    strip_run_prefix(folder).is_some()
}

fn strip_run_prefix(folder: &Path) -> Option<&str> {
    let name = folder.file_name()?.to_str()?;
    ["run-", "offline-run-", "dryrun-"].into_iter().find_map(|prefix| name.strip_prefix(prefix))
}

/// Extracts the run's id from the name of a log file.
fn id_from_log(file: &Path) -> Option<String> {
    let name = file.file_name()?.to_str()?.strip_suffix(SUFFIX)?;
    // Some systems keep metadata in a hidden file beside each file.
    if name.is_empty() || name.starts_with('.') {
        return None;
    }
    Some(name.strip_prefix("run-").unwrap_or(name).to_owned())
}

/// Extracts the run's id after date and time from the name of a folder.
fn id_from_folder(folder: &Path) -> Option<String> {
    let (_, id) = strip_run_prefix(folder)?.split_once('-')?;
    (!id.is_empty()).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_and_folder_names_yield_the_id() {
        for (file, id) in
            [("x/run-a-b.wandb", Some("a-b")), ("a.wandb", Some("a")), (".wandb", None), ("._a.wandb", None)]
        {
            assert_eq!(id_from_log(Path::new(file)).as_deref(), id, "{file}");
        }
        for (folder, id) in [
            ("run-20190101_120000-a-b", Some("a-b")),
            ("dryrun-20190101_120000-a", Some("a")),
            ("offline-run-20260101_120000-a", Some("a")),
            ("run-x", None),
            ("latest-run", None),
        ] {
            assert_eq!(id_from_folder(Path::new(folder)).as_deref(), id, "{folder}");
        }
    }
}
