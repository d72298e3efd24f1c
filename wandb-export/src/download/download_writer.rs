//! Writes a download to disk. Blocks are filled from the network, hashed on one thread and written on another.

use std::io;
use std::sync::Arc;
use std::thread;

use async_channel::{Receiver, Sender, bounded};
use blocking::unblock;
use wandb_storage::Digest;

use super::fetch_limits::{FetchLimits, SpareBlocks};
use crate::files::PartialFile;

/// Block size in bytes. Large enough for few hand-overs, small enough to stay in the CPU cache between threads.
pub(super) const BLOCK: usize = 256 << 10;

/// Maximum number of blocks per file, full or empty.
const MAX_BLOCKS: usize = 6;

/// Minimum size of a partial block worth writing while the network is idle.
const MIN_IDLE_WRITE: usize = 64 << 10;

/// A partial file that background threads hash and write.
///
/// A few blocks circulate: the writer returns each written block to be filled again, and the download waits if none is
/// free. All downloads share the blocks beyond the first one of each. Blocks that were pushed are still written after
/// this is dropped.
///
/// The threads do not come from the `blocking` crate's pool. A task there that waits for another task of the pool can
/// deadlock once all threads are taken.
#[derive(Debug)]
pub(super) struct DownloadWriter {
    buffer: BlockBuffer,
    empty: Receiver<Vec<u8>>,
    spare: SpareBlocks,
    hashing: Receiver<Digest>,
    writing: Receiver<Written>,
}

/// The file and the result of writing to it.
type Written = (PartialFile, io::Result<()>);

/// The block being filled. Dropping it sends the block to the hash thread.
#[derive(Debug)]
struct BlockBuffer {
    block: Vec<u8>,
    full: Sender<Vec<u8>>,
}

impl BlockBuffer {
    /// Sends the block. Returns false if the receiver was dropped.
    fn send_block(&mut self) -> bool {
        self.full.try_send(std::mem::take(&mut self.block)).is_ok()
    }
}

impl Drop for BlockBuffer {
    fn drop(&mut self) {
        // Fails only if writing has failed.
        let _ = self.send_block();
    }
}

impl DownloadWriter {
    /// Starts the threads, with `block` as the first data.
    ///
    /// # Errors
    /// If the system cannot start a thread.
    pub(super) fn start(
        mut partial: PartialFile,
        block: Vec<u8>,
        limits: &Arc<FetchLimits>,
    ) -> io::Result<Self> {
        // Each channel has room for all blocks, so sending never waits.
        let (full, filled) = bounded(MAX_BLOCKS);
        let (give_back, empty) = bounded(MAX_BLOCKS);
        let (hashed, to_write) = bounded(MAX_BLOCKS);
        let digest = partial.take_digest();
        let hashing = spawn_thread("hash", move || hash(digest, &filled, &hashed))?;
        let writing = spawn_thread("write", move || write(partial, &to_write, &give_back))?;
        let spare = SpareBlocks::none(Arc::clone(limits));
        Ok(Self { buffer: BlockBuffer { block, full }, empty, spare, hashing, writing })
    }

    /// Adds bytes. Returns false once writing has failed; [`finish`](Self::finish) returns the error.
    pub(super) async fn push(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            if self.buffer.block.len() >= BLOCK && !self.send_block().await {
                return false;
            }
            let block = &mut self.buffer.block;
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK - block.len()));
            block.extend_from_slice(now);
            bytes = later;
        }
        true
    }

    /// Writes a large enough partial block while the network is idle. Returns false once writing has failed.
    pub(super) async fn flush(&mut self) -> bool {
        self.buffer.block.len() < MIN_IDLE_WRITE || self.send_block().await
    }

    /// Sends the current block and gets an empty one.
    async fn send_block(&mut self) -> bool {
        if !self.buffer.send_block() {
            return false;
        }
        if self.spare.taken() + 1 < MAX_BLOCKS && self.spare.take() {
            self.buffer.block = Vec::with_capacity(BLOCK);
            return true;
        }
        let Ok(block) = self.empty.recv().await else { return false };
        self.buffer.block = block;
        true
    }

    /// Waits until everything is written and returns the file.
    ///
    /// # Errors
    /// If one of the threads has panicked.
    pub(super) async fn finish(self) -> io::Result<Written> {
        let gone = |_| io::Error::other("the writer thread of a download has failed");
        // The blocks are in use until everything is written.
        let Self { buffer, hashing, writing, spare: _spare, .. } = self;
        drop(buffer);
        let (mut partial, written) = writing.recv().await.map_err(gone)?;
        partial.set_digest(hashing.recv().await.map_err(gone)?);
        Ok((partial, written))
    }
}

