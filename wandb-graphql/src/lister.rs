//! Lists the runs of a project whole, over pages that are no snapshot.

use wandb_core::model::Run;
use wandb_core::operation::{PageSize, UnreadableEntry};

use crate::ops::{Detail, ListRuns, RunPage, Trail};
use crate::{Filter, Order, PageGuard, Seen};

#[cfg(test)]
mod tests;

/// Lists each run of a project once, or tells how many are missing.
///
/// The pages of a list are not a snapshot: while they are read, a run whose place in the order changes may come twice,
/// or not at all (wandb/wandb #7666, #6614). The server's `runCount` stays right. So the lister compares with it, and
/// where runs are missing it looks again, in the other order, until nothing new comes or three passes are done, or two
/// broke off. It
/// looks again, too, if the count fell meanwhile, as a deleted run moves others from one page to another.
///
/// It asks nothing itself: [`request`](Self::request) says what to ask next, and [`take`](Self::take) takes the answer.
/// Sixteen bytes of each run are kept, twice.
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
    /// The first page, as it was asked for.
    list: ListRuns,
    /// The largest page that the server gave.
    page_size: PageSize,
    limit: Option<u64>,
    seen: Seen,
    counted: Option<u64>,
    null_entries: u64,
    /// The entries that could not be read, of the pass that had the most.
    unreadable: Vec<UnreadableEntry>,
    late: u64,
    passes: u32,
    /// How many passes broke off, and whether the last one did.
    cuts: u32,
    is_cut: bool,
    pass: Pass,
    stage: Stage,
}

/// One pass over all pages.
#[derive(Debug, Clone, Default)]
struct Pass {
    trail: Trail,
    guard: PageGuard,
    entries: u64,
    new: u64,
    repeated: u64,
    null_entries: u64,
    unreadable: Vec<UnreadableEntry>,
    /// Whether the count fell from one page to a later one.
    has_count_fallen: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Pass,
    /// Runs seem to be missing, unless they were deleted meanwhile.
    Recount,
    Done,
}

/// What a list of runs came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunListEnd {
    /// How many runs the server counts, if it does.
    pub counted: Option<u64>,
    /// How many different runs were listed.
    pub listed: u64,
    /// How many entries were null or could not be read, and stand for runs that were not listed.
    pub null_entries: u64,
    /// How many runs came only when the lister looked again. They come after the others, in no order.
    pub late: u64,
    /// How many counted runs neither were listed nor are null entries.
    pub missing: u64,
    /// Whether the list broke off, so that runs may be missing which nobody counted.
    pub is_cut: bool,
}

impl RunListEnd {
    /// Whether every run was listed, as far as the server tells.
    pub fn is_whole(&self) -> bool {
        self.missing == 0 && self.null_entries == 0 && !self.is_cut
    }
}

/// The most entries that cannot be read of which the reasons are kept.
pub(crate) const MOST_UNREADABLE: usize = 1_000;

/// How often all pages are gone through.
const MOST_PASSES: u32 = 3;

/// How many of these may break off.
const MOST_CUTS: u32 = 2;

/// Entries that a pass may have beyond twice the runs that there are.
const SPARE_ENTRIES: u64 = 10_000;

