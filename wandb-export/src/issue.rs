//! What a result lacks, holds inexactly, or had to guess.

use std::fmt;
use std::path::PathBuf;

use wandb_core::model::{Run, UnreadableField};
use wandb_core::operation::{Argument, Field, Lacks, UnreadableEntry};
use wandb_core::{PathError, ProjectPath, RunPath};

/// Something in a result that is missing, inexact or guessed.
///
/// A result with issues is still usable: everything else in it is complete and exact. The text of an issue is one
/// sentence that names what it is about. The program prints it on stderr and ends with exit code 5, unless the issue
/// is only a [note](Self::is_note).
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
        /// Whether the caller asked for this field. If not, the issue is a note.
        requested: bool,
    },
    /// The server's schema lacks an argument, so the request had to do without it.
    #[non_exhaustive]
    UnsupportedArgument {
        /// The field that takes the argument elsewhere.
        field: String,
        /// The argument.
        argument: String,
        /// What that means for the result; `None` if it means nothing.
        consequence: Option<String>,
    },
    /// The server lacks `Run.history`, so that rows were asked for by their keys. Rows that hold none of the keys are
    /// missing. Without [`guessed`](Self::HistoryByKeys::guessed) keys there are no such rows, and the issue is a note.
    #[non_exhaustive]
    HistoryByKeys {
        /// The run.
        run: RunPath,
        /// How many keys were asked for.
        keys: u64,
        /// Whether the keys are those of the summary, because the server does not say which ones the history has.
        guessed: bool,
    },
    /// A list has fewer runs than the server counts, or broke off.
    #[non_exhaustive]
    RunsMissing {
        /// The project whose runs were listed.
        project: ProjectPath,
        /// How many runs the server counts; `None` if it does not say, and its list broke off.
        counted: Option<u64>,
        /// How many different runs it listed.
        listed: u64,
    },
    /// Runs were found only when the list was read again, since its pages had moved meanwhile. They come after the
    /// others, out of order. A note.
    #[non_exhaustive]
    RunsFoundLate {
        /// The project whose runs were listed.
        project: ProjectPath,
        /// How many runs they are.
        count: u64,
    },
    /// A list broke off: its pages lead nowhere, in a circle, or bring nothing new.
    #[non_exhaustive]
    ListBroken {
        /// The list, such as `files of team/project/run`.
        list: String,
        /// How many entries it had until then.
        received: u64,
        /// What is wrong with its pages.
        detail: String,
    },
    /// A list had entries without content.
    #[non_exhaustive]
    NullEntries {
        /// The list, such as `runs of team/project`.
        list: String,
        /// How many entries were null.
        count: u64,
    },
    /// An entry of a list, or a field of one, that cannot be read. The other entries are there.
    #[non_exhaustive]
    Unreadable {
        /// The list, such as `runs of team/project`, or the run whose field it is.
        list: String,
        /// The name of the entry, where that can be read.
        item: Option<String>,
        /// Why it cannot be read.
        detail: String,
    },
    /// A history has fewer rows than the server counts.
    #[non_exhaustive]
    RowsMissing {
        /// The run.
        run: RunPath,
        /// Which rows: `history` or `system metrics`.
        stream: &'static str,
        /// How many rows the server counts.
        counted: u64,
        /// How many rows it sent.
        received: u64,
    },
    /// The live query failed for what is left of a history; the exported files served instead. A null in them does not
    /// tell a missing key from a null.
    #[non_exhaustive]
    LiveQueryFailed {
        /// The run.
        run: RunPath,
        /// The first step that the live query could not give.
        from_step: i64,
        /// How it failed.
        detail: String,
    },
    /// Rows of exported files come behind rows of later steps, because the files have them so.
    #[non_exhaustive]
    StepsOutOfOrder {
        /// The run.
        run: RunPath,
        /// How many rows come late.
        rows: u64,
    },
    /// The history of a run that another one was forked from is not among the rows.
    #[non_exhaustive]
    ParentMissing {
        /// The run.
        run: RunPath,
        /// The run that it, or one of its parents, was forked from.
        parent: RunPath,
        /// Why its rows are missing.
        detail: String,
    },
    /// A history is a sample, because the run has more rows than can be asked for.
    #[non_exhaustive]
    Sampled {
        /// The run.
        run: RunPath,
        /// How many rows there are in the sample.
        rows: u64,
    },
    /// Text in rows was altered, because it holds halves of surrogate pairs, which UTF-8 cannot express.
    #[non_exhaustive]
    TextAltered {
        /// The run.
        run: RunPath,
        /// How many halves became U+FFFD.
        count: u64,
    },
    /// A log lacks lines.
    #[non_exhaustive]
    LogLinesMissing {
        /// The run.
        run: RunPath,
        /// How many lines the server counts; `None` if it does not say.
        counted: Option<u64>,
        /// How many lines it sent.
        received: u64,
        /// The number of the first line that it sent, from 0. The server drops the oldest lines of a long log.
        first: Option<u64>,
    },
    /// A file that was downloaded differs from what the server's list says of it.
    #[non_exhaustive]
    FileInexact {
        /// The run.
        run: RunPath,
        /// The file's name.
        name: String,
        /// How they differ.
        detail: String,
    },
    /// Part of a file on disk cannot be read.
    #[non_exhaustive]
    FileDamaged {
        /// The file.
        file: PathBuf,
        /// What cannot be read, and where.
        detail: String,
    },
    /// A file on disk became shorter while it was followed.
    #[non_exhaustive]
    FileShrunk {
        /// The file.
        file: PathBuf,
    },
    /// Rows of a file on disk are not in the order of their steps. They are handed out as they were written.
    #[non_exhaustive]
    RowsOutOfOrder {
        /// The file.
        file: PathBuf,
        /// How many rows are out of order.
        rows: u64,
    },
    /// Two sessions of a run on disk logged the same steps. Where both have a step, the later session counts.
    #[non_exhaustive]
    SessionsOverlap {
        /// The file of the later session.
        file: PathBuf,
        /// The first step of the later session.
        first: i64,
        /// The last step of the session before it.
        last: i64,
    },
    /// Rows of earlier sessions of a run were left out while its last session was followed, as that may log their steps anew.
    #[non_exhaustive]
    EarlierRowsLeftOut {
        /// The file of the last session.
        file: PathBuf,
        /// The step from which on they were left out.
        first: i64,
    },
    /// A log on disk is not whole, or lacks something, and files beside it had to fill in.
    #[non_exhaustive]
    TextsUsed {
        /// The log, or the folder that lacks one.
        place: PathBuf,
        /// The names of the files that filled in.
        files: Vec<&'static str>,
    },
    /// The folder of a run has no log, so that the rows of the run are missing.
    #[non_exhaustive]
    LogMissing {
        /// The folder.
        folder: PathBuf,
    },
    /// A file on disk whose name says that it is a log is none.
    #[non_exhaustive]
    NotALog {
        /// The file.
        file: PathBuf,
        /// Whether it is a Git LFS pointer, which stands for the file itself.
        is_lfs_pointer: bool,
    },
    /// A file on disk does not say which run it belongs to.
    #[non_exhaustive]
    RunUnknown {
        /// The file.
        file: PathBuf,
    },
    /// A run among others cannot be read.
    #[non_exhaustive]
    RunUnreadable {
        /// Why not.
        detail: String,
    },
    /// A mirror lacks something of a run, or holds it as it was earlier.
    #[non_exhaustive]
    MirrorIncomplete {
        /// The run, as `entity/project/run`, or the mirror's folder if all of it is concerned.
        subject: String,
        /// What the mirror lacks, and why.
        detail: String,
    },
}

