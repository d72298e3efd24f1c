//! The operations that this library sends, and their parameters and answers.
//!
//! The methods of [`Api`](crate::Api), [`Run`](crate::Run) and others combine them. A program needs them only for single
//! requests through [`Client::call`](crate::client::Client::call).

pub use wandb_graphql::ops::{
    Detail, GetHistoryKeys, GetHistoryWindow, GetParquetHistory, GetRun, GetRunDocument, GetServer, GetSweep,
    GetViewer, GetWholeRuns, HistoryExtent, ListFiles, ListLogLines, ListPage, ListProjects, ListRuns,
    ListSweeps, LogLine, LogPage, ParquetHistory, SampleEvents, SampleHistory, SampledEvents, ScanHistory,
    UpdateRun, WholeRun, WholeRunPage,
};
pub use wandb_graphql::{HistoryRow, HistoryWindow, LikePattern, Selection};
