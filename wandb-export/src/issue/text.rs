//! The texts of issues.

use std::fmt;

use super::Issue;

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
            Self::EntriesMissing { list, counted, listed } => write!(
                f,
                "the server counts {counted} {list}, but listed only {listed}; run the command again"
            ),
            Self::ArtifactInexact { artifact, detail } => write!(f, "{artifact}: {detail}"),
            Self::ArtifactFileInexact { file, detail } => write!(f, "{file}: {detail}"),
            Self::ReferencesNotFetched { artifact, count, schemes } => write!(
                f,
                "{artifact}: {count} entries refer to content that is stored elsewhere ({}) and were not fetched; get it \
                 from there",
                schemes.join(", ")
            ),
            Self::MirrorIncomplete { subject, detail } => write!(f, "{subject}: {detail}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use wandb_core::RunPath;

    use super::*;

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