impl Issue {
    /// A field that the caller asked for and the server lacks.
    pub fn unsupported_field(field: Field) -> Self {
        Self::UnsupportedField { field, requested: true }
    }

    /// The fields among `lacks`, as issues. Those that the caller did not ask for are notes.
    pub(crate) fn of_lacks(lacks: &Lacks, requested: impl Fn(&Field) -> bool) -> Vec<Self> {
        let issue =
            |field: &Field| Self::UnsupportedField { field: field.clone(), requested: requested(field) };
        lacks.iter().map(issue).collect()
    }

    /// The entries of a list that cannot be read.
    pub(crate) fn of_entries(list: &str, entries: &[UnreadableEntry]) -> Vec<Self> {
        let issue = |entry: &UnreadableEntry| Self::Unreadable {
            list: list.to_owned(),
            item: entry.name.clone(),
            detail: entry.reason.clone(),
        };
        entries.iter().map(issue).collect()
    }

    /// The entries of a list that are null, among `count` that are null or `unreadable`.
    pub(crate) fn null_entries(list: String, count: u64, unreadable: &[UnreadableEntry]) -> Option<Self> {
        let left_out = unreadable.iter().filter(|entry| entry.is_left_out).count() as u64;
        let count = count.saturating_sub(left_out);
        (count > 0).then_some(Self::NullEntries { list, count })
    }

    /// An entry of a list that cannot be used because of its name.
    pub(crate) fn unusable_name(list: &str, error: &PathError) -> Self {
        Self::Unreadable { list: list.to_owned(), item: None, detail: error.to_string() }
    }

    /// The fields of a run that cannot be read.
    pub(crate) fn of_fields(run: &Run) -> Vec<Self> {
        let list = format!("{}/{}/{}", run.entity, run.project, run.id);
        let issue = |field: &UnreadableField| Self::Unreadable {
            list: list.clone(),
            item: None,
            detail: field.to_string(),
        };
        run.unreadable_fields.iter().map(issue).collect()
    }

    /// An argument that the server lacks, for which something else has done.
    pub(crate) fn replaced_argument(argument: &Argument) -> Self {
        Self::UnsupportedArgument {
            field: argument.field().to_string(),
            argument: argument.name().to_owned(),
            consequence: None,
        }
    }

    /// Whether the issue is due to the server's version, so that no other call can mend it.
    pub fn is_unsupported(&self) -> bool {
        matches!(
            self,
            Self::UnsupportedField { .. } | Self::UnsupportedArgument { .. } | Self::HistoryByKeys { .. }
        )
    }

