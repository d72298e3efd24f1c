//! Distinguishes places on disk from paths on a server.

use std::path::{MAIN_SEPARATOR, Path, PathBuf};

/// A place on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LocalPath(PathBuf);

impl LocalPath {
    /// Parses a text as a place on disk. A place starts with `./` or `../`, is `.` or `..`, or ends in
    /// `.wandb`. An absolute path is a place if it or its parent folder exists, because a server's path may
    /// start with a slash too.
    ///
    /// So `my-team/my-project` is always a project on the server, whatever folders exist.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let begins = |start: &str| {
            text.strip_prefix(start)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', MAIN_SEPARATOR]))
        };
        let path = Path::new(text);
        let is_place = begins(".")
            || begins("..")
            || (path.extension().is_some_and(|extension| extension == "wandb") && !text.contains("://"))
            || (path.is_absolute()
                && (exists(path) || path.parent().is_some_and(|parent| exists(parent) && !is_top(parent))));
        is_place.then(|| Self(path.to_owned()))
    }

    /// Suggests the place to write for a server's path that would name existing runs if it started with `./`.
    #[cfg(feature = "cli")]
    pub(crate) fn unmarked(text: &str) -> Option<String> {
        if text.is_empty()
            || text.contains("://")
            || Path::new(text).is_absolute()
            || Self::parse(text).is_some()
        {
            return None;
        }
        let marked = format!("./{text}");
        let place = Self(PathBuf::from(&marked));
        let is_there = super::find::find(&place).is_ok_and(|found| found.is_some())
            || super::choose::choose(&place).is_ok();
        is_there.then_some(marked)
    }

    /// Splits off the last name of the place.
    pub(crate) fn split(&self) -> Option<(Self, String)> {
        let name = self.0.file_name()?.to_str()?.to_owned();
        let parent = self.0.parent().filter(|parent| !parent.as_os_str().is_empty())?;
        Some((Self(parent.to_owned()), name))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Returns whether a path is the root or directly below it, where a server's path could seem to be.
fn is_top(path: &Path) -> bool {
    path.parent().is_none_or(|above| above.parent().is_none())
}

impl std::fmt::Display for LocalPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.display().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_marked_texts_are_places() {
        let here = std::env::current_dir().unwrap();
        for place in [
            ".",
            "..",
            "./",
            "./wandb",
            "../x/run-1",
            "run-1.wandb",
            "a/b/run-1.wandb",
            here.to_str().unwrap(),
        ] {
            assert!(LocalPath::parse(place).is_some(), "{place}");
        }
        assert!(LocalPath::parse(here.join("abc123").to_str().unwrap()).is_some());
        let url = "https://wandb.ai/team/project/runs/a.wandb";
        for path in
            ["team/project/run", "src", ".hidden", "...", "/team/project/run", "/usr/run", "wandb", "", url]
        {
            assert_eq!(LocalPath::parse(path), None, "{path}");
        }
    }

    #[test]
    fn place_splits_into_folder_and_name() {
        let (folder, name) = LocalPath::parse("./wandb/abc").unwrap().split().unwrap();
        assert_eq!((folder.to_string(), name.as_str()), ("./wandb".to_owned(), "abc"));
        assert!(LocalPath::parse("a.wandb").unwrap().split().is_none());
    }
}
