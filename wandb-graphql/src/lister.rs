//! Lists all runs of a project, although its pages are not a snapshot.

use wandb_core::model::Run;
use wandb_core::operation::{PageSize, UnreadableEntry};

use crate::ops::{Detail, ListPage, ListRuns, PagePosition};
use crate::{Filter, Order, PageGuard, SeenKeys};

#[cfg(test)]
mod tests;

/// Lists each run of a project once, and counts the missing ones.
///
/// The pages of a list are not a snapshot: a run that moves in the order meanwhile may appear twice or not at all
/// (wandb/wandb #7666, #6614). The server's `runCount` stays right, so the lister compares with it. If runs are
/// missing, it makes another pass over all pages in the reverse order, until a pass finds nothing new, three passes
/// are done, or two passes broke off. It also makes another pass if the count fell meanwhile, because a deleted run
/// shifts others to another page.
///
/// The lister sends nothing itself: [`request`](Self::request) returns the next request, and [`take`](Self::take) takes
/// the answer. It keeps 16 bytes per run, twice.
///
/// ```
/// use wandb_graphql::RunLister;
/// use wandb_graphql::ops::ListRuns;
///
/// let lister = RunLister::new(ListRuns::new("team/project".parse()?)).limit(10);
/// assert!(lister.request().is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct RunLister {
    /// The request for the first page, as given.
    list: ListRuns,
    /// The page size, reduced to the smallest one that an answer suggested.
    page_size: PageSize,
    limit: Option<u64>,
    seen: SeenKeys,
    counted: Option<u64>,
    null_entries: u64,
    /// The unreadable entries of the pass that had the most.
    unreadable: Vec<UnreadableEntry>,
    late: u64,
    passes: u32,
    /// How many passes broke off.
    cuts: u32,
    /// Whether the last pass broke off.
    is_cut: bool,
    pass: Pass,
    stage: Stage,
}

/// One pass over all pages.
#[derive(Debug, Clone, Default)]
struct Pass {
    position: PagePosition,
    guard: PageGuard,
    entries: u64,
    new: u64,
    repeated: u64,
    null_entries: u64,
    unreadable: Vec<UnreadableEntry>,
    /// Whether the count fell between two pages.
    has_count_fallen: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Pass,
    /// Runs seem to be missing: count again, because they may have been deleted.
    Recount,
    Done,
}

/// The outcome of listing runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunListEnd {
    /// The server's count of runs, if it gives one.
    pub counted: Option<u64>,
    /// How many different runs were listed.
    pub listed: u64,
    /// How many entries were null or unreadable, and so stand for unlisted runs.
    pub null_entries: u64,
    /// How many runs appeared only in a later pass. They come last, in no particular order.
    pub late: u64,
    /// How many counted runs are neither listed nor null entries.
    pub missing: u64,
    /// Whether the list broke off without a count, so that an unknown number of runs may be missing.
    pub is_cut: bool,
}

impl RunListEnd {
    /// Whether every run was listed, as far as the server's count shows.
    pub fn is_whole(&self) -> bool {
        self.missing == 0 && self.null_entries == 0 && !self.is_cut
    }
}

/// Maximum number of unreadable entries whose reasons are kept.
pub(crate) const MAX_UNREADABLE: usize = 1_000;

/// Maximum number of passes over all pages.
const MAX_PASSES: u32 = 3;

/// Maximum number of passes that may break off.
const MAX_CUTS: u32 = 2;

/// How many entries a pass may have beyond twice the number of runs.
const SPARE_ENTRIES: u64 = 10_000;

impl RunLister {
    /// Makes a lister for the runs that `list` requests.
    pub fn new(list: ListRuns) -> Self {
        Self {
            page_size: list.size(),
            list,
            limit: None,
            seen: SeenKeys::default(),
            counted: None,
            null_entries: 0,
            unreadable: Vec::new(),
            late: 0,
            passes: 0,
            cuts: 0,
            is_cut: false,
            pass: Pass::default(),
            stage: Stage::Pass,
        }
    }

    /// Stops after this number of runs and requests no more than needed.
    #[must_use]
    pub fn limit(self, runs: u64) -> Self {
        let stage = if runs == 0 { Stage::Done } else { self.stage };
        Self { limit: Some(runs), stage, ..self }
    }

    /// Lists only runs created in a time range; see [`Filter::created`].
    #[must_use]
    pub fn created(self, from: Option<&str>, until: Option<&str>) -> Self {
        let range = Filter::created(from, until);
        let filter = match (range == Filter::all(), self.list.current_filter() == &Filter::all()) {
            (true, _) => return self,
            (_, true) => range,
            (_, false) => self.list.current_filter().and(&range),
        };
        Self { list: self.list.filter(filter), ..self }
    }

    /// The next request; `None` at the end.
    pub fn request(&self) -> Option<ListRuns> {
        match self.stage {
            Stage::Done => None,
            Stage::Recount => Some(self.list.clone().detail(Detail::Light).page_size(PageSize::fixed(1))),
            Stage::Pass => {
                let list = self.list.clone().page_size(self.next_page_size()).at(self.pass.position.clone());
                Some(if self.passes % 2 == 1 { list.order(self.order().reversed()) } else { list })
            }
        }
    }

    fn order(&self) -> &Order {
        self.list.current_order()
    }

