//! The files that the SDK put beside a run.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use wandb_core::model::File;

use super::LocalRun;
use crate::error::Error;

/// A file of a run, and where it is.
pub(crate) type LocalFile = (File, PathBuf);

impl LocalRun {
    /// The files by name. Of those that several sessions have the last one's counts.
    pub(crate) fn files(&self) -> Result<Vec<LocalFile>, Error> {
        let mut files = Vec::new();
        let mut names = HashSet::new();
        for folder in self.folders() {
            let mut add = |name: String, place: PathBuf, size: u64| {
                if names.insert(name.clone()) {
                    let mut file = File::new("", name);
                    file.size = Some(size);
                    files.push((file, place));
                }
            };
            walk(&folder, "", &mut add)
                .map_err(|error| Error::io(format!("listing the files in {}", folder.display()), error))?;
        }
        files.sort_unstable_by(|(one, _), (other, _)| one.name.cmp(&other.name));
        Ok(files)
    }
}

/// Names have slashes, whatever the system has. Links are followed to files only, as `run.save` makes such.
fn walk(folder: &Path, above: &str, add: &mut impl FnMut(String, PathBuf, u64)) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let name = format!("{above}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &format!("{name}/"), add)?;
            continue;
        }
        // A link may lead nowhere by now.
        if let Ok(found) = fs::metadata(entry.path())
            && found.is_file()
        {
            add(name, entry.path(), found.len());
        }
    }
    Ok(())
}
