//! Merges the rows of sessions that share steps, ordered by step. The latest session wins.

use std::collections::VecDeque;

use wandb_core::Row;
use wandb_runlog::Selection;

use super::session::{Session, SessionReader};
use crate::error::Error;
use crate::issue::Issue;
use crate::source::disk::{RowKind, read_error};

/// The most rows per batch.
const ROWS_AT_ONCE: usize = 256;

/// The step that stands in for a missing one.
const NO_STEP: i64 = i64::MIN;

/// Reads sessions in parallel, holding one batch of each in memory. A session is opened when its first step
/// is due.
#[derive(Debug)]
pub(super) struct SessionMerger {
    /// The sessions to open later, ordered by first step, the last one first.
    waiting: Vec<(usize, Session)>,
    open: Vec<OpenSession>,
    /// The selection of rows.
    selection: Selection,
    issues: Vec<Issue>,
}

/// A session that is being read.
#[derive(Debug)]
struct OpenSession {
    /// The position among the sessions; later sessions have higher numbers.
    number: usize,
    session: Session,
    reader: SessionReader,
    rows: VecDeque<Row>,
}

impl SessionMerger {
    pub(super) fn new(sessions: Vec<Session>, selection: Selection) -> Self {
        let mut waiting: Vec<_> = sessions.into_iter().enumerate().collect();
        waiting.sort_by_key(|(_, session)| std::cmp::Reverse(session.steps.map(|(first, _)| first)));
        Self { waiting, open: Vec::new(), selection, issues: Vec::new() }
    }

    /// Returns the next rows, at least one, or `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Vec<Row>>, Error> {
        let mut rows = Vec::new();
        while rows.len() < ROWS_AT_ONCE {
            let Some(step) = self.next_step()? else { break };
            let latest =
                self.open.iter().filter(|open| open.step() == Some(step)).map(|open| open.number).max();
            for at in (0..self.open.len()).rev() {
                let is_latest = Some(self.open[at].number) == latest || step == NO_STEP;
                while self.open.get(at).is_some_and(|open| open.step() == Some(step)) {
                    let row = self.open[at].rows.pop_front();
                    if is_latest {
                        rows.extend(row.and_then(|row| self.selection.choose(row)));
                    }
                    self.fill(at)?;
                }
            }
        }
        Ok((!rows.is_empty()).then_some(rows))
    }

    /// Returns the issues found.
    pub(super) fn into_issues(self) -> Vec<Issue> {
        self.issues
    }

    /// Returns the lowest next step of all sessions, after opening those that have it.
    fn next_step(&mut self) -> Result<Option<i64>, Error> {
        loop {
            let step = self.open.iter().filter_map(OpenSession::step).min();
            let first =
                self.waiting.last().map(|(_, session)| session.steps.map_or(NO_STEP, |(first, _)| first));
            match (step, first) {
                (Some(step), Some(first)) if first > step => return Ok(Some(step)),
                (_, Some(_)) => self.open_next()?,
                (step, None) => return Ok(step),
            }
        }
    }

    fn open_next(&mut self) -> Result<(), Error> {
        let Some((number, session)) = self.waiting.pop() else { return Ok(()) };
        // Select keys only after merging: a later session's row wins even if it lacks the keys.
        let steps = self.selection.steps();
        let all = Selection::default().min_step(steps.start).max_step(steps.end);
        if let Some(reader) = SessionReader::open(&session, &RowKind::Logged(all))? {
            self.open.push(OpenSession { number, session, reader, rows: VecDeque::new() });
            self.fill(self.open.len() - 1)?;
        }
        Ok(())
    }

    /// Reads the next rows of a session that has none left, and closes it at its end.
    fn fill(&mut self, at: usize) -> Result<(), Error> {
        let Some(open) = self.open.get_mut(at) else { return Ok(()) };
        while open.rows.is_empty() {
            let batch =
                open.reader.next().map_err(|error| read_error(open.session.files.display_path(), error))?;
            let Some(batch) = batch else {
                let closed = self.open.remove(at);
                self.issues.extend(closed.reader.issues(&closed.session));
                return Ok(());
            };
            open.rows.extend(batch.into_rows()?);
        }
        Ok(())
    }
}

impl OpenSession {
    /// Returns the step of the next row. A row without a valid `_step`, which users can set, is due
    /// immediately.
    fn step(&self) -> Option<i64> {
        self.rows.front().map(|row| row.step().unwrap_or(NO_STEP))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt::Write as _;
    use std::ops::Range;

    use proptest::prelude::*;

    use super::super::session_files::{HISTORY, SessionFiles};
    use super::super::sessions::SessionRows;
    use super::*;
    use crate::source::disk::RowReader as _;

    /// Generates the steps of a session.
    fn steps() -> impl Strategy<Value = Vec<i64>> {
        prop::collection::btree_set(0..40_i64, 0..12).prop_map(|steps| steps.into_iter().collect())
    }

    fn session(folder: &std::path::Path, number: usize, steps: &[i64]) -> Session {
        let texts = folder.join(format!("run-2019010{number}_000000-a"));
        std::fs::create_dir_all(&texts).unwrap();
        let mut text = String::new();
        for step in steps {
            writeln!(text, "{{\"_step\":{step},\"from\":{number},\"own{number}\":1}}").unwrap();
        }
        std::fs::write(texts.join(HISTORY), text).unwrap();
        let files = SessionFiles::from_texts(&texts).unwrap();
        let steps = steps.first().copied().zip(steps.last().copied());
        Session { files, shift: 0, steps, has_console: false }
    }

    fn read(sessions: &[Session], selection: Selection) -> Vec<(i64, i64)> {
        let mut rows = SessionRows::new(sessions, RowKind::Logged(selection));
        let mut read = Vec::new();
        while let Some(batch) = rows.next().unwrap() {
            for row in batch.into_rows().unwrap() {
                let from = row.get("from").and_then(wandb_core::Value::as_i64).unwrap();
                read.push((row.step().unwrap(), from));
            }
        }
        assert!(rows.issues().is_empty(), "{:?}", rows.issues());
        read
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        /// However sessions overlap, each step comes once, in order, from the latest session that has it.
        #[test]
        fn latest_session_wins_for_shared_steps(
            sessions in prop::collection::vec(steps(), 1..5),
            Range { start, end } in (0..40_i64, 0..45_i64).prop_map(|(start, end)| start..end),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let mut expected = BTreeMap::new();
            for (number, steps) in sessions.iter().enumerate() {
                expected.extend(steps.iter().map(|step| (*step, i64::try_from(number).unwrap())));
            }
            let sessions: Vec<_> =
                sessions.iter().enumerate().map(|(number, steps)| session(folder.path(), number, steps)).collect();
            let all: Vec<_> = expected.into_iter().collect();
            prop_assert_eq!(read(&sessions, Selection::default()), all.clone());
            let some = Selection::default().min_step(start).max_step(end);
            let wanted: Vec<_> = all.iter().copied().filter(|(step, _)| (start..end).contains(step)).collect();
            prop_assert_eq!(read(&sessions, some), wanted);
            // Keys are selected after merging.
            let keys = Selection::default().any_of(["own0"]);
            let mut rows = SessionRows::new(&sessions, RowKind::Logged(keys));
            let mut count = 0;
            while let Some(batch) = rows.next().unwrap() {
                count += batch.row_count();
            }
            prop_assert_eq!(count, all.iter().filter(|(_, from)| *from == 0).count());
        }
    }
}
