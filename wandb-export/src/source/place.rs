//! Distinguishes places on disk from paths on a server, and lists the sources that may be there.

use std::path::{MAIN_SEPARATOR, Path, PathBuf};

use super::disk::{Find, RunFolder};
#[cfg(feature = "mirror")]
use super::mirror;
use super::sdk;
use crate::error::Error;

/// A syntax of paths that name places on disk.
#[derive(Debug)]
struct Syntax {
    /// The start of each path, which is not part of the place.
    prefix: &'static str,
    /// Recognizes the rest of a path.
    is_place: fn(&str) -> bool,
    /// The sources that may be at such a place. The first one that finds runs opens them.
    sources: &'static [Find],
}

/// The syntaxes of places on disk. A path that none of them recognizes belongs to the server.
const SYNTAXES: &[Syntax] = &[
    #[cfg(test)]
    Syntax { prefix: "jsonl:", is_place: |_| true, sources: &[super::jsonl::find] },
    Syntax {
        prefix: "",
        is_place,
        sources: &[
            sdk::find,
            #[cfg(feature = "mirror")]
            mirror::find,
        ],
    },
];

/// A place on disk.
#[derive(Debug, Clone)]
pub(crate) struct LocalPath {
    syntax: &'static Syntax,
    path: PathBuf,
}

impl LocalPath {
    /// Parses a text as a place on disk.
    ///
    /// `my-team/my-project` is always a project on the server, whatever folders exist.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        SYNTAXES.iter().find_map(|syntax| {
            let path = text.strip_prefix(syntax.prefix).filter(|rest| (syntax.is_place)(rest))?;
            Some(Self { syntax, path: path.into() })
        })
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
        let place = Self::parse(&marked)?;
        let is_there =
            place.find().is_ok_and(|found| found.is_some()) || super::choose::choose(&place).is_ok();
        is_there.then_some(marked)
    }

    /// Looks for runs at this place.
    pub(super) fn find(&self) -> Result<Option<Box<dyn RunFolder>>, Error> {
        for find in self.syntax.sources {
            if let Some(found) = find(&self.path)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Splits off the last name of the place.
    pub(super) fn split(&self) -> Option<(Self, String)> {
        let name = self.path.file_name()?.to_str()?.to_owned();
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty())?;
        Some((Self { path: parent.to_owned(), ..*self }, name))
    }
}

/// Returns whether a text names a place on disk. A place starts with `./` or `../`, is `.` or `..`, or ends in
/// `.wandb`. An absolute path is a place if it or its parent folder exists, because a server's path may start with a
/// slash too.
fn is_place(text: &str) -> bool {
    let begins = |start: &str| {
        text.strip_prefix(start)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', MAIN_SEPARATOR]))
    };
    let path = Path::new(text);
    begins(".")
        || begins("..")
        || (path.extension().is_some_and(|extension| extension == "wandb") && !text.contains("://"))
        || (path.is_absolute()
            && (exists(path) || path.parent().is_some_and(|parent| exists(parent) && !is_top(parent))))
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
        write!(f, "{}{}", self.syntax.prefix, self.path.display())
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
            assert!(LocalPath::parse(path).is_none(), "{path}");
        }
    }

    #[test]
    fn place_splits_into_folder_and_name() {
        let (folder, name) = LocalPath::parse("./wandb/abc").unwrap().split().unwrap();
        assert_eq!((folder.to_string(), name.as_str()), ("./wandb".to_owned(), "abc"));
        assert!(LocalPath::parse("a.wandb").unwrap().split().is_none());
    }
}