/// Runs `work` on a new thread. The result need not be received.
fn spawn_thread<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<Receiver<T>> {
    let (sender, outcome) = bounded(1);
    let run = move || {
        // The receiver may have been dropped.
        let _ = sender.try_send(work());
    };
    thread::Builder::new().name(format!("wandb-export-{name}")).spawn(run)?;
    Ok(outcome)
}

fn hash(mut digest: Digest, blocks: &Receiver<Vec<u8>>, hashed: &Sender<Vec<u8>>) -> Digest {
    while let Ok(block) = blocks.recv_blocking() {
        digest.update(&block);
        if hashed.try_send(block).is_err() {
            break;
        }
    }
    digest
}

fn write(mut partial: PartialFile, blocks: &Receiver<Vec<u8>>, empty: &Sender<Vec<u8>>) -> Written {
    let mut written = Ok(());
    while let Ok(mut block) = blocks.recv_blocking() {
        written = partial.append(&block);
        if written.is_err() {
            break;
        }
        block.clear();
        // After the last block there is no receiver.
        let _ = empty.try_send(block);
    }
    // Settle even if nobody waits for the file, so that a later download can resume it.
    let settled = partial.settle();
    (partial, written.and(settled))
}

/// Writes a file that is too small to need its own threads, once `open` has opened it.
pub(super) async fn write_small(
    open: impl FnOnce() -> io::Result<PartialFile> + Send + 'static,
    block: Vec<u8>,
) -> io::Result<(PartialFile, io::Result<()>)> {
    let fill = move || {
        let mut partial = open()?;
        let mut digest = partial.take_digest();
        digest.update(&block);
        partial.set_digest(digest);
        let written = partial.append(&block);
        Ok((partial, written))
    };
    unblock(fill).await
}

#[cfg(test)]
mod tests {
    use wandb_core::blocking::block_on;

    use super::*;
    use crate::files::{Content, DownloadFolder};

    #[test]
    fn chunks_of_any_size_are_written_and_hashed() {
        let bytes: Vec<u8> = (0..20 * BLOCK + 7).map(|at| u8::try_from(at % 251).expect("small")).collect();
        let mut digest = Digest::default();
        digest.update(&bytes);
        for md5 in [Some(digest.finish()), None] {
            let target = tempfile::tempdir().expect("a directory");
            let folder = DownloadFolder::open(target.path()).expect("a folder");
            let content = Content { size: Some(bytes.len() as u64), md5, xxh128: None };
            let partial = folder.open_partial("a", &content).expect("a file");
            let (first, rest) = bytes.split_at(3 * BLOCK / 2);
            let partial = block_on(async {
                let limits = FetchLimits::new(1);
                let mut writer = DownloadWriter::start(partial, first.to_vec(), &limits).expect("threads");
                let (small, large) = rest.split_at(BLOCK);
                for chunk in small.chunks(1000).chain(large.chunks(BLOCK * 7 / 3)) {
                    assert!(writer.push(chunk).await);
                }
                let (partial, written) = writer.finish().await.expect("no panic");
                written.expect("room");
                partial
            });
            assert_eq!((partial.written(), partial.mismatch()), (bytes.len() as u64, None));
            partial.finish("a").expect("room");
            assert!(std::fs::read(target.path().join("a")).expect("a file") == bytes);
        }
    }

    #[test]
    fn download_without_spare_blocks_makes_progress() {
        let limits = FetchLimits::new(1);
        let mut others = SpareBlocks::none(Arc::clone(&limits));
        while others.take() {}
        let target = tempfile::tempdir().expect("a directory");
        let folder = DownloadFolder::open(target.path()).expect("a folder");
        let content = Content { size: None, md5: None, xxh128: None };
        let partial = folder.open_partial("a", &content).expect("a file");
        let partial = block_on(async {
            let mut writer = DownloadWriter::start(partial, Vec::new(), &limits).expect("threads");
            for _ in 0..5 {
                assert!(writer.push(&vec![7; BLOCK]).await);
            }
            writer.finish().await.expect("no panic").0
        });
        assert_eq!(partial.written(), 5 * BLOCK as u64);
    }

    #[test]
    fn small_files_are_hashed_too() {
        let target = tempfile::tempdir().expect("a directory");
        let folder = DownloadFolder::open(target.path()).expect("a folder");
        let mut digest = Digest::default();
        digest.update(b"abc");
        let content = Content { size: Some(3), md5: Some(digest.finish()), xxh128: None };
        let partial = folder.open_partial("a", &content).expect("a file");
        let (partial, written) = block_on(write_small(|| Ok(partial), b"abd".to_vec())).expect("a file");
        written.expect("room");
        assert!(partial.mismatch().expect("another file").contains("MD5"));
    }
}
