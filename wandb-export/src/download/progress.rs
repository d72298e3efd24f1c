//! Progress of downloads.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Progress of downloads, for display. Clones share the same counters.
#[derive(Debug, Clone, Default)]
pub struct DownloadProgress(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    files: AtomicU64,
    files_done: AtomicU64,
    bytes: AtomicU64,
    bytes_done: AtomicU64,
}

impl DownloadProgress {
    /// Returns how many files have been listed so far.
    pub fn files(&self) -> u64 {
        self.0.files.load(Ordering::Relaxed)
    }

    /// Returns how many files have finished or failed.
    pub fn files_done(&self) -> u64 {
        self.0.files_done.load(Ordering::Relaxed)
    }

    /// Returns the total bytes of the listed files.
    pub fn bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// Returns how many of these bytes are on disk.
    pub fn bytes_done(&self) -> u64 {
        self.0.bytes_done.load(Ordering::Relaxed)
    }

    pub(super) fn add_listed(&self, size: Option<u64>) {
        self.0.files.fetch_add(1, Ordering::Relaxed);
        self.0.bytes.fetch_add(size.unwrap_or(0), Ordering::Relaxed);
    }

    pub(super) fn add_received(&self, bytes: u64) {
        self.0.bytes_done.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn remove_received(&self, bytes: u64) {
        self.0.bytes_done.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub(super) fn add_done(&self) {
        self.0.files_done.fetch_add(1, Ordering::Relaxed);
    }
}
