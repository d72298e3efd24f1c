//! Tests of the lister with a server whose runs move between pages.

use std::collections::BTreeSet;

use proptest::prelude::*;
use wandb_core::model::Run;
use wandb_core::operation::PageSize;

use super::*;
use crate::ops::testing::next_page;

/// A change to the runs between two pages.
#[derive(Debug, Clone)]
enum Change {
    /// Moves a run from one position to another.
    Move(usize, usize),
    /// Adds a run at the end.
    Add,
    /// Deletes the run at a position.
    Delete(usize),
}

/// A project whose cursors are offsets into the current runs.
struct Server {
    runs: Vec<u32>,
    next: u32,
    page: u64,
    is_counted: bool,
    /// Every n-th entry is null; 0 for none.
    null: usize,
    requests: u64,
}

impl Server {
    fn new(runs: u32, page: u64) -> Self {
        Self { runs: (0..runs).collect(), next: runs, page, is_counted: true, null: 0, requests: 0 }
    }

    fn change(&mut self, change: &Change) {
        let count = self.runs.len();
        match *change {
            Change::Add => {
                self.runs.push(self.next);
                self.next += 1;
            }
            Change::Move(from, to) if count > 0 => {
                let run = self.runs.remove(from % count);
                self.runs.insert(to % count, run);
            }
            Change::Delete(at) if count > 0 => {
                self.runs.remove(at % count);
            }
            _ => {}
        }
    }

    fn answer(&mut self, list: &ListRuns) -> ListPage<Run> {
        self.requests += 1;
        let mut runs = self.runs.clone();
        if list.current_order().text().starts_with('-') {
            runs.reverse();
        }
        let start = list.position().after().map_or(0, |cursor| cursor.parse::<usize>().expect("a cursor"));
        let size = usize::try_from(list.size().initial()).expect("a size");
        let start = start.min(runs.len());
        let end = (start + size).min(runs.len());
        let is_null = |place: usize| self.null > 0 && place % self.null == self.null - 1;
        let runs: Vec<_> =
            (start..end).filter(|place| !is_null(*place)).map(|place| run(runs[place])).collect();
        ListPage {
            total: self.is_counted.then_some(self.runs.len() as u64),
            null_entries: (end - start - runs.len()) as u64,
            unreadable: Vec::new(),
            items: runs,
            next_page: next_page((end < self.runs.len()).then_some(end)),
            next_size: None,
        }
    }

    fn lister(&self) -> RunLister {
        let list = ListRuns::new("team/project".parse().expect("a path"));
        RunLister::new(list.page_size(PageSize::fixed(self.page)))
    }

    /// Lists the runs and applies one of `changes` after each request.
    fn list(&mut self, mut lister: RunLister, changes: &[Change]) -> (Vec<u32>, RunListEnd) {
        let mut ids = Vec::new();
        let mut changes = changes.iter();
        while let Some(request) = lister.request() {
            let page = self.answer(&request);
            let runs = lister.take(page);
            ids.extend(runs.iter().map(|run| run.id.parse::<u32>().expect("a number")));
            changes.next().into_iter().for_each(|change| self.change(change));
            assert!(self.requests < 10_000, "the list does not end");
        }
        (ids, lister.end())
    }
}

fn run(number: u32) -> Run {
    Run::new("team", "project", number.to_string(), format!("storage id {number}"))
}

#[test]
fn unchanged_list_is_read_once() {
    for (runs, page, requests) in [(0, 10, 1), (10, 10, 1), (11, 10, 2), (95, 10, 10)] {
        let mut server = Server::new(runs, page);
        let (listed, end) = server.list(server.lister(), &[]);
        assert_eq!((listed, server.requests), ((0..runs).collect(), requests));
        assert!(end.is_whole() && end.late == 0, "{end:?}");
    }
}

#[test]
fn missed_run_is_found_in_a_later_pass() {
    let mut server = Server::new(6, 2);
    // The last run moves to the front after the first page, so that another one appears twice.
    let (listed, end) = server.list(server.lister(), &[Change::Move(5, 0)]);
    assert_eq!(listed, [0, 1, 2, 3, 4, 5]);
    assert_eq!((end.late, end.is_whole(), server.requests), (1, true, 6));
}

#[test]
fn deleted_run_is_not_missing() {
    let mut server = Server::new(6, 2);
    let none = Change::Move(0, 0);
    // The count includes a run that no page shows and that is deleted before the recount.
    let mut lister = server.lister();
    let mut deleted = false;
    while let Some(request) = lister.request() {
        let mut page = server.answer(&request);
        page.items.retain(|run| run.id != "3");
        if lister.stage == Stage::Recount {
            deleted = true;
            page.total = Some(5);
        }
        lister.take(page);
        server.change(&none);
    }
    let end = lister.end();
    assert_eq!((deleted, end.missing, end.listed), (true, 0, 5));
}

#[test]
fn run_that_never_appears_is_missing() {
    let mut server = Server::new(9, 2);
    let mut lister = server.lister();
    while let Some(request) = lister.request() {
        let mut page = server.answer(&request);
        page.items.retain(|run| run.id != "3");
        lister.take(page);
    }
    let end = lister.end();
    assert_eq!((end.missing, end.listed, end.is_whole()), (1, 8, false));
    assert_eq!(server.requests, 11, "two passes and another count");
}

