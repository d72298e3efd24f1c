//! All exported files of a run: in which order they are read, and that they can be read one after the other.

use arrow_array::RecordBatch;
use futures_util::FutureExt;
use futures_util::stream::{self, BoxStream, StreamExt};
use wandb_core::RunPath;
use wandb_core::client::Client;

use super::columns::Columns;
use super::part::{Look, Looked, Part, Wanted, look};
use super::storage::Stored;
use crate::error::Error;

/// Files that are fetched ahead of the one that is decoded.
const FILES_AHEAD: usize = 4;

/// Batches that are decoded ahead of who wants them.
const BATCHES_AHEAD: usize = 2;

/// The bytes that first looks at files may leave in memory. What is beyond is read again when its turn has come.
const KEPT_MEMORY: u64 = 1 << 20;

/// The same for files on the disk, which are there where a server knows no ranges.
const KEPT_FILES: usize = 64;

/// The files that hold wanted rows, in order of steps and apart from each other.
#[derive(Debug)]
pub(super) struct Parts {
    in_order: Vec<Part>,
    pub(super) columns: Columns,
    /// The last step that any file has.
    pub(super) last_step: Option<i64>,
}

/// What the footers of all files show.
pub(super) enum Files {
    /// They can be read one after the other.
    Apart(Parts),
    /// Their rows have to be looked at one by one to know their order or their columns.
    Mixed { files: Vec<Looked>, last_step: Option<i64> },
}

impl Files {
    /// Looks at all files.
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

/// What first looks have left.
#[derive(Default)]
struct Kept {
    memory: u64,
    files: usize,
}

impl Kept {
    /// Keeps what is held of a file, if there is room for it.
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
    /// The files, all of whose rows are to be looked at.
    pub(super) fn into_files(self) -> impl Iterator<Item = Looked> {
        self.in_order.into_iter().map(Part::into_file)
    }

    /// The rows, each file's in the types that it has them in. Files are on their way while an earlier one is decoded.
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
        // Both are polled whenever either can go on.
        stream::select(fetched, decoded).boxed()
    }
}

/// Whether ranges of steps, in order of their beginnings, have no step in common.
fn are_apart(steps: &[(i64, i64)]) -> bool {
    steps.windows(2).all(|pair| pair[0].1 < pair[1].0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_share_a_step_are_not_apart() {
        assert!(are_apart(&[]));
        assert!(are_apart(&[(0, 9), (10, 10), (12, 30)]));
        assert!(!are_apart(&[(0, 10), (10, 20)]));
        assert!(!are_apart(&[(0, 30), (5, 6), (40, 50)]));
    }
}
