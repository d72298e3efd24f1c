//! What a result lacks, holds inexactly, or had to guess.

use std::fmt;
use std::path::PathBuf;

use wandb_core::operation::{Field, Lacks};
use wandb_core::{ProjectPath, RunPath};

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
    /// A list had entries without content.
    #[non_exhaustive]
    NullEntries {
        /// The list, such as `runs of team/project`.
        list: String,
        /// How many entries were null.
        count: u64,
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
    /// Two sessions of a run on disk logged the same steps.
    #[non_exhaustive]
    SessionsOverlap {
        /// The file of the later session.
        file: PathBuf,
        /// The first step of the later session.
        first: i64,
        /// The last step of the session before it.
        last: i64,
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

    /// The fields among `lacks`, as issues.
    pub(crate) fn of_lacks(lacks: &Lacks) -> Vec<Self> {
        lacks.iter().cloned().map(Self::unsupported_field).collect()
    }

    /// Whether the result is complete and exact all the same, as far as the caller asked for it.
    pub fn is_note(&self) -> bool {
        match self {
            Self::UnsupportedField { requested, .. } => !requested,
            Self::UnsupportedArgument { consequence, .. } => consequence.is_none(),
            Self::RunsFoundLate { .. } => true,
            _ => false,
        }
    }
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnsupportedField { field, .. } => write!(f, "the server does not have {field}"),
            Self::UnsupportedArgument { field, argument, consequence } => {
                write!(f, "the server does not have the argument {argument} of {field}")?;
                consequence.as_ref().map_or(Ok(()), |consequence| write!(f, ": {consequence}"))
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
            Self::NullEntries { list, count } => {
                write!(f, "the server listed {count} empty entries among the {list}")
            }
            Self::RowsMissing { run, stream, counted, received } => {
                write!(f, "{run}: the server counts {counted} rows of {stream} but sent only {received}")
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
                "{} begins with step {first}, and the session before has ended with step {last}; what both have of a \
                 step comes twice",
                file.display()
            ),
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
