//! The files of a run on disk: those that the SDK put beside it, or those of a mirror.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use wandb_core::model::File;

use super::LocalRun;
use super::source::Source;
use crate::error::Error;

/// A file of a run, and where it is.
pub(crate) type LocalFile = (File, PathBuf);

impl LocalRun {
    /// The files: those of a mirror in the server's order, others by name.
    pub(crate) fn files(&self) -> Result<Vec<LocalFile>, Error> {
        match &self.source {
            Source::Sessions(_) => self.files_of_sessions(),
            #[cfg(feature = "mirror")]
            Source::Mirrored(run) => run.files(),
        }
    }

    /// What of the files is missing, each in a sentence.
    #[cfg_attr(
        not(feature = "mirror"),
        expect(clippy::unnecessary_wraps, reason = "a mirror may be damaged")
    )]
    pub(crate) fn missing_files(&self) -> Result<Vec<String>, Error> {
        match &self.source {
            Source::Sessions(_) => Ok(Vec::new()),
            #[cfg(feature = "mirror")]
            Source::Mirrored(run) => run.told(crate::mirror::Part::Files),
        }
    }

    /// Of files that several sessions have the last one's counts.
    fn files_of_sessions(&self) -> Result<Vec<LocalFile>, Error> {
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
