//! Joins the sessions of a run.

use wandb_runlog::Selection;

use super::find::Sessions;
use super::run::{NO_PROJECT, SdkRun};
use super::session::SessionFacts;
use super::sessions::SessionRows;
use crate::error::Error;
use crate::issue::Issue;
use crate::source::disk::{RowReader as _, Wanted};

/// A run, and the state needed to add its next session.
struct Joining {
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
    /// one run. If a resumed session counts its steps from 0 again, they are shifted behind those of the
    /// session before. If sessions share steps otherwise, the latest session wins.
    pub(super) fn open(sessions: &Sessions) -> Result<Vec<Self>, Error> {
        let mut runs: Vec<Joining> = Vec::new();
        let mut not_logs = Vec::new();
        let mut failed = None;
        for files in sessions {
            let read = match SessionFacts::read(files) {
                Ok(read) => read,
                Err(Error::NotALog { file, is_lfs_pointer }) => {
                    not_logs.push(Issue::NotALog { file: file.clone(), is_lfs_pointer });
                    failed = Some(Error::NotALog { file, is_lfs_pointer });
                    continue;
                }
                Err(error) => return Err(error),
            };
            match runs.iter_mut().find(|joining| joining.is_of(&read)) {
                Some(joining) => joining.add(read)?,
                None => runs.push(Joining::new(read)?),
            }
        }
        if let (true, Some(error)) = (runs.is_empty(), failed) {
            return Err(error);
        }
        let mut runs = runs.into_iter().map(Joining::end).collect::<Result<Vec<_>, _>>()?;
        if let Some(run) = runs.last_mut() {
            for issue in not_logs {
                run.add_issue(issue);
            }
        }
        Ok(runs)
    }
}

impl Joining {
    fn new(read: SessionFacts) -> Result<Self, Error> {
        let (is_known, last) = (is_known(&read), read.facts.steps.map(|(_, last)| last));
        Ok(Self { run: SdkRun::of(read)?, is_known, last, overlap: false })
    }

    /// Returns whether a session belongs to this run. A session cut off before it names a run does.
    fn is_of(&self, read: &SessionFacts) -> bool {
        if !self.is_known || !is_known(read) {
            return true;
        }
        let (own, other) = (&self.run.facts.model, &read.facts.run);
        let is_same_entity = own.entity == other.entity || own.entity.is_empty() || other.entity.is_empty();
        let project = if other.project.is_empty() { NO_PROJECT } else { &other.project };
        (other.id.is_empty() || own.id == other.id) && own.project == project && is_same_entity
    }

    fn add(&mut self, read: SessionFacts) -> Result<(), Error> {
        let is_known = is_known(&read);
        let (first, last) = read.facts.steps.unzip();
        let begins_anew = read.facts.resumed && read.facts.starting_step == 0 && first == Some(0);
        let place = read.session.files.place().to_owned();
        let mut next = SdkRun::of(read)?;
        let mut shift = 0;
        if let Some((before, first)) = self.last.zip(first)
            && first <= before
        {
            if begins_anew {
                shift = before.saturating_add(1);
                next.shift(shift);
            } else {
                self.overlap = true;
                next.add_issue(Issue::SessionsOverlap { file: place, first, last: before });
            }
        }
        self.last = self.last.max(last.map(|last| last.saturating_add(shift)));
        self.run.go_on(next, is_known || !self.is_known)?;
        self.is_known |= is_known;
        Ok(())
    }

    /// Returns the run. Rows that several sessions share are counted once.
    fn end(self) -> Result<SdkRun, Error> {
        let mut run = self.run;
        if self.overlap {
            let steps = Wanted::Logged(Selection::default().any_of(["_step"]));
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
fn is_known(read: &SessionFacts) -> bool {
    !read.facts.run.project.is_empty() || read.facts.is_run()
}
