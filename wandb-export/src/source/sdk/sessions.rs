//! Reads the rows of a run from the files of its sessions.

use std::collections::VecDeque;

use wandb_tables::Batch;

use super::merge::SessionMerger;
use super::session::{Session, SessionReader};
use crate::error::Error;
use crate::issue::Issue;
use crate::source::disk::{RowKind, RowReader, read_error};

/// Reads rows in batches, session by session. Sessions that share steps are merged.
#[derive(Debug)]
pub(super) struct SessionRows {
    /// The sessions to read next, in groups that share steps.
    groups: VecDeque<Vec<Session>>,
    wanted: RowKind,
    /// The current reader.
    current: Option<GroupReader>,
    issues: Vec<Issue>,
}

#[derive(Debug)]
enum GroupReader {
    One(Session, Box<SessionReader>),
    Several(SessionMerger),
}

impl SessionRows {
    pub(super) fn new(sessions: &[Session], wanted: RowKind) -> Self {
        let groups = match wanted {
            RowKind::Logged(_) => group_sessions(sessions),
            RowKind::System => sessions.iter().map(|session| vec![session.clone()]).collect(),
        };
        Self { groups, wanted, current: None, issues: Vec::new() }
    }
}

impl RowReader for SessionRows {
    fn next(&mut self) -> Result<Option<Batch>, Error> {
        loop {
            let batch = match &mut self.current {
                None => {
                    let Some(group) = self.groups.pop_front() else { return Ok(None) };
                    self.current = GroupReader::open(group, &self.wanted)?;
                    continue;
                }
                Some(GroupReader::One(session, reader)) => {
                    reader.next().map_err(|error| read_error(session.files.display_path(), error))?
                }
                Some(GroupReader::Several(merge)) => merge.next()?.map(Batch::Rows),
            };
            if batch.is_some() {
                return Ok(batch);
            }
            match self.current.take() {
                Some(GroupReader::One(session, reader)) => self.issues.extend(reader.issues(&session)),
                Some(GroupReader::Several(merge)) => self.issues.extend(merge.into_issues()),
                None => {}
            }
        }
    }

    fn issues(&self) -> &[Issue] {
        &self.issues
    }
}

impl GroupReader {
    fn open(mut group: Vec<Session>, wanted: &RowKind) -> Result<Option<Self>, Error> {
        Ok(match (group.pop(), wanted) {
            (Some(session), RowKind::Logged(selection)) if !group.is_empty() => {
                group.push(session);
                Some(Self::Several(SessionMerger::new(group, selection.clone())))
            }
            (Some(session), wanted) => {
                SessionReader::open(&session, wanted)?.map(|reader| Self::One(session, Box::new(reader)))
            }
            (None, _) => None,
        })
    }
}

/// Groups sessions that share steps, in the order of sessions. Each group's steps come after those of the
/// groups before it.
fn group_sessions(sessions: &[Session]) -> VecDeque<Vec<Session>> {
    let mut groups: Vec<(Option<i64>, Vec<usize>)> = Vec::new();
    for (number, session) in sessions.iter().enumerate() {
        let (first, mut last) = session.steps.unzip();
        let mut group = vec![number];
        // Merge all groups from the first one that reaches this session's first step.
        if let Some(at) =
            groups.iter().position(|(last, _)| last.zip(first).is_some_and(|(last, first)| last >= first))
        {
            for (others, numbers) in groups.drain(at..) {
                last = last.max(others);
                group.extend(numbers);
            }
            group.sort_unstable();
        }
        groups.push((last, group));
    }
    groups
        .into_iter()
        .map(|(_, group)| group.into_iter().map(|number| sessions[number].clone()).collect())
        .collect()
}
