//! Downloads the files of one run to its folder.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use wandb_core::client::DownloadReceipt;
use wandb_core::{RunPath, model};
use wandb_graphql::ops::{ListFiles, ListPage};
use wandb_mirror::Part;
use wandb_mirror::layout::place;
use wandb_mirror::record::{File, Files, Origin};
use wandb_storage::Digest;

use super::errors::{is_final, is_global};
use super::event::MirrorEvent;
use super::run_copy::{FetchedPart, RunCopy};
use crate::api::RunFile;
use crate::download::{DownloadProgress, DownloadSettings, Fetched, Receipts, RemoteFile, fetch_all};
use crate::error::Error;
use crate::files::{DownloadFolder, DownloadedFile, ExistingFilePolicy};
use crate::source::list_reader;

/// Downloads below this size, in bytes, skip the check for free space. The check leaves this much space free.
const LARGE_DOWNLOAD: u64 = 64 << 20;

/// The plan for a run's files.
struct FilePlan {
    /// Each listed file, with its entry in the mirror if that is current.
    files: Vec<(model::File, Option<File>)>,
    /// Receipts of files that the list does not confirm.
    receipts: HashMap<String, DownloadReceipt>,
    /// Bytes of the other files that are on the disk, complete or partially downloaded.
    bytes_on_disk: u64,
}

impl RunCopy<'_> {
    pub(super) async fn copy_files(
        &self,
        received: Option<ListPage<model::File>>,
    ) -> Result<FetchedPart<Files>, Error> {
        let Self { copier, path, .. } = self;
        let client = copier.api.client();
        let received =
            received.filter(|page| page.is_last() && page.null_entries == 0 && page.unreadable.is_empty());
        let (listed, issues) = if let Some(page) = received {
            (page.items, Vec::new())
        } else {
            let list = format!("files of {path}");
            list_reader::read_pages(client, vec![ListFiles::new(RunPath::clone(path))], list)
                .collect()
                .await?
        };
        let issues: Vec<_> = issues.iter().map(ToString::to_string).collect();
        let subfolder = place(Part::Files, self.name);
        let folder = DownloadFolder::new(copier.disk.within(&subfolder), copier.disk.place(&subfolder));
        let known = self
            .known
            .and_then(|known| known.files.clone())
            .map_or(Vec::new(), |copied| copied.content.files);
        let plan = {
            let folder = folder.clone();
            client.work(move || plan_files(listed, known, &folder)).await
        };
        let wanted: Vec<RemoteFile> = plan
            .files
            .iter()
            .filter(|(_, known)| known.is_none())
            .map(|(file, _)| {
                RunFile::from_listing(copier.api.clone(), RunPath::clone(path), file.clone()).to_remote_file()
            })
            .collect();
        if wanted.is_empty() {
            let files = plan.files.into_iter().filter_map(|(_, known)| known).collect();
            return Ok(FetchedPart { missing: issues, ..FetchedPart::complete(Files { files }) });
        }
        self.check_free_space(&wanted, plan.bytes_on_disk)?;
        let wanted = stream::iter(wanted.into_iter().map(Ok)).boxed();
        let settings = DownloadSettings {
            client: client.clone(),
            folder: folder.clone(),
            existing: ExistingFilePolicy::Replace,
            receipts: Receipts::Known(Arc::new(plan.receipts)),
            progress: DownloadProgress::default(),
            limits: copier.api.fetch_limits(),
        };
        let fetched = fetch_all(wanted, settings).await?;
        let (mut fetched_files, mut missing, mut inexact) = (Vec::new(), issues, Vec::new());
        for (file, outcome) in fetched {
            match outcome {
                Ok(fetched) => {
                    inexact.extend(fetched.inexact.iter().map(|detail| format!("{}: {detail}", file.name)));
                    fetched_files.push((file, fetched));
                }
                Err(error @ Error::Io { .. }) if is_global(&error) => return Err(error),
                Err(error) if is_final(&error) => return Err(error),
                // A later request would not get the file either.
                Err(error @ Error::FileIsReference { .. }) => inexact.push(error.to_string()),
                Err(error) => missing.push(format!("{}: {}", file.name, error.with_causes())),
            }
        }
        let mut described = client.work(move || describe(fetched_files, &folder)).await?;
        for file in described.values() {
            (copier.on_event)(&MirrorEvent::File { run: RunPath::clone(path), bytes: file.bytes });
        }
        let files =
            plan.files.into_iter().filter_map(|(file, known)| known.or_else(|| described.remove(&file.name)));
        Ok(FetchedPart { missing, inexact, ..FetchedPart::complete(Files { files: files.collect() }) })
    }

    /// Refuses a large download that does not fit on the disk, so that the other data still fits.
    fn check_free_space(&self, wanted: &[RemoteFile], bytes_on_disk: u64) -> Result<(), Error> {
        let bytes: u64 = wanted.iter().filter_map(|file| file.listed.size).fold(0, u64::saturating_add);
        let left = bytes.saturating_sub(bytes_on_disk);
        if left < LARGE_DOWNLOAD {
            return Ok(());
        }
        match self.copier.disk.free_bytes() {
            Some(room) if room < left.saturating_add(LARGE_DOWNLOAD) => Err(Error::File {
                name: format!("the files of {}", self.path),
                message: format!("{left} more bytes are needed, but the disk has room for {room}"),
            }),
            _ => Ok(()),
        }
    }
}

