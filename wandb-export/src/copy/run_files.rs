//! Downloads the files of one run to its folder.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use wandb_core::{RunPath, model};
use wandb_graphql::ops::{ListFiles, ListPage};

use super::errors::{is_final, is_of_all_projects};
use super::event::MirrorEvent;
use super::run_copy::{Got, RunCopy};
use crate::api::RunFile;
use crate::download::{DownloadProgress, Fetched, Means, Receipts, RemoteFile, fetch_all};
use crate::error::Error;
use crate::files::{DownloadFolder, Downloaded, Existing, Receipt};
use crate::mirror::contents::Part;
use crate::mirror::layout::place;
use crate::mirror::record::{File, Files, Origin};
use crate::source::list_reader;

/// Downloads below this size, in bytes, skip the check for free space. The check leaves this much space free.
const LARGE: u64 = 64 << 20;

/// The plan for a run's files.
struct Plan {
    /// Each listed file, with its entry in the mirror if that is current.
    files: Vec<(model::File, Option<File>)>,
    /// Receipts of files that the list does not confirm.
    receipts: HashMap<String, Receipt>,
    /// Bytes of the other files that are on the disk, complete or partially downloaded.
    there: u64,
}

impl RunCopy<'_> {
    pub(super) async fn files(&self, came: Option<ListPage<model::File>>) -> Result<Got<Files>, Error> {
        let Self { of, path, .. } = self;
        let client = of.api.client();
        let came = came.filter(|page| page.is_last() && page.null_entries == 0 && page.unreadable.is_empty());
        let (listed, issues) = if let Some(page) = came {
            (page.items, Vec::new())
        } else {
            let list = format!("files of {path}");
            list_reader::read_pages(client, vec![ListFiles::new(RunPath::clone(path))], list)
                .collect()
                .await?
        };
        let issues: Vec<_> = issues.iter().map(ToString::to_string).collect();
        let inside = place(Part::Files, self.here);
        let folder = DownloadFolder::of(of.disk.within(&inside), of.disk.place(&inside));
        let known =
            self.known.and_then(|known| known.files.clone()).map_or(Vec::new(), |taken| taken.what.files);
        let plan = {
            let folder = folder.clone();
            client.work(move || plan(listed, known, &folder)).await
        };
        let wanted: Vec<RemoteFile> = plan
            .files
            .iter()
            .filter(|(_, known)| known.is_none())
            .map(|(file, _)| RunFile::listed(of.api.clone(), RunPath::clone(path), file.clone()).remote())
            .collect();
        if wanted.is_empty() {
            let files = plan.files.into_iter().filter_map(|(_, known)| known).collect();
            return Ok(Got { missing: issues, ..Got::all(Files { files }) });
        }
        self.check_room(&wanted, plan.there)?;
        let permits = of.downloads(wanted.len()).await;
        let wanted = stream::iter(wanted.into_iter().map(Ok)).boxed();
        let means = Means {
            client: client.clone(),
            folder: folder.clone(),
            existing: Existing::Replace,
            receipts: Receipts::Known(Arc::new(plan.receipts)),
            progress: DownloadProgress::default(),
        };
        let fetched = fetch_all(wanted, means, permits.len()).await?;
        drop(permits);
        let (mut came, mut missing, mut inexact) = (Vec::new(), issues, Vec::new());
        for (file, outcome) in fetched {
            match outcome {
                Ok(fetched) => {
                    inexact.extend(fetched.inexact.iter().map(|detail| format!("{}: {detail}", file.name)));
                    came.push((file, fetched));
                }
                Err(error @ Error::Io { .. }) if is_of_all_projects(&error) => return Err(error),
                Err(error) if is_final(&error) => return Err(error),
                // A later request would not get the file either.
                Err(error @ Error::FileIsReference { .. }) => inexact.push(error.to_string()),
                Err(error) => missing.push(format!("{}: {}", file.name, error.with_causes())),
            }
        }
        let mut described = client.work(move || describe(came, &folder)).await?;
        for file in described.values() {
            (of.tell)(&MirrorEvent::File { run: RunPath::clone(path), bytes: file.bytes });
        }
        let files =
            plan.files.into_iter().filter_map(|(file, known)| known.or_else(|| described.remove(&file.name)));
        Ok(Got { missing, inexact, ..Got::all(Files { files: files.collect() }) })
    }

    /// Refuses a large download that does not fit on the disk, so that the other data still fits.
    fn check_room(&self, wanted: &[RemoteFile], there: u64) -> Result<(), Error> {
        let bytes: u64 = wanted.iter().filter_map(|file| file.listed.size).fold(0, u64::saturating_add);
        let left = bytes.saturating_sub(there);
        if left < LARGE {
            return Ok(());
        }
        match self.of.disk.room() {
            Some(room) if room < left.saturating_add(LARGE) => Err(Error::File {
                name: format!("the files of {}", self.path),
                message: format!("{left} more bytes are needed, but the disk has room for {room}"),
            }),
            _ => Ok(()),
        }
    }
}

/// Finds the listed files that are already in the mirror.
fn plan(listed: Vec<model::File>, known: Vec<File>, folder: &DownloadFolder) -> Plan {
    let mut known: HashMap<String, File> = known.into_iter().map(|file| (file.name.clone(), file)).collect();
    let mut seen = HashSet::new();
    let mut plan = Plan { files: Vec::new(), receipts: HashMap::new(), there: folder.size_of_partial() };
    for file in listed {
        // A list that changed between two pages may contain a file twice.
        if !seen.insert(file.name.clone()) {
            continue;
        }
        let known = known.remove(&file.name);
        let place = known.as_ref().map_or(&*file.name, File::here);
        let found = folder.size(place);
        let is_same = |known: &File| {
            let as_listed = file.md5.as_ref() == Some(&known.md5);
            as_listed && file.size.is_none_or(|size| size == known.bytes) && found == Some(known.bytes)
        };
        let receipt = known.as_ref().and_then(File::receipt);
        let known = known.filter(is_same);
        if known.is_none() && found.is_some() && (found == file.size || receipt.is_some()) {
            plan.there += found.unwrap_or_default();
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
    came: Vec<(RemoteFile, Fetched)>,
    folder: &DownloadFolder,
) -> Result<HashMap<String, File>, Error> {
    let mut described = HashMap::with_capacity(came.len());
    for (file, Fetched { file: Downloaded { path, .. }, md5, receipt, .. }) in came {
        let failed = |error| Error::io(format!("reading {}", path.display()), error);
        let root = folder.place("");
        let inside = path.strip_prefix(&root).unwrap_or(&path);
        let here: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
        let here = here.join("/");
        let is_gone = || std::io::Error::new(std::io::ErrorKind::NotFound, "it has been removed meanwhile");
        let (bytes, md5) = match (md5, folder.size(&here)) {
            (Some(md5), Some(bytes)) => (bytes, md5),
            _ => folder.describe(&here, None).and_then(|found| found.ok_or_else(is_gone)).map_err(failed)?,
        };
        let here = Some(here).filter(|here| *here != file.name);
        described.insert(
            file.name.clone(),
            File { name: file.name.clone(), here, bytes, md5, origin: receipt.map(Origin::from) },
        );
    }
    let names: Vec<&str> = described.values().map(File::here).collect();
    let syncing = |error| Error::io(format!("syncing {}", folder.place("").display()), error);
    folder.persist(&names).map_err(syncing)?;
    Ok(described)
}
