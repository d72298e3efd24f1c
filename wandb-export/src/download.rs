//! Fetches remote files into a folder: several at a time, resumed, and checked against their list and their storage.
//!
//! A [`RemoteFile`] says what to fetch, whatever it belongs to.

mod attempt;
mod confirm;
mod download_writer;
mod fetch;
mod fetch_limits;
mod progress;
mod queue;
mod remote_file;

#[cfg(feature = "mirror")]
pub(crate) use fetch::Fetched;
pub(crate) use fetch::{DownloadSettings, Receipts};
pub(crate) use fetch_limits::FetchLimits;
pub use progress::DownloadProgress;
pub(crate) use queue::{NumberedOutcome, fetch_all, fetch_each, fetch_one};
pub(crate) use remote_file::{FileListing, FileSource, RemoteFile};