#[test]
fn null_entries_are_not_missing_twice() {
    let mut server = Server { null: 4, ..Server::new(9, 2) };
    let (listed, end) = server.list(server.lister(), &[]);
    assert_eq!((listed.len(), end.null_entries, end.missing, end.is_whole()), (7, 2, 0, false));
    assert_eq!(server.requests, 5, "the null entries are counted");
}

#[test]
fn limit_requests_only_what_it_needs() {
    for (limit, requests, sizes) in
        [(0, 0, &[][..]), (3, 1, &[3]), (10, 1, &[10]), (12, 2, &[10, 2]), (95, 5, &[10, 10, 10, 10, 10])]
    {
        let mut server = Server::new(45, 10);
        let mut lister = server.lister().limit(limit);
        let mut asked = Vec::new();
        let mut count = 0;
        while let Some(request) = lister.request() {
            asked.push(request.size().initial());
            let page = server.answer(&request);
            count += lister.take(page).len() as u64;
        }
        assert_eq!((count, server.requests, &asked[..]), (limit.min(45), requests, sizes));
        assert!(lister.end().is_whole());
    }
}

#[test]
fn without_a_count_only_repeats_cause_a_pass() {
    let mut server = Server { is_counted: false, ..Server::new(6, 2) };
    assert!(server.list(server.lister(), &[]).1.is_whole());
    assert_eq!(server.requests, 3);
    let (listed, end) = server.list(server.lister(), &[Change::Move(5, 0)]);
    assert_eq!((listed.len(), end.late), (6, 1));
}

#[test]
fn broken_pages_end_and_keep_the_runs_so_far() {
    for (next_page, is_counted) in
        [("without_cursor", false), ("circle", false), ("circle", true), ("fresh", true)]
    {
        let mut server = Server { is_counted, ..Server::new(20, 5) };
        let mut lister = server.lister();
        let mut fresh = 0;
        while let Some(request) = lister.request() {
            let mut page = server.answer(&request.at(PagePosition::default()));
            fresh += 1;
            page.next_page = match next_page {
                "without_cursor" => crate::ops::testing::without_cursor(),
                "circle" => crate::ops::testing::next_page(Some(7)),
                _ => crate::ops::testing::next_page(Some(fresh)),
            };
            lister.take(page);
            assert!(server.requests < 10_000, "{next_page}");
        }
        let end = lister.end();
        assert_eq!(end.listed, 10, "five from each end");
        assert_eq!(
            (end.missing, end.is_cut),
            if is_counted { (10, false) } else { (0, true) },
            "{next_page}"
        );
    }
}

#[test]
fn time_range_becomes_a_filter() {
    let list = ListRuns::new("team/project".parse().expect("a path"));
    let lister = RunLister::new(list.clone()).created(Some("2024-01-01"), None);
    let filter = lister.request().expect("a request");
    assert_eq!(filter.current_filter().json(), r#"{"created_at":{"$gte":"2024-01-01"}}"#);
    let both = RunLister::new(list.filter(Filter::sweep("sw"))).created(None, Some("2024-01-01"));
    let filter = both.request().expect("a request");
    assert_eq!(
        filter.current_filter().json(),
        r#"{"$and":[{"$and":[{"sweep":"sw"}]},{"created_at":{"$lt":"2024-01-01"}}]}"#
    );
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (any::<usize>(), any::<usize>()).prop_map(|(from, to)| Change::Move(from, to)),
        1 => Just(Change::Add),
    ]
}

proptest! {
    /// Additions and moves produce no duplicates, and a list that reports itself whole is whole.
    #[test]
    fn lists_reported_as_whole_are_whole(
        runs in 0_u32..60,
        page in 1_u64..20,
        changes in proptest::collection::vec(change(), 0..40),
        null in prop_oneof![4 => Just(0_usize), 1 => 2_usize..9],
    ) {
        let mut server = Server { null, ..Server::new(runs, page) };
        let (listed, end) = server.list(server.lister(), &changes);
        let different: BTreeSet<u32> = listed.iter().copied().collect();
        prop_assert_eq!(different.len(), listed.len(), "nothing comes twice");
        if end.is_whole() {
            prop_assert!((0..runs).all(|run| different.contains(&run)), "{:?}", end);
        } else {
            prop_assert!(end.missing + end.null_entries > 0);
        }
        prop_assert!(server.requests <= 3 * (u64::from(runs) + 40).div_ceil(page) + 4);
    }

    /// Finds all runs if changes and deletions stop after the first pass.
    #[test]
    fn lists_that_settle_are_whole(
        runs in 1_u32..60,
        page in 1_u64..20,
        changes in proptest::collection::vec(change(), 0..9),
        deletions in proptest::collection::vec(any::<usize>(), 0..3),
    ) {
        let mut server = Server::new(runs, page);
        let first_pass = usize::try_from(u64::from(runs).div_ceil(page)).expect("a count") - 1;
        let mut changes = changes;
        let is_deleting = !deletions.is_empty();
        if is_deleting {
            // An added run would hide a deletion in the count.
            changes = deletions.into_iter().map(Change::Delete).collect();
        }
        changes.truncate(first_pass);
        let (listed, end) = server.list(server.lister(), &changes);
        let listed: BTreeSet<u32> = listed.into_iter().collect();
        prop_assert!(end.is_whole(), "{:?}", end);
        prop_assert!(server.runs.iter().all(|run| listed.contains(run)));
    }
}
