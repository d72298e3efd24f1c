//! All exported files of a run: sorts them by step and checks that they do not overlap.

use arrow_array::RecordBatch;
use futures_util::FutureExt;
use futures_util::stream::{self, BoxStream, StreamExt};
use wandb_core::RunPath;
use wandb_core::client::Client;

use super::columns::Columns;
use super::part::{Look, Looked, Part, Wanted, look};
use super::storage::Stored;
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
pub(super) struct Parts {
    in_order: Vec<Part>,
    pub(super) columns: Columns,
    /// The last step of all files.
    pub(super) last_step: Option<i64>,
}

/// The result of inspecting the footers of all files.
pub(super) enum Files {
    /// The files can be read one after the other.
    Apart(Parts),
    /// The rows must be read one by one to determine their order or their columns.
    Mixed { files: Vec<Looked>, last_step: Option<i64> },
}

impl Files {
    /// Inspects all files.
    pub(super) async fn of(
        client: &Client,
        run: &RunPath,
        urls: &[String],
        wanted: &Wanted,
    ) -> Result<Self, Error> {
        let looks: Vec<_> = urls
            .iter()
            .enumerate()
            .map(|(index, url)| {
                let part = index + 1;
                let name = format!("part {part} of {} of the exported history of {run}", urls.len());
                Ok(look(Stored::new(client, run, url, name)?, wanted.clone()).boxed())
            })
            .collect::<Result<_, Error>>()?;
        let mut looks = stream::iter(looks).buffered(client.concurrency());
        let mut found = Parts { in_order: Vec::new(), columns: Columns::default(), last_step: None };
        let mut unclear = Vec::new();
        let mut is_plain = true;
        let mut kept = Kept::default();
        while let Some(look) = looks.next().await {
            match look? {
                Look::Nothing { last_step } => found.last_step = found.last_step.max(last_step),
                Look::Unclear(mut file) => {
                    kept.keep(&mut file);
                    unclear.push(*file);
                }
                Look::Part { mut part, columns, last_step } => {
                    kept.keep(part.file());
                    found.last_step = found.last_step.max(Some(last_step));
                    let columns = columns.iter().map(|(name, kind)| (name.as_str(), *kind));
                    is_plain = is_plain && found.columns.add(part.steps().0, columns);
                    found.in_order.push(*part);
                }
            }
        }
        found.in_order.sort_by_key(Part::steps);
        let steps: Vec<(i64, i64)> = found.in_order.iter().map(Part::steps).collect();
        if unclear.is_empty() && is_plain && are_apart(&steps) {
            return Ok(Self::Apart(found));
        }
        let last_step = found.last_step;
        unclear.extend(found.into_files());
        Ok(Self::Mixed { files: unclear, last_step })
    }
}

/// Counts the bytes and files kept from inspecting the files.
#[derive(Default)]
struct Kept {
    memory: u64,
    files: usize,
}

impl Kept {
    /// Keeps a file's fetched bytes if there is room for them.
    fn keep(&mut self, file: &mut Looked) {
        let (memory, files) = (file.held().memory(), usize::from(file.held().has_file()));
        if self.memory + memory > KEPT_MEMORY || self.files + files > KEPT_FILES {
            file.forget();
            return;
        }
        self.memory += memory;
        self.files += files;
    }
}

impl Parts {
    /// Returns the files, to read all their rows.
    pub(super) fn into_files(self) -> impl Iterator<Item = Looked> {
        self.in_order.into_iter().map(Part::into_file)
    }

    /// Reads the rows, with each file's own types. Fetches files while an earlier one is decoded.
    pub(super) fn batches(self) -> BoxStream<'static, Result<RecordBatch, Error>> {
        let (sender, opened) = async_channel::bounded(1);
        let fetch = async move {
            let mut opening = stream::iter(self.in_order).map(Part::open).buffered(FILES_AHEAD);
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
fn are_apart(steps: &[(i64, i64)]) -> bool {
    steps.windows(2).all(|pair| pair[0].1 < pair[1].0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_share_a_step_overlap() {
        assert!(are_apart(&[]));
        assert!(are_apart(&[(0, 9), (10, 10), (12, 30)]));
        assert!(!are_apart(&[(0, 10), (10, 20)]));
        assert!(!are_apart(&[(0, 30), (5, 6), (40, 50)]));
    }
}
