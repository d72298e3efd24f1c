//! Files of a run into a folder.

use std::path::{Path, PathBuf};

use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::fetch::fetch;
use super::{DownloadProgress, Files, RunFile};
use crate::error::Error;
use crate::files::{Downloaded, Downloads, Existing, Folder, Names};

impl Files {
    /// What to do where something is in the place of a file. Default: [`Existing::Refuse`].
    pub fn existing(mut self, existing: Existing) -> Self {
        self.existing = existing;
        self
    }

    /// How far the download of these files is, to be looked at while it goes on.
    pub fn progress(&self) -> DownloadProgress {
        self.progress.clone()
    }

    /// Downloads the files into `folder`, which is made if there is none; sub-folders are those of the names.
    ///
    /// Several at a time, each checked against the size and digest that the server tells and then put into its place.
    /// One that cannot be had does not keep the others from it. What was begun before, also by a program that was killed,
    /// is gone on with, and what is there already is not downloaded again.
    ///
    /// A name that could lead out of the folder, or that some system cannot hold or tell from another one, is replaced by a
    /// safe one; `wandb-export-names.json` in the folder tells the server's names of those.
    ///
    /// # Errors
    /// If the files cannot be listed, or the folder cannot be used. What is wrong with single files is in the result.
    pub async fn download(self, folder: impl AsRef<Path>) -> Result<Downloads, Error> {
        let target = Target::open(folder.as_ref().to_owned()).await?;
        let (existing, progress) = (self.existing, self.progress.clone());
        let at_once = self.api.client.concurrency();
        let places = stream::try_unfold((self.stream(), target.names), {
            let (folder, progress) = (target.folder.clone(), progress.clone());
            move |(mut files, names)| {
                let (folder, progress) = (folder.clone(), progress.clone());
                async move {
                    let Some(file) = files.next().await.transpose()? else { return Ok::<_, Error>(None) };
                    progress.listed(file.size);
                    let (here, names) = assign(&folder, names, &file).await?;
                    Ok(Some(((file, here), (files, names))))
                }
            }
        });
        let folder = target.folder;
        let used = folder.clone();
        let fetched = places.enumerate().map(move |(number, place)| {
            let (folder, progress) = (folder.clone(), progress.clone());
            async move {
                let (file, here) = place?;
                let outcome = fetch(&file, &folder, &here, existing, &progress).await;
                progress.done();
                Ok::<_, Error>((number, file, outcome))
            }
        });
        // As they end, so that a large file does not hold up the others.
        let mut ended: Vec<_> = fetched.buffer_unordered(at_once).try_collect().await?;
        ended.sort_unstable_by_key(|(number, ..)| *number);
        let mut downloads = Downloads::default();
        for (_, file, outcome) in ended {
            downloads.push(&file.name, outcome);
        }
        blocking::unblock(move || used.tidy()).await;
        Ok(downloads)
    }
}

impl RunFile {
    /// Downloads the file into `folder` under its own name and returns where it is; see [`Files::download`].
    ///
    /// # Errors
    /// If something else is in its place, or it cannot be had.
    pub async fn download(&self, folder: impl AsRef<Path>) -> Result<PathBuf, Error> {
        self.download_with(folder, Existing::Refuse).await
    }

    /// The same, with what to do where something is in its place.
    ///
    /// # Errors
    /// If it cannot be had.
    pub async fn download_with(
        &self,
        folder: impl AsRef<Path>,
        existing: Existing,
    ) -> Result<PathBuf, Error> {
        Ok(self.fetch(folder.as_ref().to_owned(), existing).await?.path)
    }

    async fn fetch(&self, folder: PathBuf, existing: Existing) -> Result<Downloaded, Error> {
        let Target { folder, names } = Target::open(folder).await?;
        let (here, _) = assign(&folder, names, self).await?;
        let outcome = fetch(self, &folder, &here, existing, &DownloadProgress::default()).await;
        blocking::unblock(move || folder.tidy()).await;
        outcome
    }
}

/// A folder, and the names in it.
struct Target {
    folder: Folder,
    names: Names,
}

impl Target {
    async fn open(path: PathBuf) -> Result<Self, Error> {
        blocking::unblock(move || {
            let failed = |doing: &str| format!("{doing} the folder {}", path.display());
            let folder = Folder::open(&path).map_err(|error| Error::io(failed("opening"), error))?;
            let reading = format!("reading {} in", Names::MAPPING);
            let names = folder.names().map_err(|error| Error::io(failed(&reading), error))?;
            Ok(Self { folder, names })
        })
        .await
    }
}

/// The place of a file in the folder; a new name is on the disk before the file is.
async fn assign(folder: &Folder, mut names: Names, file: &RunFile) -> Result<(String, Names), Error> {
    let (here, is_new) = names.assign(&file.name);
    if !is_new {
        return Ok((here, names));
    }
    let folder = folder.clone();
    blocking::unblock(move || {
        let saved = folder.save_names(names.renamed());
        saved.map_err(|error| {
            Error::io(format!("writing {}", folder.place(Names::MAPPING).display()), error)
        })?;
        Ok((here, names))
    })
    .await
}
