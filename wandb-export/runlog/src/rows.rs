//! The rows of a run, batch by batch.

mod nested;
mod selection;

use std::collections::VecDeque;
use std::io::{self, Read, Seek};

use bytes::Bytes;
use wandb_core::page::{Page, PageBuilder};
use wandb_core::{Map, Row};

use crate::flat::flat;
use crate::proto::{self, History, Item};
use crate::records::{Losses, Numbers, Records};
use crate::steps::{Joined, Steps, add};
use selection::Chosen;
pub use selection::Selection;

/// The key of a row's step.
const STEP: &str = "_step";

/// A page is handed out when its values have so many bytes.
const PAGE_BYTES: usize = 512 << 10;

/// So many single rows are handed out at once, at the most.
const ROWS_AT_ONCE: usize = 256;

/// Some rows, in the form that costs least.
#[derive(Debug, Clone)]
pub enum Rows {
    /// Column by column.
    Page(Page),
    /// One by one: those that a page cannot hold, such as with numbers inside lists that are not finite.
    Single(Vec<Row>),
}

impl Rows {
    /// How many there are.
    #[expect(clippy::len_without_is_empty, reason = "there is at least one")]
    pub fn len(&self) -> usize {
        match self {
            Self::Page(page) => page.len(),
            Self::Single(rows) => rows.len(),
        }
    }
}

/// Reads the rows that a run has logged, in memory for a batch.
///
/// Each has `_step`. Nested keys are nested objects, as a server has them.
#[derive(Debug)]
pub struct HistoryReader<R> {
    records: Records<R>,
    steps: Steps,
    selection: Selection,
    pages: PageBuilder,
    single: Vec<Row>,
    /// How many items the last row had.
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
    /// Reads what `selection` says of a file.
    pub fn new(source: R, selection: Selection) -> Self {
        Self::over(Records::new(source), Steps::default(), selection)
    }

    fn over(records: Records<R>, steps: Steps, selection: Selection) -> Self {
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

    /// Adds so much to every step, as a server does for a run that was resumed offline and counted from 0 again.
    #[must_use]
    pub fn shifted(self, steps: i64) -> Self {
        Self { shift: steps, ..self }
    }

    /// The next rows, in the order of the file; `None` at its end.
    ///
    /// # Errors
    /// Those of the source alone; see [`losses`](Self::losses).
    pub fn next_rows(&mut self) -> io::Result<Option<Rows>> {
        loop {
            if let Some(rows) = self.ready.pop_front() {
                return Ok(Some(rows));
            }
            if self.is_over {
                return Ok(None);
            }
            if let Some(record) = self.records.next_record()? {
                self.take(record);
                continue;
            }
            self.is_over = true;
            if let Some(row) = self.steps.join() {
                self.joined(row);
            }
            self.hand_out();
        }
    }

    /// What could not be read so far.
    pub fn losses(&self) -> &Losses {
        self.records.losses()
    }

    /// Whether the record of the run's end has been read.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// The step of the last row so far, also if it was not asked for.
    pub fn last_step(&self) -> Option<i64> {
        self.last
    }

    /// How many rows so far did not come in the order of steps.
    pub fn out_of_order(&self) -> u64 {
        self.out_of_order
    }

    fn take(&mut self, record: proto::Record) {
        if let Some(history) = record.history {
            self.row(history);
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
                self.records.lose();
            }
            self.steps.part(&part).into_iter().for_each(|row| self.joined(row));
        }
    }

    fn row(&mut self, content: Bytes) {
        if let Some(row) = flat(&content, self.width + 1) {
            self.width = row.cells.len();
            let step = self.steps.of(row.step).saturating_add(self.shift);
            if !self.wants(step) || self.page_row(row.cells, step) {
                return;
            }
            if let Some(row) = self.records.read(content) {
                self.single_row(&row, step);
            }
        } else if let Some(row) = self.records.read::<History>(content) {
            let step = self.steps.of(row.step.map(|step| step.num)).saturating_add(self.shift);
            if self.wants(step) && !nested::cells(&row.item, |cells| self.page_row(cells, step)) {
                self.single_row(&row, step);
            }
        }
    }

