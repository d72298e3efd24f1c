//! Lists the files beside the SDK's logs.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use wandb_core::model::File;

use super::run::SdkData;
use crate::error::Error;
use crate::issue::Issue;

impl SdkData {
    /// Returns the issues of the files.
    pub(super) fn find_file_issues(&self) -> Result<Vec<Issue>, Error> {
        let mut issues = Vec::new();
        let mut visit = |_, file: PathBuf, size: Option<u64>| {
            if size.is_none() {
                let detail = "is a broken link".to_owned();
                issues.push(Issue::FileDamaged { file, detail });
            }
        };
        self.walk(&mut visit)?;
        Ok(issues)
    }

    /// Lists the files of all sessions by name. If several have a file, the last session wins.
    pub(super) fn list_files(&self) -> Result<Vec<(File, PathBuf)>, Error> {
        let mut files = Vec::new();
        let mut names = HashSet::new();
        let mut add = |name: String, path: PathBuf, size: Option<u64>| {
            if size.is_some() && names.insert(name.clone()) {
                let mut file = File::new("", name);
                file.size = size;
                files.push((file, path));
            }
        };
        self.walk(&mut add)?;
        files.sort_unstable_by(|(one, _), (other, _)| one.name.cmp(&other.name));
        Ok(files)
    }

    /// Visits all files of all sessions, the last session first.
    fn walk(&self, visit: &mut impl FnMut(String, PathBuf, Option<u64>)) -> Result<(), Error> {
        for session in self.sessions.iter().rev() {
            let folder = &session.files.texts;
            walk(folder, "", visit)
                .map_err(|error| Error::io(format!("listing the files in {}", folder.display()), error))?;
        }
        Ok(())
    }
}

/// Visits the files of a folder and its subfolders, with `/` in their names on every system. Follows links to
/// files, which `run.save` creates, but not to folders. A broken link has no size.
fn walk(folder: &Path, prefix: &str, visit: &mut impl FnMut(String, PathBuf, Option<u64>)) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &format!("{name}/"), visit)?;
            continue;
        }
        match fs::metadata(entry.path()) {
            Ok(found) if found.is_file() => visit(name, entry.path(), Some(found.len())),
            Ok(_) => {}
            Err(_) => visit(name, entry.path(), None),
        }
    }
    Ok(())
}
