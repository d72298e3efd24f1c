//! Issues: missing, inexact or guessed parts of a result.

mod text;

use std::path::PathBuf;

use wandb_core::model::{Run, UnreadableField};
use wandb_core::operation::{Argument, Field, UnreadableEntry, UnsupportedFields};
use wandb_core::{PathError, ProjectPath, RunPath};
use wandb_tables::TableDefect;

pub(crate) use text::lfs_hint;

/// Something in a result that is missing, inexact or guessed.
///
/// A result with issues is still usable: everything else in it is complete and exact. An issue displays as one
/// sentence that names its subject. The `wandb-export` program prints it on stderr and ends with exit code 5, unless
/// the issue is only a [note](Self::is_note).
///
/// ```
/// use wandb_export::Issue;
/// use wandb_export::operation::Field;
///
/// let issue = Issue::unsupported_field(Field::new("Run", "historyKeys"));
/// assert_eq!(issue.to_string(), "the server does not have Run.historyKeys");
/// assert!(!issue.is_note());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Issue {
    /// The server's schema lacks a field, so the result lacks what the field would hold.
    #[non_exhaustive]
    UnsupportedField {
        /// The field.
        field: Field,
        /// Whether the caller requested this field. If not, the issue is a note.
        requested: bool,
    },
    /// The server's schema lacks an argument, so the request was sent without it.
    #[non_exhaustive]
    UnsupportedArgument {
        /// The field that should take the argument.
        field: String,
        /// The argument.
        argument: String,
        /// How that affects the result; `None` if it does not.
        consequence: Option<String>,
    },
    /// The server lacks `Run.history`, so rows were requested by their keys. Rows that hold none of the keys are
    /// missing. Unless the keys are [`guessed`](Self::HistoryByKeys::guessed), no such rows exist and the issue is a
    /// note.
    #[non_exhaustive]
    HistoryByKeys {
        /// The run.
        run: RunPath,
        /// The number of keys requested.
        keys: u64,
        /// Whether the keys come from the summary, because the server does not list the keys of the history.
        guessed: bool,
    },
    /// A list has fewer runs than the server counts, or ended early.
    #[non_exhaustive]
    RunsMissing {
        /// The project whose runs were listed.
        project: ProjectPath,
        /// The server's count; `None` if the server sent no count and the list ended early.
        counted: Option<u64>,
        /// How many distinct runs the server listed.
        listed: u64,
    },
    /// Runs were found only when the list was read again, because its pages had shifted in the meantime. They follow
    /// the other runs, out of order. A note.
    #[non_exhaustive]
    RunsFoundLate {
        /// The project whose runs were listed.
        project: ProjectPath,
        /// How many runs were found late.
        count: u64,
    },
    /// A list ended early: its pages have no valid next page, form a cycle, or repeat known entries.
    #[non_exhaustive]
    ListBroken {
        /// The list, such as `files of team/project/run`.
        list: String,
        /// How many entries were received before that.
        received: u64,
        /// The problem with the pages.
        detail: String,
    },
    /// A list contains null entries.
    #[non_exhaustive]
    NullEntries {
        /// The list, such as `runs of team/project`.
        list: String,
        /// How many entries were null.
        count: u64,
    },
    /// An entry of a list, or a field of an entry, cannot be read. All other entries are present.
    #[non_exhaustive]
    Unreadable {
        /// The list, such as `runs of team/project`, or the run that has the field.
        list: String,
        /// The name of the entry, if that can be read.
        item: Option<String>,
        /// Why it cannot be read.
        detail: String,
    },
    /// A history has fewer rows than the server counts.
    #[non_exhaustive]
    RowsMissing {
        /// The run.
        run: RunPath,
        /// The kind of rows: `history` or `system metrics`.
        stream: &'static str,
        /// The server's count of rows.
        counted: u64,
        /// How many rows the server sent.
        received: u64,
    },
    /// The live query failed for the rest of a history, so exported files supplied it. Exported files cannot tell a
    /// missing key from a null.
    #[non_exhaustive]
    LiveQueryFailed {
        /// The run.
        run: RunPath,
        /// The first step that the live query did not return.
        from_step: i64,
        /// The error of the live query.
        detail: String,
    },
    /// Exported files hold rows after rows of later steps. The rows keep the order of the files.
    #[non_exhaustive]
    StepsOutOfOrder {
        /// The run.
        run: RunPath,
        /// How many rows are out of order.
        rows: u64,
    },
    /// The rows of a parent run, from which a run was forked, are missing.
    #[non_exhaustive]
    ParentMissing {
        /// The run.
        run: RunPath,
        /// The parent of the run, or of one of its parents.
        parent: RunPath,
        /// Why the rows are missing.
        detail: String,
    },
    /// A history is a sample, because the run has more rows than one request can return.
    #[non_exhaustive]
    Sampled {
        /// The run.
        run: RunPath,
        /// The number of rows in the sample.
        rows: u64,
    },
    /// Text in rows was altered: it contained unpaired surrogates, which UTF-8 cannot encode.
    #[non_exhaustive]
    TextAltered {
        /// The run.
        run: RunPath,
        /// How many unpaired surrogates were replaced by U+FFFD.
        count: u64,
    },
    /// A console log lacks lines.
    #[non_exhaustive]
    LogLinesMissing {
        /// The run.
        run: RunPath,
        /// The server's count of lines; `None` if the server sent no count.
        counted: Option<u64>,
        /// How many lines the server sent.
        received: u64,
        /// The number of the first line received, from 0. The server drops the oldest lines of a long log.
        first: Option<u64>,
    },
    /// A downloaded file differs from the server's listing of it.
    #[non_exhaustive]
    FileInexact {
        /// The run.
        run: RunPath,
        /// The file's name.
        name: String,
        /// The difference.
        detail: String,
    },
    /// A table differs from its description, or a part of it is altered or missing.
    #[non_exhaustive]
    TableInexact {
        /// The table: its key and step, and the run, or its file.
        table: String,
        /// The difference.
        defect: TableDefect,
    },
    /// One of several tables is missing.
    #[non_exhaustive]
    TableMissing {
        /// The table: its key and step, and the run.
        table: String,
        /// The reason.
        detail: String,
    },
    /// Part of a file on disk cannot be read.
    #[non_exhaustive]
    FileDamaged {
        /// The file.
        file: PathBuf,
        /// The unreadable part and its position.
        detail: String,
    },
    /// A local file was truncated while it was followed.
    #[non_exhaustive]
    FileShrunk {
        /// The file.
        file: PathBuf,
    },
    /// Rows of a local file are not in step order. They are returned in file order.
    #[non_exhaustive]
    RowsOutOfOrder {
        /// The file.
        file: PathBuf,
        /// How many rows are out of order.
        rows: u64,
    },
    /// Two sessions of a local run logged the same steps. The later session wins.
    #[non_exhaustive]
    SessionsOverlap {
        /// The file of the later session.
        file: PathBuf,
        /// The first step of the later session.
        first: i64,
        /// The last step of the session before it.
        last: i64,
    },
    /// Following skipped rows of earlier sessions, because the last session may log their steps again.
    #[non_exhaustive]
    EarlierRowsLeftOut {
        /// The file of the last session.
        file: PathBuf,
        /// The first step that was skipped.
        first: i64,
    },
    /// A local log is damaged or incomplete; files next to it filled the gaps.
    #[non_exhaustive]
    TextFilesUsed {
        /// The log, or the folder without a log.
        path: PathBuf,
        /// The names of the files that were used.
        files: Vec<&'static str>,
    },
    /// The folder of a run has no log, so the rows of the run are missing.
    #[non_exhaustive]
    LogMissing {
        /// The folder.
        folder: PathBuf,
    },
    /// A file with the extension `.wandb` is not a W&B log.
    #[non_exhaustive]
    NotALog {
        /// The file.
        file: PathBuf,
        /// Whether the file is a Git LFS pointer that stands in for the real file.
        is_lfs_pointer: bool,
    },
    /// A local file does not name its run.
    #[non_exhaustive]
    RunUnknown {
        /// The file.
        file: PathBuf,
    },
    /// One of several runs cannot be read.
    #[non_exhaustive]
    RunUnreadable {
        /// The reason.
        detail: String,
    },
    /// A list has fewer entries than the server counts.
    #[non_exhaustive]
    EntriesMissing {
        /// The list, such as `artifacts that team/project/run has logged`.
        list: String,
        /// The server's count.
        counted: u64,
        /// How many entries the server listed.
        listed: u64,
    },
    /// The manifest of an artifact does not agree with the server's data about the artifact.
    #[non_exhaustive]
    ArtifactInexact {
        /// The artifact.
        artifact: String,
        /// The difference.
        detail: String,
    },
    /// A downloaded file differs from its entry in the manifest.
    #[non_exhaustive]
    ArtifactFileInexact {
        /// The file and its artifact, such as `a.csv of team/project/data:v1`.
        file: String,
        /// The difference.
        detail: String,
    },
    /// Entries of an artifact refer to content that is stored elsewhere. They were not fetched.
    #[non_exhaustive]
    ReferencesNotFetched {
        /// The artifact.
        artifact: String,
        /// How many entries.
        count: u64,
        /// The schemes of their addresses, such as `s3`.
        schemes: Vec<String>,
    },
    /// A mirror lacks part of a run, or holds an outdated copy of it.
    #[non_exhaustive]
    MirrorIncomplete {
        /// The run as `entity/project/run`, or the mirror's folder if the whole mirror is affected.
        subject: String,
        /// The missing or outdated part, and the reason.
        detail: String,
    },
}

