//! What can go wrong for a user of this library.

use wandb_core::model::HistogramError;
use wandb_core::transport::SettingsError as CarrierError;
use wandb_core::update::ChangeError;
use wandb_core::{AuthError, DeserializeError, PathError, SettingsError, ValueError};
use wandb_graphql::plan::RangeError;
use wandb_graphql::{FilterError, KeysError, OrderError, SamplesError};

use wandb_tables::SinkError;
use wandb_tables::TableError;

/// Why something could not be done. [`kind`](Self::kind) sorts the reasons by what a program does about them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A request did not lead to an answer.
    #[error(transparent)]
    Request(Box<wandb_core::error::Error>),

    /// A path is malformed or incomplete.
    #[error(transparent)]
    Path(#[from] PathError),

    /// The settings files or variables make no sense.
    #[error(transparent)]
    Settings(#[from] SettingsError),

    /// Credentials were found that cannot be used.
    #[error(transparent)]
    Auth(#[from] AuthError),

    /// No credentials were found.
    #[error(
        "no API key for {server}: set WANDB_API_KEY, or log in so that the netrc file has one \
         (the key is on {server}/authorize)"
    )]
    NoApiKey {
        /// The server that wants one.
        server: String,
    },

    /// The transport cannot be set up as asked.
    #[error("setting up the connection: {0}")]
    Carrier(#[from] CarrierError),

    /// A server sends the same again and again, or nothing, instead of what it says comes next.
    #[error("the server tells of more {list} again and again, and sends nothing new; try again later")]
    ListEndless {
        /// What it sends, such as `rows of team/project/run`.
        list: String,
    },

    /// An option has a value that makes no sense.
    #[error("{message}")]
    Usage {
        /// What is wrong, and what would be right.
        message: String,
    },

    /// A row, config or summary is not the JSON that W&B writes.
    #[error("reading {what}: {source}")]
    Value {
        /// What was being read: a run and the row's step.
        what: String,
        /// What is wrong with it.
        source: ValueError,
    },

    /// A row does not fit the type that was asked for.
    #[error("reading {what} as {wanted}: {source}")]
    Type {
        /// Which row.
        what: String,
        /// The name of the type.
        wanted: &'static str,
        /// What does not fit.
        source: DeserializeError,
    },

    /// A change cannot be made to a run.
    #[error("changing {run}: {source}")]
    Change {
        /// The run.
        run: String,
        /// Why not.
        source: Box<ChangeError>,
    },

    /// The key may read a run and not change it.
    #[error(
        "the API key may not change {run}: it is read-only (ask its owner, or use a key of a member of the team)"
    )]
    ReadOnly {
        /// The run.
        run: String,
    },

    /// Something was written, and it could not be seen whether it is there.
    #[error(
        "{run} may or may not have been changed: {source} (look at the run, or change it again: setting the same values \
         twice does no harm)"
    )]
    Unconfirmed {
        /// The run.
        run: String,
        /// What went wrong.
        source: Box<Error>,
    },

    /// Other writers kept undoing a change.
    #[error(
        "changing {run}: what was written was undone {times} times by another writer that puts back an older state; stop \
         it, or wait until it is done"
    )]
    Undone {
        /// The run.
        run: String,
        /// How often.
        times: u32,
    },

    /// A run has no file of that name.
    #[error("{run} has no file {name:?}")]
    NoSuchFile {
        /// The run.
        run: String,
        /// The name.
        name: String,
    },

    /// There is nothing of that kind at a place on disk.
    #[error("{message}")]
    NothingThere {
        /// What there is not, and what would be a place.
        message: String,
    },

    /// A file on disk is not what its name says.
    #[error("{} is not a .wandb file{}", file.display(), crate::issue::lfs_hint(*is_lfs_pointer))]
    NotALog {
        /// The file.
        file: std::path::PathBuf,
        /// Whether it is a Git LFS pointer, which stands for the file itself.
        is_lfs_pointer: bool,
    },

    /// The metadata of a run do not tell how it was started.
    #[error("{run} does not tell the command that started it: it has no wandb-metadata.json with a program")]
    NoCommand {
        /// The run.
        run: String,
    },

    /// A file is larger than what is to be held in memory.
    #[error("{name} has more than {limit} bytes; download it into a folder instead")]
    FileTooLarge {
        /// The server's name of the file.
        name: String,
        /// How many bytes were allowed.
        limit: u64,
    },

    /// Something is in the place of a file.
    #[error("{} exists and is {what}{}", path.display(), replace_hint(what))]
    FileExists {
        /// The place.
        path: std::path::PathBuf,
        /// What is there.
        what: &'static str,
    },

    /// A file could not be had.
    #[error("downloading {name}: {message}")]
    File {
        /// The server's name of the file.
        name: String,
        /// What is wrong.
        message: String,
    },

    /// A run refers to a file that is stored elsewhere, which the server does not hand out.
    #[error("{name} is not stored with the run: it is a reference to {address}; get it from there")]
    FileIsReference {
        /// The server's name of the file.
        name: String,
        /// Where the content is.
        address: String,
    },

    /// An exported history file cannot be used.
    #[error("reading the exported history of {run}: {message} (the live history can be read instead)")]
    Exported {
        /// The run.
        run: String,
        /// What is wrong with the file.
        message: String,
    },

    /// The server is overtaxed by the live query, however few steps are asked for, and no exported file serves instead.
    #[error(
        "{source} (the server cannot answer even for a few steps of {run}, and its exported files do not serve instead; \
         try again later, or read the exported files once there are any: --source exported)"
    )]
    LiveQuery {
        /// The run.
        run: String,
        /// How the live query failed.
        source: Box<wandb_core::error::Error>,
    },

    /// A folder cannot be mirrored to, or what is in it cannot be used.
    #[error("the mirror in {}: {message}", folder.display())]
    Mirror {
        /// The folder.
        folder: std::path::PathBuf,
        /// What is wrong with it, and what to do.
        message: String,
    },

    /// What was asked for needs something that the server's schema lacks.
    #[error("{what}: the server does not have {lacking}")]
    Unsupported {
        /// What was asked for.
        what: String,
        /// The field, or the argument of one, that it needs.
        lacking: String,
    },

    /// A sweep has no run with a number for the metric.
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

    /// Rows could not be made into a table.
    #[error(transparent)]
    Table(#[from] TableError),

    /// The local machine failed: a disk, a thread.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// What failed.
        source: std::io::Error,
    },
}