/// Finds the listed files that are already in the mirror.
fn plan_files(listed: Vec<model::File>, known: Vec<File>, folder: &DownloadFolder) -> FilePlan {
    let mut known: HashMap<String, File> = known.into_iter().map(|file| (file.name.clone(), file)).collect();
    let mut seen = HashSet::new();
    let mut plan =
        FilePlan { files: Vec::new(), receipts: HashMap::new(), bytes_on_disk: folder.partial_bytes() };
    for file in listed {
        // A list that changed between two pages may contain a file twice.
        if !seen.insert(file.name.clone()) {
            continue;
        }
        let known = known.remove(&file.name);
        let local_name = known.as_ref().map_or(&*file.name, File::here);
        let found = folder.size(local_name);
        let is_same = |known: &File| {
            let as_listed = file.md5.as_ref() == Some(&known.md5);
            as_listed && file.size.is_none_or(|size| size == known.bytes) && found == Some(known.bytes)
        };
        let receipt = known.as_ref().and_then(File::receipt);
        let known = known.filter(is_same);
        if known.is_none() && found.is_some() && (found == file.size || receipt.is_some()) {
            plan.bytes_on_disk += found.unwrap_or_default();
        }
        if known.is_none()
            && let Some(receipt) = receipt
        {
            plan.receipts.insert(file.name.clone(), receipt);
        }
        plan.files.push((file, known));
    }
    plan
}

/// Describes the downloaded files by their names on the server, and syncs them so that they survive a crash.
fn describe(
    fetched_files: Vec<(RemoteFile, Fetched)>,
    folder: &DownloadFolder,
) -> Result<HashMap<String, File>, Error> {
    let mut described = HashMap::with_capacity(fetched_files.len());
    for (file, Fetched { file: DownloadedFile { path, .. }, md5, receipt, .. }) in fetched_files {
        let failed = |error| Error::io(format!("reading {}", path.display()), error);
        let root = folder.full_path("");
        let relative = path.strip_prefix(&root).unwrap_or(&path);
        let local_name: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
        let local_name = local_name.join("/");
        let is_gone = || std::io::Error::new(std::io::ErrorKind::NotFound, "it has been removed meanwhile");
        let (bytes, md5) = match (md5, folder.size(&local_name)) {
            (Some(md5), Some(bytes)) => (bytes, md5),
            _ => folder
                .describe(&local_name, None, Digest::default())
                .and_then(|found| found.ok_or_else(is_gone))
                .map(|(bytes, digests)| (bytes, digests.md5))
                .map_err(failed)?,
        };
        let local_name = Some(local_name).filter(|local_name| *local_name != file.name);
        described.insert(
            file.name.clone(),
            File { name: file.name.clone(), here: local_name, bytes, md5, origin: receipt.map(Origin::from) },
        );
    }
    let names: Vec<&str> = described.values().map(File::here).collect();
    let syncing = |error| Error::io(format!("syncing {}", folder.full_path("").display()), error);
    folder.persist(&names).map_err(syncing)?;
    Ok(described)
}
