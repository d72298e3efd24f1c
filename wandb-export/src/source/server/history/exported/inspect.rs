//! Reads the wanted part of one exported file.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use parquet::file::reader::{ChunkReader, Length};
use wandb_graphql::Selection;

use super::super::row_issues::LateRows;
use super::decode::{DecodeRequest, Decoder, integer_steps};
use super::footer::{ColumnKind, Footer, STEP, TAIL, locate_footer};
use super::pages::ReadPlan;
use super::ranges::plan_ranges;
use super::sparse_file::{SharedFile, SparseFile};
use super::storage::StoredFile;
use super::{catch_panic, unusable};
use crate::error::Error;

/// Bytes read from a file's end at first. Most footers, and many small files, are shorter.
const FIRST_READ: u64 = 64 << 10;

/// Number of steps read at once.
const STEPS_AT_ONCE: usize = 8 << 10;

/// The rows wanted from every file.
#[derive(Debug, Clone)]
pub(super) struct RowFilter {
    /// The run's name in errors.
    pub(super) run: String,
    pub(super) steps: Range<i64>,
    pub(super) selection: Selection,
    pub(super) late: LateRows,
}

/// A file with wanted rows.
#[derive(Debug)]
pub(super) struct SelectedFile {
    file: InspectedFile,
    footer: Range<u64>,
    bytes: Vec<Range<u64>>,
    request: DecodeRequest,
}

/// A file and the bytes fetched while inspecting it.
#[derive(Debug)]
pub(super) struct InspectedFile {
    stored: StoredFile,
    held: SparseFile,
}

/// The result of inspecting a file by its footer.
pub(super) enum Inspection {
    /// The wanted part of the file, and the kinds of its columns.
    Selected { file: Box<SelectedFile>, columns: Vec<(String, ColumnKind)>, last_step: i64 },
    /// No row is wanted.
    Nothing { last_step: Option<i64> },
    /// The footer lacks the information needed.
    Unclear(Box<InspectedFile>),
}

/// Reads the footer of a file. Reads more only if its statistics lack the steps.
pub(super) async fn inspect(mut stored: StoredFile, filter: RowFilter) -> Result<Inspection, Error> {
    let mut held = stored.fetch_tail(FIRST_READ).await?;
    let failed = |message: &dyn ToString| unusable(&filter.run, message);
    let length = held.len();
    let tail = length.checked_sub(TAIL as u64).ok_or_else(|| failed(&"a file is too short"))?;
    let tail = held.get_bytes(tail, TAIL).map_err(|error| failed(&error))?;
    let tail = tail[..].try_into().map_err(|error| failed(&error))?;
    let footer_range = locate_footer(tail, length).map_err(|error| failed(&error))?;
    stored.fetch_ranges(std::slice::from_ref(&(footer_range.start..length)), &mut held).await?;
    let footer = parse_footer(&held, &footer_range, &filter.run)?;
    if footer.group_rows().all(|rows| rows == 0) {
        return Ok(Inspection::Nothing { last_step: None });
    }
    if !footer.has_steps() || has_duplicate_columns(&footer) {
        return Ok(Inspection::Unclear(Box::new(InspectedFile { stored, held })));
    }
    let mut groups: Vec<(usize, (i64, i64))> = Vec::new();
    for (group, _) in footer.group_rows().enumerate().filter(|(_, rows)| *rows > 0) {
        let steps = match footer.step_range(group) {
            Some(steps) => steps,
            None => match read_step_range(&stored, &mut held, &footer, group, &filter.run).await? {
                Some(steps) => steps,
                None => return Ok(Inspection::Unclear(Box::new(InspectedFile { stored, held }))),
            },
        };
        groups.push((group, steps));
    }
    let last_step = groups.iter().map(|(_, (_, last))| *last).max();
    groups.retain(|(_, (first, last))| *first < filter.steps.end && *last >= filter.steps.start);
    let first = groups.iter().map(|(_, (first, _))| *first).min();
    let last = groups.iter().map(|(_, (_, last))| *last).max();
    let (Some(last_step), Some(first), Some(last)) = (last_step, first, last) else {
        return Ok(Inspection::Nothing { last_step });
    };
    let groups: Vec<usize> = groups.into_iter().map(|(group, _)| group).collect();
    let columns = footer.wanted_columns(&filter.selection);
    let kinds: Vec<(String, ColumnKind)> = columns
        .iter()
        .map(|&root| (footer.fields()[root].name().clone(), footer.column_kind(root, &groups)))
        .collect();
    if !can_match(&kinds, &filter.selection) {
        return Ok(Inspection::Nothing { last_step: Some(last_step) });
    }
    let mut bytes = vec![footer_range.clone()];
    for (&group, &root) in groups.iter().flat_map(|group| columns.iter().map(move |root| (group, root))) {
        for range in footer.byte_ranges(group, root) {
            let range = range.filter(|range| range.end <= footer_range.start);
            bytes.push(range.ok_or_else(|| failed(&"a column lies outside of its file"))?);
        }
    }
    let RowFilter { run, steps, selection, late } = filter;
    let request =
        DecodeRequest { run, groups, columns, promised: (first, last), wanted: steps, selection, late };
    let file =
        Box::new(SelectedFile { file: InspectedFile { stored, held }, footer: footer_range, bytes, request });
    Ok(Inspection::Selected { file, columns: kinds, last_step })
}