    /// Whether the result is complete and exact all the same, as far as the caller asked for it.
    pub fn is_note(&self) -> bool {
        match self {
            Self::UnsupportedField { requested, .. } => !requested,
            Self::UnsupportedArgument { consequence, .. } => consequence.is_none(),
            Self::HistoryByKeys { guessed, .. } => !guessed,
            Self::LiveQueryFailed { .. }
            | Self::RunsFoundLate { .. }
            | Self::SessionsOverlap { .. }
            | Self::TextsUsed { .. } => true,
            _ => false,
        }
    }
}

/// What to do about a file that is no log.
pub(crate) fn lfs_hint(is_lfs_pointer: bool) -> &'static str {
    if is_lfs_pointer { ", but a Git LFS pointer; run `git lfs pull` to get the file itself" } else { "" }
}

impl fmt::Display for Issue {
    #[expect(clippy::too_many_lines, reason = "a sentence for each issue")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnsupportedField { field, .. } => write!(f, "the server does not have {field}"),
            Self::UnsupportedArgument { field, argument, consequence } => {
                write!(f, "the server does not have the argument {argument} of {field}")?;
                consequence.as_ref().map_or(Ok(()), |consequence| write!(f, ": {consequence}"))
            }
            Self::HistoryByKeys { run, keys, guessed } => {
                let guess = ", which are those of the summary: rows and keys that the summary does not show are missing";
                let guess = if *guessed { guess } else { "" };
                write!(
                    f,
                    "{run}: the server does not have Run.history; the rows come by their {keys} keys{guess}"
                )
            }
            Self::RunsMissing { project, counted: Some(counted), listed } => write!(
                f,
                "{project}: the server counts {counted} runs but listed only {listed} of them; run the command again"
            ),
            Self::RunsMissing { project, counted: None, listed } => write!(
                f,
                "{project}: the list of runs broke off after {listed} runs, and the server does not say how many there are"
            ),
            Self::RunsFoundLate { project, count } => write!(
                f,
                "{project}: the list changed while it was read; {count} runs were found on another look and come last, \
                 out of order"
            ),
            Self::ListBroken { list, received, detail } => write!(
                f,
                "the list of {list} broke off after {received} entries: {detail}; run the command again"
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
                "{run}: {rows} rows come behind rows of later steps, as the exported files have them"
            ),
            Self::ParentMissing { run, parent, detail } => {
                write!(f, "{run}: the rows of {parent}, from which it was forked, are missing: {detail}")
            }
            Self::Sampled { run, rows } => {
                write!(f, "{run} has more than {rows} system metrics; these are samples")
            }
            Self::TextAltered { run, count } => write!(
                f,
                "in {run}, halves of surrogate pairs, which no text can hold, have become U+FFFD: {count} in all"
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
            Self::FileDamaged { file, detail } => write!(f, "{}: {detail}", file.display()),
            Self::FileShrunk { file } => {
                write!(f, "{} became shorter while it was followed", file.display())
            }
            Self::RowsOutOfOrder { file, rows } => write!(
                f,
                "{}: {rows} rows are not in the order of steps; they come as they were written",
                file.display()
            ),
            Self::SessionsOverlap { file, first, last } => write!(
                f,
                "{} begins with step {first}, and the session before ended with step {last}; where both have a step, the \
                 later session counts",
                file.display()
            ),
            Self::EarlierRowsLeftOut { file, first } => write!(
                f,
                "{}: rows of earlier sessions from step {first} on were left out, as this session may log these steps; \
                 run the command again without --follow to get those that it did not",
                file.display()
            ),
            Self::TextsUsed { place, files } => {
                write!(f, "{} does not hold all of the run; ", place.display())?;
                f.write_str(&files.join(" and "))?;
                f.write_str(" filled in")
            }
            Self::LogMissing { folder } => {
                write!(f, "{} has no .wandb file, so the rows of the run are missing", folder.display())
            }
            Self::NotALog { file, is_lfs_pointer } => {
                write!(f, "{} is not a .wandb file{}", file.display(), lfs_hint(*is_lfs_pointer))
            }
            Self::RunUnknown { file } => write!(f, "{} does not say which run it is of", file.display()),
            Self::RunUnreadable { detail } => f.write_str(detail),
            Self::MirrorIncomplete { subject, detail } => write!(f, "{subject}: {detail}"),
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

    #[test]
    fn log_lines_point_to_the_log_file() {
        let run = RunPath::new("team", "project", "run").unwrap();
        let mut issue = Issue::LogLinesMissing { run, counted: Some(9), received: 4, first: Some(5) };
        assert_eq!(
            issue.to_string(),
            "team/project/run: the server sent 4 of 9 log lines, from number 5 on; the run's file output.log may hold \
             the rest"
        );
        if let Issue::LogLinesMissing { counted, first, .. } = &mut issue {
            (*counted, *first) = (None, Some(0));
        }
        assert_eq!(
            issue.to_string(),
            "team/project/run: the server sent 4 log lines; the run's file output.log may hold the rest"
        );
    }
}
