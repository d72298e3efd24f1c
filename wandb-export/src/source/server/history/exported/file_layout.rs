//! All exported files of a run: sorts them by step and checks that they do not overlap.

use arrow_array::RecordBatch;
use futures_util::FutureExt;
use futures_util::stream::{self, BoxStream, StreamExt};
use wandb_core::RunPath;
use wandb_core::client::Client;

use super::columns::ColumnSet;
use super::files_at_once;
use super::inspect::{InspectedFile, Inspection, RowFilter, SelectedFile, inspect};
use super::storage::StoredFile;
use crate::error::Error;

/// Number of files fetched ahead of the one being decoded.
const FILES_AHEAD: usize = 4;

/// Number of batches decoded ahead.
const BATCHES_AHEAD: usize = 2;

/// Maximum bytes kept in memory from inspecting the files. More are fetched again when needed.
const KEPT_MEMORY: u64 = 1 << 20;

/// The same limit for temporary files, which exist if a server does not support ranges.
const KEPT_FILES: usize = 64;

/// The files with wanted rows, in step order and without overlap.
#[derive(Debug)]
pub(super) struct OrderedFiles {
    files: Vec<SelectedFile>,
    pub(super) columns: ColumnSet,
    /// The last step of all files.
    pub(super) last_step: Option<i64>,
}

/// The result of inspecting the footers of all files.
pub(super) enum FileLayout {
    /// The files can be read one after the other.
    Ordered(OrderedFiles),
    /// The rows must be read one by one to determine their order or their columns.
    Mixed { files: Vec<InspectedFile>, last_step: Option<i64> },
}

impl FileLayout {
    /// Inspects all files.
    pub(super) async fn inspect(
        client: &Client,
        run: &RunPath,
        urls: &[String],
        wanted: &RowFilter,
    ) -> Result<Self, Error> {
        let inspections: Vec<_> = urls
            .iter()
            .enumerate()
            .map(|(index, url)| {
                let part = index + 1;
                let name = format!("part {part} of {} of the exported history of {run}", urls.len());
                Ok(inspect(StoredFile::new(client, run, url, name)?, wanted.clone()).boxed())
            })
            .collect::<Result<_, Error>>()?;
        let mut inspections = stream::iter(inspections).buffered(files_at_once(client));
        let mut ordered = OrderedFiles { files: Vec::new(), columns: ColumnSet::default(), last_step: None };
        let mut unclear = Vec::new();
        let mut is_plain = true;
        let mut budget = InspectionBudget::default();
        while let Some(inspection) = inspections.next().await {
            match inspection? {
                Inspection::Nothing { last_step } => ordered.last_step = ordered.last_step.max(last_step),
                Inspection::Unclear(mut file) => {
                    budget.keep(&mut file);
                    unclear.push(*file);
                }
                Inspection::Selected { mut file, columns, last_step } => {
                    budget.keep(file.file());
                    ordered.last_step = ordered.last_step.max(Some(last_step));
                    let columns = columns.iter().map(|(name, kind)| (name.as_str(), *kind));
                    is_plain = is_plain && ordered.columns.add(file.steps().0, columns);
                    ordered.files.push(*file);
                }
            }
        }
        ordered.files.sort_by_key(SelectedFile::steps);
        let steps: Vec<(i64, i64)> = ordered.files.iter().map(SelectedFile::steps).collect();
        if unclear.is_empty() && is_plain && are_disjoint(&steps) {
            return Ok(Self::Ordered(ordered));
        }
        let last_step = ordered.last_step;
        unclear.extend(ordered.into_files());
        Ok(Self::Mixed { files: unclear, last_step })
    }
}

/// Counts the bytes and files kept from inspecting the files.
#[derive(Default)]
struct InspectionBudget {
    memory: u64,
    files: usize,
}

impl InspectionBudget {
    /// Keeps a file's fetched bytes if there is room for them.
    fn keep(&mut self, file: &mut InspectedFile) {
        let (memory, files) = (file.held().memory(), usize::from(file.held().has_file()));
        if self.memory + memory > KEPT_MEMORY || self.files + files > KEPT_FILES {
            file.forget();
            return;
        }
        self.memory += memory;
        self.files += files;
    }
}

impl OrderedFiles {
    /// Returns the files, to read all their rows.
    pub(super) fn into_files(self) -> impl Iterator<Item = InspectedFile> {
        self.files.into_iter().map(SelectedFile::into_file)
    }

    /// Reads the rows, with each file's own types. Fetches files while an earlier one is decoded.
    pub(super) fn batches(self) -> BoxStream<'static, Result<RecordBatch, Error>> {
        let (sender, opened) = async_channel::bounded(1);
        let fetch = async move {
            let mut opening = stream::iter(self.files).map(SelectedFile::open).buffered(FILES_AHEAD);
            while let Some(decoder) = opening.next().await {
                if sender.send(decoder).await.is_err() {
                    break;
                }
            }
        };
        let decoded = opened.flat_map(|decoder| match decoder {
            Ok(decoder) => blocking::Unblock::with_capacity(BATCHES_AHEAD, decoder).boxed(),
            Err(error) => stream::once(std::future::ready(Err(error))).boxed(),
        });
        let fetched = stream::once(fetch).filter_map(|()| std::future::ready(None));
        // Polls both whenever either can make progress.
        stream::select(fetched, decoded).boxed()
    }
}

/// Returns whether ranges of steps, sorted by their starts, do not overlap.
fn are_disjoint(steps: &[(i64, i64)]) -> bool {
    steps.windows(2).all(|pair| pair[0].1 < pair[1].0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_share_a_step_overlap() {
        assert!(are_disjoint(&[]));
        assert!(are_disjoint(&[(0, 9), (10, 10), (12, 30)]));
        assert!(!are_disjoint(&[(0, 10), (10, 20)]));
        assert!(!are_disjoint(&[(0, 30), (5, 6), (40, 50)]));
    }
}
