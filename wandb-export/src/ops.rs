//! The operations that this library sends, and their parameters and answers.
//!
//! The methods of [`Api`](crate::Api), [`Run`](crate::Run) and others combine them. A program needs them only for single
//! requests through [`Client::call`](crate::client::Client::call).

pub use wandb_graphql::ops::{
    Detail, GetArtifact, GetArtifactById, GetArtifactCreator, GetArtifactManifest, GetHistoryKeys,
    GetHistoryWindow, GetOrganizations, GetParquetHistory, GetRun, GetRunDocument, GetServer, GetSweep,
    GetViewer, GetWholeRuns, HistoryExtent, ListArtifactCollections, ListArtifactFiles, ListArtifactLinks,
    ListArtifactTypes, ListArtifactUsers, ListArtifactVersions, ListFiles, ListLogLines, ListPage,
    ListProjects, ListRegistries, ListRegistryCollections, ListRegistryVersions, ListRunArtifacts, ListRuns,
    ListSweeps, LogLine, LogPage, Organization, ParquetHistory, SampleEvents, SampleHistory, SampledEvents,
    ScanHistory, UpdateRun, WholeRun, WholeRunPage,
};
pub use wandb_graphql::{HistoryRow, HistoryWindow, LikePattern, Selection};