    /// The size of the next page.
    fn next_page_size(&self) -> PageSize {
        match self.remaining() {
            Some(remaining) if remaining < self.page_size.initial() => PageSize::fixed(remaining),
            _ => self.page_size,
        }
    }

    /// How many runs the limit still allows; `None` without a limit.
    fn remaining(&self) -> Option<u64> {
        self.limit.map(|limit| limit.saturating_sub(self.listed()))
    }

    fn listed(&self) -> u64 {
        self.seen.len() as u64
    }

    /// Takes the answer to [`request`](Self::request) and returns its new runs.
    pub fn take(&mut self, page: ListPage<Run>) -> Vec<Run> {
        if self.stage == Stage::Recount {
            self.counted = page.total.or(self.counted);
            // A recount requests the light form, so its run may lack fields: it stays counted as missing.
            self.stage = Stage::Done;
            return Vec::new();
        }
        if let Some(size) = page.next_size
            && size.initial() < self.next_page_size().initial()
        {
            self.page_size = size;
        }
        if let Some(total) = page.total {
            let before = self.counted.filter(|_| self.pass.entries > 0);
            self.pass.has_count_fallen |= before.is_some_and(|before| total < before);
            self.counted = Some(total);
        }
        let entries = page.entries();
        let left_out = (entries - page.items.len()) as u64;
        for run in &page.items {
            self.pass.guard.admit(&run.storage_id);
        }
        let runs = self.counted.unwrap_or_default();
        if left_out > 0 && self.pass.entries < runs {
            // Null and unreadable entries stand for runs that are counted.
            self.pass.guard.admit_unkeyed();
        }
        let has_progress = self.pass.guard.end_page();
        let room = MAX_UNREADABLE.saturating_sub(self.pass.unreadable.len());
        self.pass.unreadable.extend(page.unreadable.into_iter().take(room));
        let mut new = page.items;
        let before = self.listed();
        let most = self.limit.unwrap_or(u64::MAX);
        new.retain(|run| self.listed() < most && self.seen.insert(&run.storage_id));
        let new_count = self.listed() - before;
        self.pass.entries += entries as u64;
        self.pass.new += new_count;
        self.pass.null_entries += left_out;
        self.pass.repeated += entries as u64 - new_count - left_out;
        if self.passes > 0 {
            self.late += new_count;
        }
        if self.remaining() == Some(0) {
            self.stage = Stage::Done;
            return new;
        }
        match self.pass.position.advance(&page.next_page, entries) {
            Ok(Some(_)) if !has_progress || self.is_endless() => self.end_pass(true),
            Ok(Some(position)) => self.pass.position = position,
            Ok(None) => self.end_pass(false),
            Err(_) => self.end_pass(true),
        }
        new
    }

    /// Whether this pass has had far more entries than there are runs.
    fn is_endless(&self) -> bool {
        let runs = self.counted.unwrap_or_default().max(self.listed());
        self.pass.entries > runs.saturating_mul(2).saturating_add(SPARE_ENTRIES)
    }

    /// Ends a pass and decides whether another one is needed.
    fn end_pass(&mut self, is_cut: bool) {
        let pass = std::mem::take(&mut self.pass);
        self.passes += 1;
        self.cuts += u32::from(is_cut);
        self.null_entries = self.null_entries.max(pass.null_entries);
        if pass.unreadable.len() > self.unreadable.len() {
            self.unreadable = pass.unreadable;
        }
        let is_stable = self.passes > 1 && pass.new == 0 && !is_cut;
        let is_complete = match self.missing() {
            Some(missing) => missing == 0 && !pass.has_count_fallen,
            None => pass.repeated == 0 && !is_cut,
        };
        if !is_complete && !is_stable && self.passes < MAX_PASSES && self.cuts < MAX_CUTS {
            return;
        }
        self.is_cut = is_cut;
        let is_short = self.missing().is_some_and(|missing| missing > 0);
        self.stage = if is_short { Stage::Recount } else { Stage::Done };
    }

    /// How many runs, within the limit, were counted but are neither listed nor null entries.
    fn missing(&self) -> Option<u64> {
        let counted = self.counted?.min(self.limit.unwrap_or(u64::MAX));
        Some(counted.saturating_sub(self.listed() + self.null_entries))
    }

    /// The unreadable entries, at most 1,000.
    pub fn unreadable(&self) -> &[UnreadableEntry] {
        if self.pass.unreadable.len() > self.unreadable.len() {
            &self.pass.unreadable
        } else {
            &self.unreadable
        }
    }

    /// Adds a run that was found in another way. Returns whether it is new.
    pub fn admit(&mut self, run: &Run) -> bool {
        let is_new = self.seen.insert(&run.storage_id);
        self.late += u64::from(is_new);
        is_new
    }

    /// The outcome so far.
    pub fn end(&self) -> RunListEnd {
        let counted = self.counted;
        let unlisted =
            counted.map(|counted| counted.min(self.limit.unwrap_or(u64::MAX)).saturating_sub(self.listed()));
        let null_entries = unlisted.map_or(self.null_entries, |unlisted| unlisted.min(self.null_entries));
        RunListEnd {
            counted,
            listed: self.listed(),
            null_entries,
            late: self.late,
            missing: unlisted.unwrap_or_default() - if counted.is_some() { null_entries } else { 0 },
            is_cut: self.is_cut && counted.is_none(),
        }
    }
}
