//! The messages of a log that this crate reads, from the SDK's `wandb_internal.proto` and `wandb_telemetry.proto`.
//!
//! Decoding skips fields that are not listed here. The content of a record is decoded only on demand, so that a reader
//! of rows does not decode summaries.

use bytes::Bytes;
use prost::Message;

/// A record of a log (`Record`). At most one of the optional fields is set.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Record {
    #[prost(int64, tag = "1")]
    pub(crate) num: i64,
    #[prost(bytes = "bytes", optional, tag = "2")]
    pub(crate) history: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "3")]
    pub(crate) summary: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "4")]
    pub(crate) output: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "5")]
    pub(crate) config: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "6")]
    pub(crate) files: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "7")]
    pub(crate) stats: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "8")]
    pub(crate) artifact: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "10")]
    pub(crate) alert: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "11")]
    pub(crate) telemetry: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "12")]
    pub(crate) metric: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "13")]
    pub(crate) output_raw: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "17")]
    pub(crate) run: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "18")]
    pub(crate) exit: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "21")]
    pub(crate) header: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "23")]
    pub(crate) preempting: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "25")]
    pub(crate) use_artifact: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "26")]
    pub(crate) environment: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "27")]
    pub(crate) output_logger: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "100")]
    pub(crate) request: Option<Bytes>,
}

/// A key, or nested keys from the outside in, with JSON text (`HistoryItem`, `SummaryItem`, `ConfigItem`).
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Item {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) key: Bytes,
    #[prost(bytes = "bytes", repeated, tag = "2")]
    pub(crate) nested_key: Vec<Bytes>,
    #[prost(bytes = "bytes", tag = "16")]
    pub(crate) value_json: Bytes,
}

/// `HistoryStep`.
#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct Step {
    #[prost(int64, tag = "1")]
    pub(crate) num: i64,
}

/// `HistoryRecord`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct History {
    #[prost(message, repeated, tag = "1")]
    pub(crate) item: Vec<Item>,
    #[prost(message, optional, tag = "2")]
    pub(crate) step: Option<Step>,
}

/// `Request`, limited to partial rows.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Request {
    #[prost(message, optional, tag = "10")]
    pub(crate) partial_history: Option<PartialHistory>,
}

/// `PartialHistoryRequest`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct PartialHistory {
    #[prost(message, repeated, tag = "1")]
    pub(crate) item: Vec<Item>,
    #[prost(message, optional, tag = "2")]
    pub(crate) step: Option<Step>,
    #[prost(message, optional, tag = "3")]
    pub(crate) action: Option<Flush>,
}

/// `HistoryAction`.
#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct Flush {
    #[prost(bool, tag = "1")]
    pub(crate) flush: bool,
}

/// `ConfigRecord`, `SummaryRecord`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Changes {
    #[prost(message, repeated, tag = "1")]
    pub(crate) update: Vec<Item>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) remove: Vec<Item>,
}

/// `google.protobuf.Timestamp`.
#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct Time {
    #[prost(int64, tag = "1")]
    pub(crate) seconds: i64,
    #[prost(int32, tag = "2")]
    pub(crate) nanos: i32,
}

/// `RunRecord`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Run {
    #[prost(string, tag = "1")]
    pub(crate) id: String,
    #[prost(string, tag = "2")]
    pub(crate) entity: String,
    #[prost(string, tag = "3")]
    pub(crate) project: String,
    #[prost(message, optional, tag = "4")]
    pub(crate) config: Option<Changes>,
    #[prost(message, optional, tag = "5")]
    pub(crate) summary: Option<Changes>,
    #[prost(string, tag = "6")]
    pub(crate) group: String,
    #[prost(string, tag = "7")]
    pub(crate) job_type: String,
    #[prost(string, tag = "8")]
    pub(crate) display_name: String,
    #[prost(string, tag = "9")]
    pub(crate) notes: String,
    #[prost(string, repeated, tag = "10")]
    pub(crate) tags: Vec<String>,
    #[prost(string, tag = "12")]
    pub(crate) sweep_id: String,
    #[prost(string, tag = "13")]
    pub(crate) host: String,
    #[prost(int64, tag = "14")]
    pub(crate) starting_step: i64,
    #[prost(string, tag = "16")]
    pub(crate) storage_id: String,
    #[prost(message, optional, tag = "17")]
    pub(crate) start_time: Option<Time>,
    #[prost(bool, tag = "18")]
    pub(crate) resumed: bool,
    #[prost(message, optional, tag = "19")]
    pub(crate) telemetry: Option<Telemetry>,
    #[prost(int32, tag = "20")]
    pub(crate) runtime: i32,
    #[prost(message, optional, tag = "21")]
    pub(crate) git: Option<Git>,
    #[prost(bool, tag = "22")]
    pub(crate) forked: bool,
    #[prost(message, optional, tag = "23")]
    pub(crate) branch_point: Option<BranchPoint>,
    #[prost(bool, tag = "24")]
    pub(crate) resume: bool,
}

/// `GitRepoRecord`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Git {
    #[prost(string, tag = "1")]
    pub(crate) remote_url: String,
    #[prost(string, tag = "2")]
    pub(crate) commit: String,
}

/// `BranchPoint`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct BranchPoint {
    #[prost(string, tag = "1")]
    pub(crate) run: String,
    #[prost(double, tag = "2")]
    pub(crate) value: f64,
    #[prost(string, tag = "3")]
    pub(crate) metric: String,
}

