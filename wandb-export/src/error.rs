//! Errors of this library.

use wandb_core::model::HistogramError;
use wandb_core::transport::SettingsError as TransportSettingsError;
use wandb_core::update::ChangeError;
use wandb_core::{AuthError, DeserializeError, PathError, SettingsError, ValueError};
use wandb_graphql::plan::RangeError;
use wandb_graphql::{FilterError, KeysError, OrderError, SamplesError};
use wandb_tables::{SinkError, TableDefect, TableError, TableFileError};

/// An error of this library. [`kind`](Self::kind) groups errors by how a program should react.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A request failed.
    #[error(transparent)]
    Request(Box<wandb_core::error::Error>),

    /// A path is malformed or incomplete.
    #[error(transparent)]
    Path(#[from] PathError),

    /// The settings files or environment variables are invalid.
    #[error(transparent)]
    Settings(#[from] SettingsError),

    /// Credentials were found but cannot be used.
    #[error(transparent)]
    Auth(#[from] AuthError),

    /// No credentials were found.
    #[error(
        "no API key for {server}: set WANDB_API_KEY, or log in so that the netrc file has one \
         (the key is on {server}/authorize)"
    )]
    NoApiKey {
        /// The server that needs a key.
        server: String,
    },

    /// The transport cannot be set up with these settings.
    #[error("setting up the connection")]
    TransportSettings(#[from] TransportSettingsError),

    /// A list never ends: the server keeps announcing another page but sends nothing new.
    #[error("the server keeps announcing more {list} but sends nothing new; try again later")]
    EndlessList {
        /// The entries of the list, such as `rows of team/project/run`.
        list: String,
    },

    /// An option has an invalid value.
    #[error("{message}")]
    Usage {
        /// Describes the invalid value and the valid ones.
        message: String,
    },

    /// A row, config or summary is not the JSON that W&B writes.
    #[error("reading {what}")]
    Value {
        /// The data being read: a run and the row's step.
        what: String,
        /// The parse error.
        source: ValueError,
    },

    /// A row does not fit the requested type.
    #[error("reading {what} as {wanted}")]
    Type {
        /// The row.
        what: String,
        /// The name of the requested type.
        wanted: &'static str,
        /// The mismatch.
        source: DeserializeError,
    },

    /// A change cannot be made to a run.
    #[error("changing {run}")]
    Change {
        /// The run.
        run: String,
        /// The reason.
        source: Box<ChangeError>,
    },

    /// The key may read the run but not change it.
    #[error(
        "the API key may not change {run}: it is read-only (ask its owner, or use a key of a member of the team)"
    )]
    ReadOnly {
        /// The run.
        run: String,
    },

    /// A change was sent, but reading the run back failed, so the change may or may not have been saved.
    #[error(
        "{run} may or may not have been changed (check the run, or change it again: setting the same values twice is \
         safe)"
    )]
    Unconfirmed {
        /// The run.
        run: String,
        /// The error that prevented the check.
        source: Box<Error>,
    },

    /// Other writers kept reverting a change.
    #[error(
        "changing {run}: another writer undid the change {times} times by restoring an older state; stop \
         it, or wait until it is done"
    )]
    ChangeReverted {
        /// The run.
        run: String,
        /// How often the change was reverted.
        times: u32,
    },

    /// The run has no file with this name.
    #[error("{run} has no file {name:?}")]
    NoSuchFile {
        /// The run.
        run: String,
        /// The name.
        name: String,
    },

    /// The project has no report or saved workspace with this title or id.
    #[error("{project} has no report or workspace {name:?}")]
    NoSuchReport {
        /// The project.
        project: String,
        /// The title or id.
        name: String,
    },

    /// Nothing of the requested kind exists at a local path.
    #[error("{message}")]
    NotOnDisk {
        /// Describes the missing item and the paths that would work.
        message: String,
    },

    /// A file with the extension `.wandb` is not a W&B log.
    #[error("{} is not a .wandb file{}", file.display(), crate::issue::lfs_hint(*is_lfs_pointer))]
    NotALog {
        /// The file.
        file: std::path::PathBuf,
        /// Whether the file is a Git LFS pointer that stands in for the real file.
        is_lfs_pointer: bool,
    },

    /// The metadata of the run lack the command that started it.
    #[error("the command that started {run} is unknown: the run has no wandb-metadata.json with a program")]
    NoCommand {
        /// The run.
        run: String,
    },

    /// A file exceeds the limit for reading into memory.
    #[error("{name} has more than {limit} bytes; download it into a folder instead")]
    FileTooLarge {
        /// The server's name of the file.
        name: String,
        /// The limit in bytes.
        limit: u64,
    },

    /// Something else exists at the path of a file.
    #[error("{} exists and is {what}{}", path.display(), replace_hint(what))]
    FileExists {
        /// The path.
        path: std::path::PathBuf,
        /// What exists there.
        what: &'static str,
    },

    /// A file could not be downloaded.
    #[error("downloading {name}: {message}")]
    File {
        /// The server's name of the file.
        name: String,
        /// The reason.
        message: String,
    },

    /// A run only refers to a file that is stored elsewhere. The server does not serve such files.
    #[error("{name} is not stored with the run: it is a reference to {address}; get it from there")]
    FileIsReference {
        /// The server's name of the file.
        name: String,
        /// The address of the content.
        address: String,
    },

    /// A media object or a table is stored in an artifact and not with the run.
    #[error("{name} is not stored with the run, but in an artifact: {path}")]
    OnlyInArtifact {
        /// The key under which it was logged.
        name: String,
        /// The address in the artifact.
        path: String,
    },

    /// The run has logged no table or histogram under this key, or at this step.
    #[error("{run} has logged no table {key:?}{}", step_suffix(*step))]
    NoSuchTable {
        /// The run.
        run: String,
        /// The key.
        key: String,
        /// The step, if one was requested.
        step: Option<i64>,
    },

    /// A table cannot be read.
    #[error("reading {table}{}", defect_suffix(defects))]
    TableFile {
        /// The table: its key and step, and the run, or its file.
        table: String,
        /// How the file differs from the run's description of it, which may be the reason.
        defects: Vec<TableDefect>,
        /// The problem.
        source: Box<TableFileError>,
    },

    /// An exported history file cannot be used.
    #[error("reading the exported history of {run}: {message} (the live history can be read instead)")]
    Exported {
        /// The run.
        run: String,
        /// The problem with the file.
        message: String,
    },

    /// The live query overloads the server even for few steps, and no exported file can replace it.
    #[error(
        "the server cannot answer even for a few steps of {run}, and no exported files can replace the query (try again \
         later, or use --source exported once the server has exported the run)"
    )]
    LiveQuery {
        /// The run.
        run: String,
        /// The error of the live query.
        source: Box<wandb_core::error::Error>,
    },

    /// A folder cannot be used for a mirror, or its content cannot be read.
    #[error("the mirror in {}: {message}", folder.display())]
    Mirror {
        /// The folder.
        folder: std::path::PathBuf,
        /// The problem, and how to fix it.
        message: String,
    },

    /// The request needs something that the server's schema lacks.
    #[error("{what}: the server does not have {lacking}")]
    Unsupported {
        /// The request.
        what: String,
        /// The missing field or argument.
        lacking: String,
    },

    /// No run of a sweep has a number for the metric.
    #[error("no run of sweep {sweep} has a number for {metric:?} in its summary")]
    NoBestRun {
        /// The sweep.
        sweep: String,
        /// The metric.
        metric: String,
    },

    /// Rows could not be written.
    #[error(transparent)]
    Sink(#[from] SinkError),

    /// Rows could not be converted into a table.
    #[error(transparent)]
    Table(#[from] TableError),

    /// An operation of the local machine failed, such as writing to disk or starting a thread.
    #[error("{doing}")]
    Io {
        /// The operation.
        doing: String,
        /// The underlying error.
        source: std::io::Error,
    },
}

/// The category of an error, by how the caller should react.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request is invalid; a retry will not help.
    Usage,
    /// It does not exist, or the key may not see it.
    NotFound,
    /// The key is missing, wrong, or lacks permission.
    Unauthorized,
    /// The server's schema lacks something that the request needs.
    Unsupported,
    /// Something failed: the network, the server, the disk.
    Failed,
}

