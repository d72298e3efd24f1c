//! Joins the sessions of a run.

use wandb_runlog::Selection;

use super::find::Sessions;
use super::run::{NO_PROJECT, SdkRun};
use super::session::SessionFacts;
use super::sessions::SessionRows;
use crate::error::Error;
use crate::issue::Issue;
use crate::source::disk::{RowKind, RowReader as _};

/// A run, and the state needed to add its next session.
struct JoinedRun {
    run: SdkRun,
    /// Whether a session so far says which run it belongs to.
    is_known: bool,
    /// The last step so far.
    last: Option<i64>,
    /// Whether sessions share steps.
    overlap: bool,
}

impl SdkRun {
    /// Reads everything but the rows from the sessions of one id. Sessions with the same project belong to
    /// one run. If a resumed session counts its steps from 0 again, they are shifted to follow those of
    /// the session before. If sessions share steps otherwise, the latest session wins.
    pub(super) fn open(sessions: &Sessions) -> Result<Vec<Self>, Error> {
        let mut runs: Vec<JoinedRun> = Vec::new();
        let mut not_logs = Vec::new();
        let mut failed = None;
        for files in sessions {
            let session = match SessionFacts::read(files) {
                Ok(session) => session,
                Err(Error::NotALog { file, is_lfs_pointer }) => {
                    not_logs.push(Issue::NotALog { file: file.clone(), is_lfs_pointer });
                    failed = Some(Error::NotALog { file, is_lfs_pointer });
                    continue;
                }
                Err(error) => return Err(error),
            };
            match runs.iter_mut().find(|joined| joined.is_run_of(&session)) {
                Some(joined) => joined.add(session)?,
                None => runs.push(JoinedRun::new(session)?),
            }
        }
        if let (true, Some(error)) = (runs.is_empty(), failed) {
            return Err(error);
        }
        let mut runs = runs.into_iter().map(JoinedRun::finish).collect::<Result<Vec<_>, _>>()?;
        if let Some(run) = runs.last_mut() {
            for issue in not_logs {
                run.add_issue(issue);
            }
        }
        Ok(runs)
    }
}

impl JoinedRun {
    fn new(session: SessionFacts) -> Result<Self, Error> {
        let (is_known, last) = (is_run_named(&session), session.facts.steps.map(|(_, last)| last));
        Ok(Self { run: SdkRun::from_session(session)?, is_known, last, overlap: false })
    }

    /// Returns whether a session belongs to this run. A session cut off before it names a run does.
    fn is_run_of(&self, session: &SessionFacts) -> bool {
        if !self.is_known || !is_run_named(session) {
            return true;
        }
        let (own, other) = (&self.run.facts.model, &session.facts.run);
        let is_same_entity = own.entity == other.entity || own.entity.is_empty() || other.entity.is_empty();
        let project = if other.project.is_empty() { NO_PROJECT } else { &other.project };
        (other.id.is_empty() || own.id == other.id) && own.project == project && is_same_entity
    }

    fn add(&mut self, session: SessionFacts) -> Result<(), Error> {
        let is_known = is_run_named(&session);
        let (first, last) = session.facts.steps.unzip();
        let begins_anew = session.facts.resumed && session.facts.starting_step == 0 && first == Some(0);
        let path = session.session.files.display_path().to_owned();
        let mut next = SdkRun::from_session(session)?;
        let mut shift = 0;
        if let Some((before, first)) = self.last.zip(first)
            && first <= before
        {
            if begins_anew {
                shift = before.saturating_add(1);
                next.shift(shift);
            } else {
                self.overlap = true;
                next.add_issue(Issue::SessionsOverlap { file: path, first, last: before });
            }
        }
        self.last = self.last.max(last.map(|last| last.saturating_add(shift)));
        self.run.append_session(next, is_known || !self.is_known)?;
        self.is_known |= is_known;
        Ok(())
    }

    /// Returns the run. Rows that several sessions share are counted once.
    fn finish(self) -> Result<SdkRun, Error> {
        let mut run = self.run;
        if self.overlap {
            let steps = RowKind::Logged(Selection::default().any_of(["_step"]));
            let mut rows = SessionRows::new(&run.sessions, steps);
            let mut count = 0;
            while let Some(batch) = rows.next()? {
                count += batch.row_count() as u64;
            }
            run.facts.model.history_line_count = Some(count);
        }
        Ok(run)
    }
}

/// Returns whether a session names the project of its run.
fn is_run_named(session: &SessionFacts) -> bool {
    !session.facts.run.project.is_empty() || session.facts.is_run()
}
