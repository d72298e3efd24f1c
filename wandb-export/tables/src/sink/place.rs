//! Classifies the path of an output: a file to replace, or something to write to directly.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::SinkError;

/// Maximum number of symbolic links to follow.
const MAX_LINKS: usize = 16;

/// The kind of object at an output's path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A file, or a path where nothing exists yet. Links are resolved.
    File(PathBuf),
    /// A device, pipe or socket, which can be written to but not replaced.
    Stream(PathBuf),
    /// This process's standard output.
    StandardOutput,
    /// A file that this process already has open. It is appended to, not replaced.
    Opened(PathBuf),
}

impl Place {
    pub(super) fn of(path: &Path) -> Result<Self, SinkError> {
        let ends_like_directory = path
            .as_os_str()
            .as_encoded_bytes()
            .last()
            .is_some_and(|&byte| std::path::is_separator(char::from(byte)));
        let path = match follow_links(path) {
            Followed::Path(path) => path,
            Followed::Descriptor(path) => return Self::of_descriptor(path),
        };
        match fs::metadata(&path) {
            Ok(found) if found.is_dir() => return Err(SinkError::Directory { path }),
            Ok(found) if !found.is_file() => return Ok(Self::Stream(path)),
            _ if ends_like_directory || path.file_name().is_none() => {
                return Err(SinkError::Directory { path });
            }
            _ => {}
        }
        if directory(&path).is_dir() {
            Ok(Self::File(path))
        } else {
            let parent = directory(&path).to_owned();
            Err(SinkError::MissingParent { path, parent })
        }
    }

    fn of_descriptor(path: PathBuf) -> Result<Self, SinkError> {
        if path.file_name().is_some_and(|number| number == "1") {
            return Ok(Self::StandardOutput);
        }
        match fs::metadata(&path) {
            Ok(found) if found.is_dir() => Err(SinkError::Directory { path }),
            Ok(found) if found.is_file() => Ok(Self::Opened(path)),
            Ok(_) => Ok(Self::Stream(path)),
            Err(error) => Err(SinkError::io("opening", path.display(), error)),
        }
    }
}

/// Returns whether the object at the path is written to directly rather than replaced.
pub fn is_stream(path: &Path) -> bool {
    matches!(Place::of(path), Ok(Place::Stream(_) | Place::StandardOutput | Place::Opened(_)))
}

pub(super) fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The result of following symbolic links.
enum Followed {
    /// A path. The links themselves are kept.
    Path(PathBuf),
    /// A descriptor that this process has open, by its path in the file system.
    Descriptor(PathBuf),
}

fn follow_links(path: &Path) -> Followed {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        if is_descriptor(&path) {
            return Followed::Descriptor(path);
        }
        let Ok(target) = fs::read_link(&path) else { break };
        path = path.parent().map_or_else(|| target.clone(), |parent| parent.join(&target));
    }
    Followed::Path(path)
}

/// Returns whether a path is a descriptor of this process: `/dev/fd/3`, `/proc/self/fd/3`. Such a link can be
/// opened, but its target is not a path: `pipe:[4711]`.
fn is_descriptor(path: &Path) -> bool {
    let is_number = |name: &std::ffi::OsStr| {
        name.to_str().is_some_and(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if !cfg!(unix) || !path.file_name().is_some_and(is_number) {
        return false;
    }
    let Ok(folder) = fs::canonicalize(directory(path)) else { return false };
    let own = Path::new("/proc").join(std::process::id().to_string());
    folder == Path::new("/dev/fd") || folder == own.join("fd") || folder.starts_with(own.join("task"))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn devices_and_own_descriptors_are_written_to() {
        assert_eq!(Place::of(Path::new("/dev/null")).unwrap(), Place::Stream("/dev/null".into()));
        for path in
            ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].map(Path::new).into_iter().filter(|p| p.exists())
        {
            assert_eq!(Place::of(path).unwrap(), Place::StandardOutput, "{}", path.display());
        }
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("out");
        symlink("/dev/stdout", &link).unwrap();
        assert_eq!(Place::of(&link).unwrap(), Place::StandardOutput);
    }
}