impl Issue {
    /// Creates the issue for a field that the caller requested but the server lacks.
    pub fn unsupported_field(field: Field) -> Self {
        Self::UnsupportedField { field, requested: true }
    }

    /// Converts the fields of `unsupported` to issues. Fields that the caller did not request become notes.
    pub(crate) fn from_unsupported_fields(
        unsupported: &UnsupportedFields,
        requested: impl Fn(&Field) -> bool,
    ) -> Vec<Self> {
        let issue =
            |field: &Field| Self::UnsupportedField { field: field.clone(), requested: requested(field) };
        unsupported.iter().map(issue).collect()
    }

    /// Converts the unreadable entries of a list to issues.
    pub(crate) fn from_unreadable_entries(list: &str, entries: &[UnreadableEntry]) -> Vec<Self> {
        let issue = |entry: &UnreadableEntry| Self::Unreadable {
            list: list.to_owned(),
            item: entry.name.clone(),
            detail: entry.reason.clone(),
        };
        entries.iter().map(issue).collect()
    }

    /// Creates an issue for the null entries of a list. `count` also includes unreadable entries that were left out.
    pub(crate) fn null_entries(list: String, count: u64, unreadable: &[UnreadableEntry]) -> Option<Self> {
        let left_out = unreadable.iter().filter(|entry| entry.is_left_out).count() as u64;
        let count = count.saturating_sub(left_out);
        (count > 0).then_some(Self::NullEntries { list, count })
    }