/// `TelemetryRecord`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Telemetry {
    #[prost(string, tag = "4")]
    pub(crate) python_version: String,
    #[prost(string, tag = "5")]
    pub(crate) cli_version: String,
}

/// `RunExitRecord`.
#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct Exit {
    #[prost(int32, tag = "1")]
    pub(crate) exit_code: i32,
    #[prost(bool, tag = "3")]
    pub(crate) not_complete: bool,
}

/// `HeaderRecord`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Header {
    #[prost(message, optional, tag = "1")]
    pub(crate) version_info: Option<VersionInfo>,
}

/// `VersionInfo`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct VersionInfo {
    #[prost(string, tag = "1")]
    pub(crate) producer: String,
}

/// `StatsRecord`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Stats {
    #[prost(message, optional, tag = "2")]
    pub(crate) timestamp: Option<Time>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) item: Vec<Item>,
}

/// `OutputRecord`, `OutputRawRecord`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Output {
    /// 0 for standard error, 1 for standard output.
    #[prost(int32, tag = "1")]
    pub(crate) stream: i32,
    #[prost(message, optional, tag = "2")]
    pub(crate) timestamp: Option<Time>,
    #[prost(string, tag = "3")]
    pub(crate) line: String,
}

/// `OutputLoggerRecord`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct OutputLogger {
    #[prost(string, tag = "1")]
    pub(crate) line: String,
}

/// `MetricRecord`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Metric {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) glob_name: String,
    #[prost(message, optional, tag = "7")]
    pub(crate) summary: Option<MetricSummary>,
    /// 1 to minimize, 2 to maximize.
    #[prost(int32, tag = "8")]
    pub(crate) goal: i32,
    #[prost(message, optional, tag = "9")]
    pub(crate) control: Option<MetricControl>,
}

/// `MetricControl`.
#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct MetricControl {
    #[prost(bool, tag = "1")]
    pub(crate) overwrite: bool,
}

/// `MetricSummary`.
#[derive(Clone, Copy, PartialEq, Message)]
#[expect(clippy::struct_excessive_bools, reason = "the message defines them")]
pub(crate) struct MetricSummary {
    #[prost(bool, tag = "1")]
    pub(crate) min: bool,
    #[prost(bool, tag = "2")]
    pub(crate) max: bool,
    #[prost(bool, tag = "3")]
    pub(crate) mean: bool,
    #[prost(bool, tag = "4")]
    pub(crate) best: bool,
    #[prost(bool, tag = "5")]
    pub(crate) last: bool,
    #[prost(bool, tag = "6")]
    pub(crate) none: bool,
    #[prost(bool, tag = "8")]
    pub(crate) first: bool,
}

/// `FilesRecord`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Files {
    #[prost(message, repeated, tag = "1")]
    pub(crate) files: Vec<FilesItem>,
}

/// `FilesItem`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct FilesItem {
    #[prost(string, tag = "1")]
    pub(crate) path: String,
}

/// `ArtifactRecord`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Artifact {
    #[prost(string, tag = "4")]
    pub(crate) r#type: String,
    #[prost(string, tag = "5")]
    pub(crate) name: String,
    #[prost(string, tag = "6")]
    pub(crate) digest: String,
    #[prost(string, repeated, tag = "11")]
    pub(crate) aliases: Vec<String>,
}

/// `UseArtifactRecord`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct UseArtifact {
    #[prost(string, tag = "2")]
    pub(crate) r#type: String,
    #[prost(string, tag = "3")]
    pub(crate) name: String,
}

/// `AlertRecord`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Alert {
    #[prost(string, tag = "1")]
    pub(crate) title: String,
    #[prost(string, tag = "2")]
    pub(crate) text: String,
    #[prost(string, tag = "3")]
    pub(crate) level: String,
}

/// `EnvironmentRecord`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Environment {
    #[prost(string, tag = "1")]
    pub(crate) os: String,
    #[prost(string, tag = "2")]
    pub(crate) python: String,
    #[prost(message, optional, tag = "3")]
    pub(crate) started_at: Option<Time>,
    #[prost(string, tag = "4")]
    pub(crate) docker: String,
    #[prost(string, repeated, tag = "5")]
    pub(crate) args: Vec<String>,
    #[prost(string, tag = "6")]
    pub(crate) program: String,
    #[prost(string, tag = "7")]
    pub(crate) code_path: String,
    #[prost(string, tag = "8")]
    pub(crate) code_path_local: String,
    #[prost(message, optional, tag = "9")]
    pub(crate) git: Option<Git>,
    #[prost(string, tag = "10")]
    pub(crate) email: String,
    #[prost(string, tag = "11")]
    pub(crate) root: String,
    #[prost(string, tag = "12")]
    pub(crate) host: String,
    #[prost(string, tag = "13")]
    pub(crate) username: String,
    #[prost(string, tag = "14")]
    pub(crate) executable: String,
    #[prost(string, tag = "15")]
    pub(crate) colab: String,
    #[prost(uint32, tag = "16")]
    pub(crate) cpu_count: u32,
    #[prost(uint32, tag = "17")]
    pub(crate) cpu_count_logical: u32,
    #[prost(string, tag = "18")]
    pub(crate) gpu_type: String,
    #[prost(uint32, tag = "19")]
    pub(crate) gpu_count: u32,
    #[prost(string, tag = "25")]
    pub(crate) cuda_version: String,
}
