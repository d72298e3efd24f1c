//! Issues: missing, inexact or guessed parts of a result.

use std::fmt;
use std::path::PathBuf;

use wandb_core::model::{Run, UnreadableField};
use wandb_core::operation::{Argument, Field, UnreadableEntry, UnsupportedFields};
use wandb_core::{PathError, ProjectPath, RunPath};
use wandb_tables::TableDefect;

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

/// Explains a Git LFS pointer in the message about a file that is not a log.
pub(crate) fn lfs_hint(is_lfs_pointer: bool) -> &'static str {
    if is_lfs_pointer { ", but a Git LFS pointer; run `git lfs pull` to get the file itself" } else { "" }
}

impl fmt::Display for Issue {
    #[expect(clippy::too_many_lines, reason = "one arm per issue")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnsupportedField { field, .. } => write!(f, "the server does not have {field}"),
            Self::UnsupportedArgument { field, argument, consequence } => {
                write!(f, "the server does not have the argument {argument} of {field}")?;
                consequence.as_ref().map_or(Ok(()), |consequence| write!(f, ": {consequence}"))
            }
            Self::HistoryByKeys { run, keys, guessed } => {
                let guess = " of the summary; rows and keys that the summary does not show are missing";
                let guess = if *guessed { guess } else { "" };
                write!(
                    f,
                    "{run}: the server does not have Run.history; the rows were requested by {keys} keys{guess}"
                )
            }
            Self::RunsMissing { project, counted: Some(counted), listed } => write!(
                f,
                "{project}: the server counts {counted} runs but listed only {listed} of them; run the command again"
            ),
            Self::RunsMissing { project, counted: None, listed } => write!(
                f,
                "{project}: the list of runs ended early, after {listed} runs, and the server does not report a total"
            ),
            Self::RunsFoundLate { project, count } => write!(
                f,
                "{project}: the list changed while it was read; {count} runs were found by reading it again and come last, \
                 out of order"
            ),
            Self::ListBroken { list, received, detail } => write!(
                f,
                "the list of {list} ended early, after {received} entries: {detail}; run the command again"
            ),
            Self::NullEntries { list, count } => {
                write!(f, "the server listed {count} empty entries among the {list}")
            }
            Self::Unreadable { list, item: Some(item), detail } => write!(f, "{list}: {item}: {detail}"),
            Self::Unreadable { list, item: None, detail } => write!(f, "{list}: {detail}"),
            Self::RowsMissing { run, stream, counted, received } => {
                write!(f, "{run}: the server counts {counted} rows of {stream} but sent only {received}")
            }
            Self::LiveQueryFailed { run, from_step, detail } => write!(
                f,
                "{run}: the rows from step {from_step} on are from the exported files, because the live query failed: \
                 {detail}"
            ),
            Self::StepsOutOfOrder { run, rows } => write!(
                f,
                "{run}: {rows} rows follow rows of later steps, because the exported files have them in this order"
            ),
            Self::ParentMissing { run, parent, detail } => {
                write!(f, "{run}: the rows of {parent}, from which it was forked, are missing: {detail}")
            }
            Self::Sampled { run, rows } => {
                write!(f, "{run} has more than {rows} system metrics; these are samples")
            }
            Self::TextAltered { run, count } => write!(
                f,
                "{run}: {count} unpaired surrogates, which UTF-8 cannot encode, were replaced by U+FFFD"
            ),
            Self::LogLinesMissing { run, counted, received, first } => {
                write!(f, "{run}: the server sent {received}")?;
                counted.map_or(Ok(()), |counted| write!(f, " of {counted}"))?;
                f.write_str(" log lines")?;
                if let Some(first) = first.filter(|first| *first > 0) {
                    write!(f, ", from number {first} on")?;
                }
                f.write_str("; the run's file output.log may hold the rest")
            }
            Self::FileInexact { run, name, detail } => write!(f, "{run}: {name}: {detail}"),
            Self::TableInexact { table, defect } => write!(f, "{table}: {defect}"),
            Self::TableMissing { table, detail } => write!(f, "{table}: {detail}"),
            Self::FileDamaged { file, detail } => write!(f, "{}: {detail}", file.display()),
            Self::FileShrunk { file } => {
                write!(f, "{} was truncated while it was followed", file.display())
            }
            Self::RowsOutOfOrder { file, rows } => write!(
                f,
                "{}: {rows} rows are not in step order; they keep the order of the file",
                file.display()
            ),
            Self::SessionsOverlap { file, first, last } => write!(
                f,
                "{} starts at step {first}, but the previous session ended at step {last}; where both have a step, the \
                 later session counts",
                file.display()
            ),
            Self::EarlierRowsLeftOut { file, first } => write!(
                f,
                "{}: rows of earlier sessions from step {first} on were skipped, because this session may log these steps; \
                 run the command again without --follow to get the ones that it did not log",
                file.display()
            ),
            Self::TextFilesUsed { path, files } => {
                write!(f, "{} is incomplete; ", path.display())?;
                f.write_str(&files.join(" and "))?;
                f.write_str(" filled the gaps")
            }
            Self::LogMissing { folder } => {
                write!(f, "{} has no .wandb file, so the rows of the run are missing", folder.display())
            }
            Self::NotALog { file, is_lfs_pointer } => {
                write!(f, "{} is not a .wandb file{}", file.display(), lfs_hint(*is_lfs_pointer))
            }
            Self::RunUnknown { file } => write!(f, "{} does not name its run", file.display()),
            Self::RunUnreadable { detail } => f.write_str(detail),
            Self::MirrorIncomplete { subject, detail } => write!(f, "{subject}: {detail}"),
        }
    }
}

#[cfg(test)]
mod tests;
