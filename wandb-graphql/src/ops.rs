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
//! | the types, collections and versions of the artifacts of a project | [`ListArtifactTypes`], [`ListArtifactCollections`], [`ListArtifactVersions`] |
//! | the artifacts of a run | [`ListRunArtifacts`] |
//! | a version of an artifact | [`GetArtifact`], or [`GetArtifactById`] |
//! | the manifest and the files of a version | [`GetArtifactManifest`], [`ListArtifactFiles`] |
//! | the run that logged a version, the runs that used it, its links | [`GetArtifactCreator`], [`ListArtifactUsers`], [`ListArtifactLinks`] |
//! | the registries of an organization | [`GetOrganizations`], [`ListRegistries`], [`ListRegistryCollections`], [`ListRegistryVersions`] |
//!
//! | to change | use |
//! |---|---|
//! | a run's config, summary, names, tags | [`UpdateRun`] |
//!
//! [`plan`](crate::plan) decides which history operations to use for a complete history.

mod artifact_fields;
mod artifact_query;
mod artifact_run_fields;
mod collection_fields;
mod entry;
#[cfg(test)]
mod entry_tests;
mod file_fields;
mod get_artifact;
mod get_artifact_by_id;
mod get_artifact_creator;
mod get_artifact_manifest;
mod get_history_keys;
mod get_history_window;
mod get_organizations;
mod get_parquet_history;
mod get_run;
mod get_run_document;
mod get_server;
mod get_sweep;
mod get_viewer;
mod get_whole_runs;
mod list_artifact_collections;
mod list_artifact_files;
mod list_artifact_links;
mod list_artifact_types;
mod list_artifact_users;
mod list_artifact_versions;
mod list_files;
mod list_log_lines;
mod list_page;
mod list_projects;
mod list_registries;
mod list_registry_collections;
mod list_registry_versions;
mod list_run_artifacts;
mod list_runs;
mod list_sweeps;
mod list_views;
mod log_fields;
mod membership_fields;
mod organization_query;
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

pub use get_artifact::GetArtifact;
pub use get_artifact_by_id::GetArtifactById;
pub use get_artifact_creator::GetArtifactCreator;
pub use get_artifact_manifest::GetArtifactManifest;
pub use get_history_keys::{GetHistoryKeys, HistoryExtent};
pub use get_history_window::GetHistoryWindow;
pub use get_organizations::{GetOrganizations, Organization};
pub use get_parquet_history::{GetParquetHistory, ParquetHistory};
pub use get_run::GetRun;
pub use get_run_document::GetRunDocument;
pub use get_server::GetServer;
pub use get_sweep::GetSweep;
pub use get_viewer::GetViewer;
pub use get_whole_runs::{GetWholeRuns, WholeRun, WholeRunPage};
pub use list_artifact_collections::ListArtifactCollections;
pub use list_artifact_files::ListArtifactFiles;
pub use list_artifact_links::ListArtifactLinks;
pub use list_artifact_types::ListArtifactTypes;
pub use list_artifact_users::ListArtifactUsers;
pub use list_artifact_versions::ListArtifactVersions;
pub use list_files::ListFiles;
pub use list_log_lines::ListLogLines;
pub use list_page::ListPage;
pub use list_projects::ListProjects;
pub use list_registries::ListRegistries;
pub use list_registry_collections::ListRegistryCollections;
pub use list_registry_versions::ListRegistryVersions;
pub use list_run_artifacts::ListRunArtifacts;
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