impl Error {
    /// Returns the category of the error.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Request(error) if error.is_not_found() => ErrorKind::NotFound,
            Self::Request(error) if error.is_unauthorized() => ErrorKind::Unauthorized,
            Self::Request(error) if error.is_unsupported() => ErrorKind::Unsupported,
            Self::Unsupported { .. } => ErrorKind::Unsupported,
            Self::NoApiKey { .. } | Self::Auth(_) | Self::ReadOnly { .. } => ErrorKind::Unauthorized,
            Self::Change { source, .. } if source.is_about_the_request() => ErrorKind::Usage,
            Self::NoBestRun { .. }
            | Self::NoSuchFile { .. }
            | Self::NoSuchReport { .. }
            | Self::NoSuchTable { .. }
            | Self::NoCommand { .. }
            | Self::NotOnDisk { .. } => ErrorKind::NotFound,
            Self::Path(_)
            | Self::Settings(_)
            | Self::TransportSettings(_)
            | Self::Usage { .. }
            | Self::Sink(
                SinkError::UnknownFormat { .. }
                | SinkError::NoFormat { .. }
                | SinkError::NotCompiled { .. }
                | SinkError::NestedUnsupported { .. },
            ) => ErrorKind::Usage,
            Self::Request(_)
            | Self::Value { .. }
            | Self::Type { .. }
            | Self::FileTooLarge { .. }
            | Self::FileExists { .. }
            | Self::File { .. }
            | Self::FileIsReference { .. }
            | Self::OnlyInArtifact { .. }
            | Self::TableFile { .. }
            | Self::Change { .. }
            | Self::Unconfirmed { .. }
            | Self::ChangeReverted { .. }
            | Self::Exported { .. }
            | Self::LiveQuery { .. }
            | Self::Mirror { .. }
            | Self::NotALog { .. }
            | Self::Sink(_)
            | Self::Table(_)
            | Self::EndlessList { .. }
            | Self::Io { .. } => ErrorKind::Failed,
        }
    }

    /// Returns the message followed by its causes. The message alone does not repeat them.
    pub fn with_causes(&self) -> String {
        wandb_core::error::with_causes(self)
    }

    /// The error for an operation that needs a server but got something on disk.
    pub(crate) fn only_on_a_server(what: &dyn std::fmt::Display) -> Self {
        Self::usage(format!(
            "{what} is on disk, but this can only be done with something on a server: entity/project/run"
        ))
    }

    /// The error for a local path without a run.
    pub(crate) fn no_run_at(path: &dyn std::fmt::Display) -> Self {
        let message = format!(
            "there is no run at {path}: expected a .wandb file, its folder, a folder of such folders or the mirror of a \
             project; the last two can be followed by a run's id, as ID or as PROJECT/ID"
        );
        Self::NotOnDisk { message }
    }

    /// The error for a file without a URL.
    pub(crate) fn no_url(name: &str) -> Self {
        Self::File { name: name.to_owned(), message: "the server sent no download URL".to_owned() }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage { message: message.into() }
    }

    pub(crate) fn io(doing: impl Into<String>, source: std::io::Error) -> Self {
        Self::Io { doing: doing.into(), source }
    }
}