    /// Creates an issue for a list entry whose name cannot be used.
    pub(crate) fn unusable_name(list: &str, error: &PathError) -> Self {
        Self::Unreadable { list: list.to_owned(), item: None, detail: error.to_string() }
    }

    /// Converts the unreadable fields of a run to issues.
    pub(crate) fn from_unreadable_fields(run: &Run) -> Vec<Self> {
        let list = format!("{}/{}/{}", run.entity, run.project, run.id);
        let issue = |field: &UnreadableField| Self::Unreadable {
            list: list.clone(),
            item: None,
            detail: field.to_string(),
        };
        run.unreadable_fields.iter().map(issue).collect()
    }

    /// Creates a note for an argument that the server lacks and that was worked around.
    pub(crate) fn replaced_argument(argument: &Argument) -> Self {
        Self::UnsupportedArgument {
            field: argument.field().to_string(),
            argument: argument.name().to_owned(),
            consequence: None,
        }
    }

    /// Returns whether the server's version causes the issue, so that a retry cannot fix it.
    pub fn is_unsupported(&self) -> bool {
        matches!(
            self,
            Self::UnsupportedField { .. } | Self::UnsupportedArgument { .. } | Self::HistoryByKeys { .. }
        )
    }

    /// Returns whether everything that the caller requested is still complete and exact.
    pub fn is_note(&self) -> bool {
        match self {
            Self::UnsupportedField { requested, .. } => !requested,
            Self::UnsupportedArgument { consequence, .. } => consequence.is_none(),
            Self::HistoryByKeys { guessed, .. } => !guessed,
            Self::LiveQueryFailed { .. }
            | Self::RunsFoundLate { .. }
            | Self::SessionsOverlap { .. }
            | Self::TextFilesUsed { .. } => true,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unrequested_fields_are_notes() {
        let field = Field::new("Run", "historyKeys");
        assert!(!Issue::unsupported_field(field.clone()).is_note());
        assert!(Issue::UnsupportedField { field, requested: false }.is_note());
    }
}
