//! Reads the rows of a run in batches.

mod nested;
mod selection;

use std::collections::VecDeque;
use std::io::{self, Read, Seek};

use bytes::Bytes;
use wandb_core::internal::PageBuilder;
use wandb_core::page::Page;
use wandb_core::{Map, Row};

use crate::flat::parse_flat;
use crate::proto::{self, History, Item};
use crate::records::{Losses, RecordNumbers, Records};
use crate::steps::{JoinedRow, StepCounter, add_items};
use selection::CellSelection;
pub use selection::Selection;

/// The key of a row's step.
const STEP: &str = "_step";

/// Size in bytes of a page's values from which the page is returned.
const PAGE_BYTES: usize = 512 << 10;

/// Maximum number of single rows in a batch.
const ROWS_AT_ONCE: usize = 256;

/// A batch of rows.
#[derive(Debug, Clone)]
pub enum Rows {
    /// Rows by column.
    Page(Page),
    /// Single rows, which a page cannot represent, for example because of non-finite numbers inside lists.
    Single(Vec<Row>),
}

impl Rows {
    /// The number of rows.
    #[expect(clippy::len_without_is_empty, reason = "there is at least one")]
    pub fn len(&self) -> usize {
        match self {
            Self::Page(page) => page.len(),
            Self::Single(rows) => rows.len(),
        }
    }
}

/// Reads the logged rows of a run, with one batch in memory.
///
/// Each row has a `_step`. Nested keys become nested objects, as on a server.
#[derive(Debug)]
pub struct HistoryReader<R> {
    records: Records<R>,
    steps: StepCounter,
    selection: Selection,
    pages: PageBuilder,
    single: Vec<Row>,
    /// The number of items in the last row.
    width: usize,
    /// The step of the last row.
    last: Option<i64>,
    shift: i64,
    ready: VecDeque<Rows>,
    is_over: bool,
    has_ended: bool,
    out_of_order: u64,
}

impl<R: Read> HistoryReader<R> {
    /// Makes a reader for the rows in `selection`.
    pub fn new(source: R, selection: Selection) -> Self {
        Self::with_records(Records::new(source), StepCounter::default(), selection)
    }

    fn with_records(records: Records<R>, steps: StepCounter, selection: Selection) -> Self {
        Self {
            records,
            steps,
            pages: PageBuilder::new(selection.steps()),
            selection,
            single: Vec::new(),
            width: 0,
            last: None,
            shift: 0,
            ready: VecDeque::new(),
            is_over: false,
            has_ended: false,
            out_of_order: 0,
        }
    }

    /// Adds an offset to every step, as a server does for a run that was resumed offline and counted from 0 again.
    #[must_use]
    pub fn with_step_offset(self, steps: i64) -> Self {
        Self { shift: steps, ..self }
    }

    /// Returns the next rows in file order; `None` at the end of the file.
    ///
    /// # Errors
    /// Only errors of the source. For damage, see [`losses`](Self::losses).
    pub fn next_rows(&mut self) -> io::Result<Option<Rows>> {
        loop {
            if let Some(rows) = self.ready.pop_front() {
                return Ok(Some(rows));
            }
            if self.is_over {
                return Ok(None);
            }
            if let Some(record) = self.records.next_record()? {
                self.add_record(record);
                continue;
            }
            self.is_over = true;
            if let Some(row) = self.steps.finish_row() {
                self.add_joined(row);
            }
            self.flush();
        }
    }

    /// The losses so far.
    pub fn losses(&self) -> &Losses {
        self.records.losses()
    }

    /// Whether the record of the run's exit was read.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// The step of the last row so far, selected or not.
    pub fn last_step(&self) -> Option<i64> {
        self.last
    }

    /// How many rows so far were out of step order.
    pub fn out_of_order(&self) -> u64 {
        self.out_of_order
    }

    fn add_record(&mut self, record: proto::Record) {
        if let Some(history) = record.history {
            self.add_row(history);
        } else if let Some(run) = record.run {
            if let Some(run) = self.records.read::<StartingStep>(run) {
                self.steps.start(run.starting_step);
            }
        } else if record.exit.is_some() {
            self.has_ended = true;
        } else if let Some(request) = record.request
            && let Some(request) = self.records.read::<proto::Request>(request)
            && let Some(part) = request.partial_history
        {
            if !part.item.iter().all(Item::is_readable) {
                self.records.mark_malformed();
            }
            self.steps.add_part(&part).into_iter().for_each(|row| self.add_joined(row));
        }
    }

    fn add_row(&mut self, content: Bytes) {
        if let Some(row) = parse_flat(&content, self.width + 1) {
            self.width = row.cells.len();
            let step = self.steps.assign(row.step).saturating_add(self.shift);
            if !self.advance_to(step) || self.page_row(row.cells, step) {
                return;
            }
            if let Some(row) = self.records.read(content) {
                self.single_row(&row, step);
            }
        } else if let Some(row) = self.records.read::<History>(content) {
            let step = self.steps.assign(row.step.map(|step| step.num)).saturating_add(self.shift);
            if self.advance_to(step) && !nested::cells(&row.item, |cells| self.page_row(cells, step)) {
                self.single_row(&row, step);
            }
        }
    }