impl From<wandb_core::error::Error> for Error {
    fn from(error: wandb_core::error::Error) -> Self {
        Self::Request(Box::new(error))
    }
}

#[cfg(feature = "mirror")]
impl From<wandb_mirror::Error> for Error {
    fn from(error: wandb_mirror::Error) -> Self {
        match error {
            wandb_mirror::Error::Unusable { folder, problem } => {
                Self::Mirror { folder, message: problem.to_string() }
            }
            wandb_mirror::Error::Path(error) => Self::Path(error),
            wandb_mirror::Error::Sink(error) => Self::Sink(error),
            wandb_mirror::Error::Table(error) => Self::Table(error),
            wandb_mirror::Error::Io { doing, source } => Self::Io { doing, source },
            error @ (wandb_mirror::Error::Occupied { .. } | wandb_mirror::Error::OtherProject { .. }) => {
                Self::usage(error.to_string())
            }
            error => Self::io("cannot use the mirror", std::io::Error::other(error)),
        }
    }
}

fn replace_hint(what: &str) -> &'static str {
    if what == "a folder" {
        "; name another folder to download to"
    } else {
        "; it is only replaced on request"
    }
}

fn step_suffix(step: Option<i64>) -> String {
    step.map(|step| format!(" at step {step}")).unwrap_or_default()
}

fn defect_suffix(defects: &[TableDefect]) -> String {
    let defects: Vec<_> = defects.iter().map(TableDefect::to_string).collect();
    if defects.is_empty() { String::new() } else { format!(" ({})", defects.join("; ")) }
}

macro_rules! usage_errors {
    ($($error:ty),+) => {
        $(impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::usage(wandb_core::error::with_causes(&error))
            }
        })+
    };
}

usage_errors!(HistogramError, FilterError, OrderError, KeysError, SamplesError, RangeError);