impl RunLister {
    /// Lists the runs that `list` asks for.
    pub fn new(list: ListRuns) -> Self {
        Self {
            page_size: list.size(),
            list,
            limit: None,
            seen: Seen::default(),
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

    /// Stops after so many runs, and asks for no more than it needs.
    #[must_use]
    pub fn limit(self, runs: u64) -> Self {
        let stage = if runs == 0 { Stage::Done } else { self.stage };
        Self { limit: Some(runs), stage, ..self }
    }

    /// Lists only the runs made in a range of time; see [`Filter::created`].
    #[must_use]
    pub fn created(self, from: Option<&str>, until: Option<&str>) -> Self {
        let range = Filter::created(from, until);
        let filter = match (range == Filter::all(), self.list.filter_now() == &Filter::all()) {
            (true, _) => return self,
            (_, true) => range,
            (_, false) => self.list.filter_now().and(&range),
        };
        Self { list: self.list.filter(filter), ..self }
    }

    /// What to ask next; `None` at the end.
    pub fn request(&self) -> Option<ListRuns> {
        match self.stage {
            Stage::Done => None,
            Stage::Recount => Some(self.list.clone().detail(Detail::Light).page_size(PageSize::fixed(1))),
            Stage::Pass => {
                let list = self.list.clone().page_size(self.size_now()).at(self.pass.trail.clone());
                Some(if self.passes % 2 == 1 { list.order(self.order().reversed()) } else { list })
            }
        }
    }

    fn order(&self) -> &Order {
        self.list.order_now()
    }

    /// How many runs to ask for now.
    fn size_now(&self) -> PageSize {
        match self.wanted() {
            Some(wanted) if wanted < self.page_size.initial() => PageSize::fixed(wanted),
            _ => self.page_size,
        }
    }

    /// How many runs are still wanted, where there is a limit.
    fn wanted(&self) -> Option<u64> {
        self.limit.map(|limit| limit.saturating_sub(self.listed()))
    }

    fn listed(&self) -> u64 {
        self.seen.len() as u64
    }

    /// Takes the answer to [`request`](Self::request) and returns the runs that are new.
    pub fn take(&mut self, page: RunPage) -> Vec<Run> {
        if self.stage == Stage::Recount {
            self.counted = page.total.or(self.counted);
            // The full form was wanted, maybe, so that a new run is only counted as missing.
            self.stage = Stage::Done;
            return Vec::new();
        }
        if page.page_size.initial() < self.size_now().initial() {
            self.page_size = page.page_size;
        }
        if let Some(total) = page.total {
            let before = self.counted.filter(|_| self.pass.entries > 0);
            self.pass.has_count_fallen |= before.is_some_and(|before| total < before);
            self.counted = Some(total);
        }
        let entries = page.entries();
        let left_out = (entries - page.runs.len()) as u64;
        for run in &page.runs {
            self.pass.guard.admit(&run.storage_id);
        }
        let runs = self.counted.unwrap_or_default();
        if left_out > 0 && self.pass.entries < runs {
            // They stand for runs that are counted.
            self.pass.guard.admit_unkeyed();
        }
        let gets_on = self.pass.guard.end_page();
        let room = MOST_UNREADABLE.saturating_sub(self.pass.unreadable.len());
        self.pass.unreadable.extend(page.unreadable.into_iter().take(room));
        let mut new = page.runs;
        let before = self.listed();
        let most = self.limit.unwrap_or(u64::MAX);
        new.retain(|run| self.listed() < most && self.seen.insert(&run.storage_id));
        let came = self.listed() - before;
        self.pass.entries += entries as u64;
        self.pass.new += came;
        self.pass.null_entries += left_out;
        self.pass.repeated += entries as u64 - came - left_out;
        if self.passes > 0 {
            self.late += came;
        }
        if self.wanted() == Some(0) {
            self.stage = Stage::Done;
            return new;
        }
        match self.pass.trail.step(&page.onward, entries) {
            Ok(Some(_)) if !gets_on || self.is_endless() => self.end_pass(true),
            Ok(Some(trail)) => self.pass.trail = trail,
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

    /// Decides whether to look again.
    fn end_pass(&mut self, is_cut: bool) {
        let pass = std::mem::take(&mut self.pass);
        self.passes += 1;
        self.cuts += u32::from(is_cut);
        self.null_entries = self.null_entries.max(pass.null_entries);
        if pass.unreadable.len() > self.unreadable.len() {
            self.unreadable = pass.unreadable;
        }
        let is_stable = self.passes > 1 && pass.new == 0 && !is_cut;
        let is_quiet = match self.missing() {
            Some(missing) => missing == 0 && !pass.has_count_fallen,
            None => pass.repeated == 0 && !is_cut,
        };
        if !is_quiet && !is_stable && self.passes < MOST_PASSES && self.cuts < MOST_CUTS {
            return;
        }
        self.is_cut = is_cut;
        let is_short = self.missing().is_some_and(|missing| missing > 0);
        self.stage = if is_short { Stage::Recount } else { Stage::Done };
    }

    /// How many runs are counted, within the limit, that neither came nor are null entries.
    fn missing(&self) -> Option<u64> {
        let counted = self.counted?.min(self.limit.unwrap_or(u64::MAX));
        Some(counted.saturating_sub(self.listed() + self.null_entries))
    }

    /// The entries that could not be read, a thousand at the most.
    pub fn unreadable(&self) -> &[UnreadableEntry] {
        if self.pass.unreadable.len() > self.unreadable.len() {
            &self.pass.unreadable
        } else {
            &self.unreadable
        }
    }

    /// Takes a run that was found in another way, and tells whether it is new.
    pub fn admit(&mut self, run: &Run) -> bool {
        let is_new = self.seen.insert(&run.storage_id);
        self.late += u64::from(is_new);
        is_new
    }

    /// What the list came to so far.
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