    /// Adds a row to the page. Returns `false` if a page cannot represent it; an unselected row is dropped.
    fn page_row(&mut self, cells: Vec<(&[u8], &[u8])>, step: i64) -> bool {
        if !self.single.is_empty() {
            return false;
        }
        let digits;
        let mut cells = cells;
        if self.shift != 0 {
            cells.retain(|(key, _)| *key != STEP.as_bytes());
        }
        if !cells.iter().any(|(key, _)| *key == STEP.as_bytes()) {
            digits = step.to_string();
            cells.push((STEP.as_bytes(), digits.as_bytes()));
        }
        let is_held = match self.selection.cells(&cells) {
            CellSelection::All => self.pages.row(cells),
            CellSelection::Subset(cells) => self.pages.row(cells),
            CellSelection::Nothing => true,
            CellSelection::Unclear => false,
        };
        if self.pages.text_len() >= PAGE_BYTES || self.pages.has_pages() {
            self.flush();
        }
        is_held
    }

    /// Adds a row that a page cannot represent.
    fn single_row(&mut self, row: &History, step: i64) {
        let mut cells = Map::new();
        if !add_items(&mut cells, &row.item) {
            self.records.mark_malformed();
        }
        self.add_cells(cells, step);
    }

    fn add_joined(&mut self, row: JoinedRow) {
        let step = row.step.saturating_add(self.shift);
        if self.advance_to(step) {
            self.add_cells(row.cells, step);
        }
    }

    /// Adds a row that is already decoded.
    fn add_cells(&mut self, mut cells: Map, step: i64) {
        if !cells.contains_key(STEP) || self.shift != 0 {
            cells.insert(STEP, step);
        }
        let Some(row) = self.selection.row(cells) else { return };
        if !self.pages.is_empty() {
            self.flush();
        }
        self.single.push(row);
        if self.single.len() >= ROWS_AT_ONCE {
            self.flush();
        }
    }

    /// Records the next step and returns whether it is selected.
    fn advance_to(&mut self, step: i64) -> bool {
        if self.last.is_some_and(|last| step <= last) {
            self.out_of_order += 1;
        }
        self.last = Some(step);
        self.selection.has_step(step)
    }

    /// Queues the collected rows as batches, in order.
    fn flush(&mut self) {
        let pages = std::mem::replace(&mut self.pages, PageBuilder::new(self.selection.steps()));
        self.ready.extend(pages.finish().into_iter().map(Rows::Page));
        if !self.single.is_empty() {
            self.ready.push_back(Rows::Single(std::mem::take(&mut self.single)));
        }
    }
}

/// A position in a log that is still being written, from which reading can resume. The default is the start.
///
/// Only valid for the same file and the same [shift](HistoryReader::with_step_offset).
#[derive(Debug, Clone, Default)]
pub struct ResumePoint {
    offset: u64,
    steps: StepCounter,
    last: Option<i64>,
    numbers: RecordNumbers,
}

impl ResumePoint {
    /// The number of bytes read so far.
    pub fn offset(&self) -> u64 {
        self.offset
    }
}

/// The next batch of a log that is still being written.
#[derive(Debug)]
pub enum NextBatch {
    /// New rows.
    Rows(Rows),
    /// No more rows for now. Reading can resume here later.
    ResumePoint(ResumePoint),
}

impl<R: Read + Seek> HistoryReader<R> {
    /// Resumes where an earlier reader stopped. A row in parts that the earlier reader did not finish is returned by
    /// this one.
    ///
    /// # Errors
    /// Only errors of the source.
    #[doc(hidden)]
    pub fn resume(source: R, selection: Selection, mark: &ResumePoint) -> io::Result<Self> {
        let records = Records::resume_at(source, mark.offset, mark.numbers)?;
        Ok(Self { last: mark.last, ..Self::with_records(records, mark.steps.clone(), selection) })
    }

    /// Returns the rows so far, then the position from which to resume.
    ///
    /// Leaves an incomplete record for later, and so a row with missing parts, which [`next_rows`](Self::next_rows)
    /// would return.
    ///
    /// # Errors
    /// Only errors of the source.
    #[doc(hidden)]
    pub fn next_or_resume_point(&mut self) -> io::Result<NextBatch> {
        loop {
            if let Some(rows) = self.ready.pop_front() {
                return Ok(NextBatch::Rows(rows));
            }
            match self.records.next_record()? {
                Some(record) => self.add_record(record),
                None if self.pages.is_empty() && self.single.is_empty() => {
                    let (offset, numbers) = (self.records.end(), self.records.numbers());
                    return Ok(NextBatch::ResumePoint(ResumePoint {
                        offset,
                        steps: self.steps.clone(),
                        last: self.last,
                        numbers,
                    }));
                }
                None => self.flush(),
            }
        }
    }
}

/// The starting step of a run record. Decoding skips the rest.
#[derive(Clone, Copy, PartialEq, prost::Message)]
struct StartingStep {
    #[prost(int64, tag = "14")]
    starting_step: i64,
}