impl SelectedFile {
    /// Returns the first and last wanted step.
    pub(super) fn steps(&self) -> (i64, i64) {
        self.request.promised
    }

    /// Returns the file, in case all of it is wanted after all.
    pub(super) fn file(&mut self) -> &mut InspectedFile {
        &mut self.file
    }

    pub(super) fn into_file(self) -> InspectedFile {
        self.file
    }

    /// Fetches the missing parts of the file.
    pub(super) async fn open(self) -> Result<Decoder, Error> {
        let Self { file: InspectedFile { stored, mut held }, footer, bytes, request } = self;
        let missing = plan_ranges(&bytes, &held.ranges());
        stored.fetch_ranges(&missing, &mut held).await?;
        blocking::unblock(move || {
            let footer = parse_footer(&held, &footer, &request.run)?;
            Decoder::new(&SharedFile(Arc::new(held)), &footer, request)
        })
        .await
    }
}

impl InspectedFile {
    pub(super) fn held(&self) -> &SparseFile {
        &self.held
    }

    /// Drops the fetched bytes, which are fetched again when needed.
    pub(super) fn forget(&mut self) {
        self.held = SparseFile::empty(self.held.len());
    }

    /// Fetches the rest of the file to disk and returns the whole file.
    pub(super) async fn fetch_whole(self) -> Result<SharedFile, Error> {
        let Self { stored, mut held } = self;
        held.disable_memory();
        let missing = plan_ranges(std::slice::from_ref(&(0..held.len())), &held.ranges());
        stored.fetch_ranges(&missing, &mut held).await?;
        Ok(SharedFile(Arc::new(held)))
    }
}

fn parse_footer(held: &SparseFile, range: &Range<u64>, run: &str) -> Result<Footer, Error> {
    catch_panic(run, || Footer::read_at(held, range))?.map_err(|error| unusable(run, &error))
}

/// Returns whether two columns have the same name, so that a row cannot hold both.
fn has_duplicate_columns(footer: &Footer) -> bool {
    let mut names = HashSet::new();
    !footer.fields().iter().all(|field| names.insert(field.name()))
}

/// Returns whether any row may match the selection.
fn can_match(kinds: &[(String, ColumnKind)], selection: &Selection) -> bool {
    let holds = |key: &str| kinds.iter().any(|(name, kind)| name == key && *kind != ColumnKind::Nothing);
    match selection {
        Selection::Everything => true,
        Selection::AllOf(keys) => keys.iter().all(holds),
        Selection::AnyOf(keys) => keys.iter().any(holds),
    }
}

/// Finds the lowest and greatest step of a row group from its rows. `None` if a row has no step.
async fn read_step_range(
    stored: &StoredFile,
    held: &mut SparseFile,
    footer: &Footer,
    group: usize,
    run: &str,
) -> Result<Option<(i64, i64)>, Error> {
    let Some((root, _)) = footer.fields().find(STEP) else { return Ok(None) };
    let bytes: Option<Vec<Range<u64>>> = footer.byte_ranges(group, root).collect();
    let Some(bytes) = bytes else { return Ok(None) };
    stored.fetch_ranges(&plan_ranges(&bytes, &held.ranges()), held).await?;
    let shared = Arc::new(std::mem::take(held));
    let (reader, footer, run) = (SharedFile(Arc::clone(&shared)), footer.clone(), run.to_owned());
    let steps = blocking::unblock(move || {
        let steps = catch_panic(&run, || step_range(&reader, &footer, group, root))?;
        steps.map_err(|error| unusable(&run, &error))
    });
    let steps = steps.await?;
    *held = Arc::into_inner(shared).unwrap_or_default();
    Ok(steps)
}

fn step_range(
    bytes: &SharedFile,
    footer: &Footer,
    group: usize,
    root: usize,
) -> parquet::errors::Result<Option<(i64, i64)>> {
    let plan = ReadPlan::new(bytes, footer, vec![group], vec![root])?;
    let mut step_range: Option<(i64, i64)> = None;
    for batch in plan.read(bytes, footer, STEPS_AT_ONCE, None)? {
        let steps = integer_steps(batch?.column(0)).filter(|steps| steps.null_count() == 0);
        let Some(steps) = steps else { return Ok(None) };
        for step in steps.as_primitive::<Int64Type>().iter().flatten() {
            let (min, max) = step_range.get_or_insert((step, step));
            (*min, *max) = ((*min).min(step), (*max).max(step));
        }
    }
    Ok(step_range)
}