/// What a failure means for whoever asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// What was asked makes no sense; asking again will not help.
    Usage,
    /// It does not exist, or the key may not see it.
    NotFound,
    /// The key is missing, wrong, or may not do this.
    Unauthorized,
    /// The server's schema lacks what was asked for.
    Unsupported,
    /// Something failed: the network, the server, the disk.
    Failed,
}

impl Error {
    /// What the failure means.
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
            | Self::NoCommand { .. }
            | Self::NothingThere { .. } => ErrorKind::NotFound,
            Self::Path(_)
            | Self::Settings(_)
            | Self::Carrier(_)
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
            | Self::Change { .. }
            | Self::Unconfirmed { .. }
            | Self::Undone { .. }
            | Self::Exported { .. }
            | Self::LiveQuery { .. }
            | Self::Mirror { .. }
            | Self::NotALog { .. }
            | Self::Sink(_)
            | Self::Table(_)
            | Self::ListEndless { .. }
            | Self::Io { .. } => ErrorKind::Failed,
        }
    }

    /// The message with those of its causes that it does not repeat itself, for people to read.
    pub fn with_causes(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            let message = error.to_string();
            if !text.contains(&message) {
                text.push_str(": ");
                text.push_str(&message);
            }
            cause = error.source();
        }
        text
    }

    /// There is no run at `place` on disk.
    pub(crate) fn no_run_at(place: &dyn std::fmt::Display) -> Self {
        let message = format!(
            "there is no run at {place}: it takes a .wandb file, its folder, a folder of such folders or the mirror of a \
             project, or one of these two with a run's id behind it, as ID or as PROJECT/ID"
        );
        Self::NothingThere { message }
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

fn replace_hint(what: &str) -> &'static str {
    if what == "a folder" {
        "; name another folder to download to"
    } else {
        "; it is only replaced if that is asked for"
    }
}

macro_rules! usage_errors {
    ($($error:ty),+) => {
        $(impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::usage(error.to_string())
            }
        })+
    };
}

usage_errors!(HistogramError, FilterError, OrderError, KeysError, SamplesError, RangeError);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_told_once() {
        let error = Error::io("writing", std::io::Error::other("full"));
        assert_eq!(error.with_causes(), "writing: full");
    }
}
