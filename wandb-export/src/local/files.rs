//! Lists the files of a run on disk: those beside the SDK's log, or those of a mirror.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use wandb_core::model::File;

use super::LocalRun;
use super::source::Source;
use crate::error::Error;
use crate::issue::Issue;

/// A file of a run and its place on disk.
pub(crate) type LocalFile = (File, PathBuf);

impl LocalRun {
    /// Lists the files: in the server's order for a mirror, else by name.
    pub(crate) fn files(&self) -> Result<Vec<LocalFile>, Error> {
        match &self.source {
            Source::Sessions(_) => self.files_of_sessions(),
            #[cfg(feature = "mirror")]
            Source::Mirrored(run) => run.files(),
        }
    }

    /// Returns the issues of the files.
    pub(crate) fn file_issues(&self) -> Result<Vec<Issue>, Error> {
        match &self.source {
            Source::Sessions(_) => {
                let mut issues = Vec::new();
                let mut see = |_, file: PathBuf, size: Option<u64>| {
                    if size.is_none() {
                        let detail = "is a broken link".to_owned();
                        issues.push(Issue::FileDamaged { file, detail });
                    }
                };
                self.walk(&mut see)?;
                Ok(issues)
            }
            #[cfg(feature = "mirror")]
            Source::Mirrored(run) => run.issues(crate::mirror::Part::Files),
        }
    }

    /// Lists the files of all sessions. If several have a file, the last session wins.
    fn files_of_sessions(&self) -> Result<Vec<LocalFile>, Error> {
        let mut files = Vec::new();
        let mut names = HashSet::new();
        let mut add = |name: String, place: PathBuf, size: Option<u64>| {
            if size.is_some() && names.insert(name.clone()) {
                let mut file = File::new("", name);
                file.size = size;
                files.push((file, place));
            }
        };
        self.walk(&mut add)?;
        files.sort_unstable_by(|(one, _), (other, _)| one.name.cmp(&other.name));
        Ok(files)
    }

    /// Visits all files of all sessions, the last session first.
    fn walk(&self, see: &mut impl FnMut(String, PathBuf, Option<u64>)) -> Result<(), Error> {
        for folder in self.folders() {
            walk(&folder, "", see)
                .map_err(|error| Error::io(format!("listing the files in {}", folder.display()), error))?;
        }
        Ok(())
    }
}

/// Visits the files of a folder and its subfolders, with `/` in their names on every system. Follows links to
/// files, which `run.save` creates, but not to folders. A broken link has no size.
fn walk(folder: &Path, above: &str, see: &mut impl FnMut(String, PathBuf, Option<u64>)) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let name = format!("{above}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &format!("{name}/"), see)?;
            continue;
        }
        match fs::metadata(entry.path()) {
            Ok(found) if found.is_file() => see(name, entry.path(), Some(found.len())),
            Ok(_) => {}
            Err(_) => see(name, entry.path(), None),
        }
    }
    Ok(())
}
