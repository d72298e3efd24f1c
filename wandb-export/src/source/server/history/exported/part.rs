//! Reads the wanted part of one exported file.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use parquet::file::reader::{ChunkReader, Length};
use wandb_graphql::Selection;

use super::super::findings::Late;
use super::decode::{Decoder, Reading, integer_steps};
use super::footer::{Footer, Kind, STEP, TAIL, place};
use super::pages::Plan;
use super::ranges::to_fetch;
use super::sparse_file::{Shared, SparseFile};
use super::storage::Stored;
use super::{unpanicked, unusable};
use crate::error::Error;

/// Bytes read from a file's end at first. Most footers, and many small files, are shorter.
const FIRST_LOOK: u64 = 64 << 10;

/// Number of steps read at once.
const STEPS_AT_ONCE: usize = 8 << 10;

/// The rows wanted from every file.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// The run's name in errors.
    pub(super) run: String,
    pub(super) steps: Range<i64>,
    pub(super) selection: Selection,
    pub(super) late: Late,
}

/// A file with wanted rows.
#[derive(Debug)]
pub(super) struct Part {
    file: Looked,
    footer: Range<u64>,
    bytes: Vec<Range<u64>>,
    reading: Reading,
}

/// A file and the bytes fetched while inspecting it.
#[derive(Debug)]
pub(super) struct Looked {
    stored: Stored,
    held: SparseFile,
}

/// The result of inspecting a file's footer.
pub(super) enum Look {
    /// The wanted part of the file, and the kinds of its columns.
    Part { part: Box<Part>, columns: Vec<(String, Kind)>, last_step: i64 },
    /// No row is wanted.
    Nothing { last_step: Option<i64> },
    /// The footer lacks the information needed.
    Unclear(Box<Looked>),
}

/// Reads the footer of a file. Reads more only if its statistics lack the steps.
pub(super) async fn look(mut stored: Stored, wanted: Wanted) -> Result<Look, Error> {
    let mut held = stored.end(FIRST_LOOK).await?;
    let failed = |message: &dyn ToString| unusable(&wanted.run, message);
    let length = held.len();
    let tail = length.checked_sub(TAIL as u64).ok_or_else(|| failed(&"a file is too short"))?;
    let tail = held.get_bytes(tail, TAIL).map_err(|error| failed(&error))?;
    let tail = tail[..].try_into().map_err(|error| failed(&error))?;
    let footer_place = place(tail, length).map_err(|error| failed(&error))?;
    stored.bring(std::slice::from_ref(&(footer_place.start..length)), &mut held).await?;
    let footer = parse(&held, &footer_place, &wanted.run)?;
    if footer.group_rows().all(|rows| rows == 0) {
        return Ok(Look::Nothing { last_step: None });
    }
    if !footer.has_steps() || has_doubles(&footer) {
        return Ok(Look::Unclear(Box::new(Looked { stored, held })));
    }
    let mut groups: Vec<(usize, (i64, i64))> = Vec::new();
    for (group, _) in footer.group_rows().enumerate().filter(|(_, rows)| *rows > 0) {
        let steps = match footer.steps(group) {
            Some(steps) => steps,
            None => match measure(&stored, &mut held, &footer, group, &wanted.run).await? {
                Some(steps) => steps,
                None => return Ok(Look::Unclear(Box::new(Looked { stored, held }))),
            },
        };
        groups.push((group, steps));
    }
    let last_step = groups.iter().map(|(_, (_, last))| *last).max();
    groups.retain(|(_, (first, last))| *first < wanted.steps.end && *last >= wanted.steps.start);
    let first = groups.iter().map(|(_, (first, _))| *first).min();
    let last = groups.iter().map(|(_, (_, last))| *last).max();
    let (Some(last_step), Some(first), Some(last)) = (last_step, first, last) else {
        return Ok(Look::Nothing { last_step });
    };
    let groups: Vec<usize> = groups.into_iter().map(|(group, _)| group).collect();
    let columns = footer.wanted_columns(&wanted.selection);
    let kinds: Vec<(String, Kind)> = columns
        .iter()
        .map(|&root| (footer.fields()[root].name().clone(), footer.kind(root, &groups)))
        .collect();
    if !may_be_chosen(&kinds, &wanted.selection) {
        return Ok(Look::Nothing { last_step: Some(last_step) });
    }
    let mut bytes = vec![footer_place.clone()];
    for (&group, &root) in groups.iter().flat_map(|group| columns.iter().map(move |root| (group, root))) {
        for place in footer.bytes(group, root) {
            let place = place.filter(|place| place.end <= footer_place.start);
            bytes.push(place.ok_or_else(|| failed(&"a column lies outside of its file"))?);
        }
    }
    let Wanted { run, steps, selection, late } = wanted;
    let reading = Reading { run, groups, columns, promised: (first, last), wanted: steps, selection, late };
    let part = Box::new(Part { file: Looked { stored, held }, footer: footer_place, bytes, reading });
    Ok(Look::Part { part, columns: kinds, last_step })
}

