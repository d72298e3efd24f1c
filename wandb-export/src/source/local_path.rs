//! Distinguishes local paths from paths on a server, and lists the sources that may be there.

use std::path::{MAIN_SEPARATOR, Path, PathBuf};

use super::disk::{FindRuns, RunFolder};
#[cfg(feature = "mirror")]
use super::mirror;
use super::sdk;
use crate::error::Error;

/// A syntax of local paths.
#[derive(Debug)]
struct Syntax {
    /// The start of each path, which is not part of the file path.
    prefix: &'static str,
    /// Recognizes the rest of a path.
    is_local_path: fn(&str) -> bool,
    /// The sources that may be at such a path. The first one that finds runs opens them.
    sources: &'static [FindRuns],
}

/// The syntaxes of local paths. A path that none of them recognizes belongs to the server.
const SYNTAXES: &[Syntax] = &[
    #[cfg(test)]
    Syntax { prefix: "jsonl:", is_local_path: |_| true, sources: &[super::jsonl::find_runs] },
    Syntax {
        prefix: "",
        is_local_path,
        sources: &[
            sdk::find_runs,
            #[cfg(feature = "mirror")]
            mirror::find_runs,
        ],
    },
];

/// A path on disk.
#[derive(Debug, Clone)]
pub(crate) struct LocalPath {
    syntax: &'static Syntax,
    path: PathBuf,
}

impl LocalPath {
    /// Parses a text as a local path.
    ///
    /// `my-team/my-project` is always a project on the server, whatever folders exist.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        SYNTAXES.iter().find_map(|syntax| {
            let path = text.strip_prefix(syntax.prefix).filter(|rest| (syntax.is_local_path)(rest))?;
            Some(Self { syntax, path: path.into() })
        })
    }

    /// Suggests `./TEXT` for a server's path if runs exist there.
    #[cfg(feature = "cli")]
    pub(crate) fn suggest_dot_prefix(text: &str) -> Option<String> {
        if text.is_empty()
            || text.contains("://")
            || Path::new(text).is_absolute()
            || Self::parse(text).is_some()
        {
            return None;
        }
        let marked = format!("./{text}");
        let path = Self::parse(&marked)?;
        let has_runs =
            path.find_runs().is_ok_and(|found| found.is_some()) || super::lookup::find_run(&path).is_ok();
        has_runs.then_some(marked)
    }

    /// Looks for runs at this path.
    pub(super) fn find_runs(&self) -> Result<Option<Box<dyn RunFolder>>, Error> {
        for find in self.syntax.sources {
            if let Some(found) = find(&self.path)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Splits off the last name of the path.
    pub(super) fn split_last(&self) -> Option<(Self, String)> {
        let name = self.path.file_name()?.to_str()?.to_owned();
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty())?;
        Some((Self { path: parent.to_owned(), ..*self }, name))
    }
}

/// Returns whether a text is a local path. It starts with `./` or `../`, is `.` or `..`, or ends in
/// `.wandb`. An absolute path counts if it or its parent folder exists, because a server's path may start with a
/// slash too.
fn is_local_path(text: &str) -> bool {
    let starts_with = |start: &str| {
        text.strip_prefix(start)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', MAIN_SEPARATOR]))
    };
    let path = Path::new(text);
    starts_with(".")
        || starts_with("..")
        || (path.extension().is_some_and(|extension| extension == "wandb") && !text.contains("://"))
        || (path.is_absolute()
            && (exists(path) || path.parent().is_some_and(|parent| exists(parent) && !is_near_root(parent))))
}

fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Returns whether a path is the root or directly below it, where a server's path could seem to be.
fn is_near_root(path: &Path) -> bool {
    path.parent().is_none_or(|above| above.parent().is_none())
}

impl std::fmt::Display for LocalPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.syntax.prefix, self.path.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_marked_texts_are_local_paths() {
        let current = std::env::current_dir().unwrap();
        for path in [
            ".",
            "..",
            "./",
            "./wandb",
            "../x/run-1",
            "run-1.wandb",
            "a/b/run-1.wandb",
            current.to_str().unwrap(),
        ] {
            assert!(LocalPath::parse(path).is_some(), "{path}");
        }
        assert!(LocalPath::parse(current.join("abc123").to_str().unwrap()).is_some());
        let url = "https://wandb.ai/team/project/runs/a.wandb";
        for path in
            ["team/project/run", "src", ".hidden", "...", "/team/project/run", "/usr/run", "wandb", "", url]
        {
            assert!(LocalPath::parse(path).is_none(), "{path}");
        }
    }

    #[test]
    fn local_path_splits_into_folder_and_name() {
        let (folder, name) = LocalPath::parse("./wandb/abc").unwrap().split_last().unwrap();
        assert_eq!((folder.to_string(), name.as_str()), ("./wandb".to_owned(), "abc"));
        assert!(LocalPath::parse("a.wandb").unwrap().split_last().is_none());
    }
}
