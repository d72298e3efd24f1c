//! The operations, one file per operation.
//!
//! | to read | use |
//! |---|---|
//! | the user of the API key | [`GetViewer`] |
//! | the server's version and features | [`GetServer`] |
//! | the projects of a user or team | [`ListProjects`] |
//! | the runs of a project | [`ListRuns`] |
//! | a run | [`GetRun`] |
//! | a sweep, the sweeps of a project | [`GetSweep`], [`ListSweeps`] |
//! | the reports and saved workspaces of a project | [`ListViews`] |
//! | which metrics a run has, and its last step | [`GetHistoryKeys`] |
//! | a run's metrics, sampled | [`SampleHistory`] |
//! | a run's metrics, complete | [`ScanHistory`], and [`GetParquetHistory`] for the part exported to files |
//! | a run's system metrics | [`SampleEvents`] |
//! | a run's files | [`ListFiles`] |
//! | a run's console log | [`ListLogLines`] |
//! | small runs with their history, files and logs | [`GetWholeRuns`] |
//! | a run's editable fields, before a change | [`GetRunDocument`] |
//!
//! | to change | use |
//! |---|---|
//! | a run's config, summary, names, tags | [`UpdateRun`] |
//!
//! [`plan`](crate::plan) decides which history operations to use for a complete history.

mod entry;
#[cfg(test)]
mod entry_tests;
mod file_fields;
mod get_history_keys;
mod get_history_window;
mod get_parquet_history;
mod get_run;
mod get_run_document;
mod get_server;
mod get_sweep;
mod get_viewer;
mod get_whole_runs;
mod list_files;
mod list_log_lines;
mod list_page;
mod list_projects;
mod list_runs;
mod list_sweeps;
mod list_views;
mod log_fields;
mod page;
mod path_query;
mod run_fields;
mod sample_events;
mod sample_history;
mod sampled;
mod scan_history;
mod sweep_fields;
mod update_run;
mod user_fields;

#[cfg(test)]
pub(crate) mod testing;

pub use get_history_keys::{GetHistoryKeys, HistoryExtent};
pub use get_history_window::GetHistoryWindow;
pub use get_parquet_history::{GetParquetHistory, ParquetHistory};
pub use get_run::GetRun;
pub use get_run_document::GetRunDocument;
pub use get_server::GetServer;
pub use get_sweep::GetSweep;
pub use get_viewer::GetViewer;
pub use get_whole_runs::{GetWholeRuns, WholeRun, WholeRunPage};
pub use list_files::ListFiles;
pub use list_log_lines::ListLogLines;
pub use list_page::ListPage;
pub use list_projects::ListProjects;
pub use list_runs::ListRuns;
pub use list_sweeps::ListSweeps;
pub use list_views::ListViews;
pub use log_fields::{LogLine, LogPage};
pub(crate) use page::PagePosition;
pub use run_fields::Detail;
pub use sample_events::{SampleEvents, SampledEvents};
pub use sample_history::SampleHistory;
pub use scan_history::ScanHistory;
pub use update_run::UpdateRun;