    /// Adds a row to the page, if a page can hold it. A row that is not selected is held without a trace.
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
            Chosen::All => self.pages.row(cells),
            Chosen::These(cells) => self.pages.row(cells),
            Chosen::Nothing => true,
            Chosen::Unclear => false,
        };
        if self.pages.text_len() >= PAGE_BYTES || self.pages.has_pages() {
            self.hand_out();
        }
        is_held
    }

    /// Adds a row that a page cannot hold.
    fn single_row(&mut self, row: &History, step: i64) {
        let mut cells = Map::new();
        if !add(&mut cells, &row.item) {
            self.records.lose();
        }
        self.cells(cells, step);
    }

    fn joined(&mut self, row: Joined) {
        let step = row.step.saturating_add(self.shift);
        if self.wants(step) {
            self.cells(row.cells, step);
        }
    }

    /// Adds a row that is a value of its own.
    fn cells(&mut self, mut cells: Map, step: i64) {
        if !cells.contains_key(STEP) || self.shift != 0 {
            cells.insert(STEP, step);
        }
        let Some(row) = self.selection.row(cells) else { return };
        if !self.pages.is_empty() {
            self.hand_out();
        }
        self.single.push(row);
        if self.single.len() >= ROWS_AT_ONCE {
            self.hand_out();
        }
    }

    /// Notes which step comes next, and tells whether it is wanted.
    fn wants(&mut self, step: i64) -> bool {
        if self.last.is_some_and(|last| step <= last) {
            self.out_of_order += 1;
        }
        self.last = Some(step);
        self.selection.has_step(step)
    }

    /// Makes the rows so far ready to be handed out, in their order.
    fn hand_out(&mut self) {
        let pages = std::mem::replace(&mut self.pages, PageBuilder::new(self.selection.steps()));
        self.ready.extend(pages.finish().into_iter().map(Rows::Page));
        if !self.single.is_empty() {
            self.ready.push_back(Rows::Single(std::mem::take(&mut self.single)));
        }
    }
}

/// Where the reading of a file has stopped that is still being written; by default its beginning. It is of use only for the same
/// file, with the same [shift](HistoryReader::shifted).
#[derive(Debug, Clone, Default)]
pub struct Mark {
    offset: u64,
    steps: Steps,
    last: Option<i64>,
    numbers: Numbers,
}

impl Mark {
    /// How much of the file has been read, in bytes.
    pub fn offset(&self) -> u64 {
        self.offset
    }
}

/// What there is to read of a file that is still being written.
#[derive(Debug)]
pub enum Next {
    /// Rows that have come.
    Rows(Rows),
    /// There are no more for now; reading can go on here once there are.
    Mark(Mark),
}

impl<R: Read + Seek> HistoryReader<R> {
    /// Reads on from where an earlier reader has stopped. A row that was put together from parts and not finished is not
    /// among its rows, but among those of this one.
    ///
    /// # Errors
    /// Those of the source.
    pub fn go_on(source: R, selection: Selection, mark: &Mark) -> io::Result<Self> {
        let records = Records::go_on_at(source, mark.offset, mark.numbers)?;
        Ok(Self { last: mark.last, ..Self::over(records, mark.steps.clone(), selection) })
    }

    /// The rows that there are by now, and then where to go on once there are more. A record that is not all there yet is left
    /// for later, and so is a row of which only parts have come; [`next_rows`](Self::next_rows) gives that, too.
    ///
    /// # Errors
    /// Those of the source.
    pub fn next_or_mark(&mut self) -> io::Result<Next> {
        loop {
            if let Some(rows) = self.ready.pop_front() {
                return Ok(Next::Rows(rows));
            }
            match self.records.next_record()? {
                Some(record) => self.take(record),
                None if self.pages.is_empty() && self.single.is_empty() => {
                    let (offset, numbers) = (self.records.end(), self.records.numbers());
                    return Ok(Next::Mark(Mark {
                        offset,
                        steps: self.steps.clone(),
                        last: self.last,
                        numbers,
                    }));
                }
                None => self.hand_out(),
            }
        }
    }
}

/// Of the record of a run only where its steps begin.
#[derive(Clone, Copy, PartialEq, prost::Message)]
struct StartingStep {
    #[prost(int64, tag = "14")]
    starting_step: i64,
}