impl Part {
    /// Returns the first and last wanted step.
    pub(super) fn steps(&self) -> (i64, i64) {
        self.reading.promised
    }

    /// Returns the file, in case all of it is wanted after all.
    pub(super) fn file(&mut self) -> &mut Looked {
        &mut self.file
    }

    pub(super) fn into_file(self) -> Looked {
        self.file
    }

    /// Fetches the missing parts of the file.
    pub(super) async fn open(self) -> Result<Decoder, Error> {
        let Self { file: Looked { stored, mut held }, footer, bytes, reading } = self;
        let missing = to_fetch(&bytes, &held.ranges());
        stored.bring(&missing, &mut held).await?;
        blocking::unblock(move || {
            let footer = parse(&held, &footer, &reading.run)?;
            Decoder::new(&Shared(Arc::new(held)), &footer, reading)
        })
        .await
    }
}

impl Looked {
    pub(super) fn held(&self) -> &SparseFile {
        &self.held
    }

    /// Drops the fetched bytes, which are fetched again when needed.
    pub(super) fn forget(&mut self) {
        self.held = SparseFile::nothing(self.held.len());
    }

    /// Fetches the rest of the file to disk and returns the whole file.
    pub(super) async fn whole(self) -> Result<Shared, Error> {
        let Self { stored, mut held } = self;
        held.take_no_memory();
        let missing = to_fetch(std::slice::from_ref(&(0..held.len())), &held.ranges());
        stored.bring(&missing, &mut held).await?;
        Ok(Shared(Arc::new(held)))
    }
}

fn parse(held: &SparseFile, place: &Range<u64>, run: &str) -> Result<Footer, Error> {
    unpanicked(run, || Footer::read(held, place))?.map_err(|error| unusable(run, &error))
}

/// Returns whether two columns have the same name, so that a row cannot hold both.
fn has_doubles(footer: &Footer) -> bool {
    let mut names = HashSet::new();
    !footer.fields().iter().all(|field| names.insert(field.name()))
}

/// Returns whether any row may match the selection.
fn may_be_chosen(kinds: &[(String, Kind)], selection: &Selection) -> bool {
    let holds = |key: &str| kinds.iter().any(|(name, kind)| name == key && *kind != Kind::Nothing);
    match selection {
        Selection::Everything => true,
        Selection::AllOf(keys) => keys.iter().all(holds),
        Selection::AnyOf(keys) => keys.iter().any(holds),
    }
}

/// Finds the lowest and greatest step of a row group from its rows. `None` if a row has no step.
async fn measure(
    stored: &Stored,
    held: &mut SparseFile,
    footer: &Footer,
    group: usize,
    run: &str,
) -> Result<Option<(i64, i64)>, Error> {
    let Some((root, _)) = footer.fields().find(STEP) else { return Ok(None) };
    let bytes: Option<Vec<Range<u64>>> = footer.bytes(group, root).collect();
    let Some(bytes) = bytes else { return Ok(None) };
    stored.bring(&to_fetch(&bytes, &held.ranges()), held).await?;
    let shared = Arc::new(std::mem::take(held));
    let (reader, footer, run) = (Shared(Arc::clone(&shared)), footer.clone(), run.to_owned());
    let steps = blocking::unblock(move || {
        let steps = unpanicked(&run, || extremes(&reader, &footer, group, root))?;
        steps.map_err(|error| unusable(&run, &error))
    });
    let steps = steps.await?;
    *held = Arc::into_inner(shared).unwrap_or_default();
    Ok(steps)
}

fn extremes(
    bytes: &Shared,
    footer: &Footer,
    group: usize,
    root: usize,
) -> parquet::errors::Result<Option<(i64, i64)>> {
    let plan = Plan::new(bytes, footer, vec![group], vec![root])?;
    let mut extremes: Option<(i64, i64)> = None;
    for batch in plan.read(bytes, footer, STEPS_AT_ONCE, None)? {
        let steps = integer_steps(batch?.column(0)).filter(|steps| steps.null_count() == 0);
        let Some(steps) = steps else { return Ok(None) };
        for step in steps.as_primitive::<Int64Type>().iter().flatten() {
            let (least, most) = extremes.get_or_insert((step, step));
            (*least, *most) = ((*least).min(step), (*most).max(step));
        }
    }
    Ok(extremes)
}
