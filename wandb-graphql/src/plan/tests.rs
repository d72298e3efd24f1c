//! Whole histories, split at random between files and live rows, come back whole.

use std::collections::BTreeSet;
use std::ops::Range;

use bytes::Bytes;
use http::Response;
use proptest::prelude::*;
use wandb_core::operation::{Operation, Windowed};

use super::*;
use crate::HistoryRow;
use crate::ops::{GetHistoryWindow, ParquetHistory, ScanHistory};

/// A server that holds a history, part of which is exported to files.
#[derive(Debug, Clone)]
struct Server {
    steps: BTreeSet<i64>,
    /// The files, each with steps in order.
    files: Vec<Vec<i64>>,
    live: BTreeSet<i64>,
    /// Whether the live query also gives exported rows, in any order and twice.
    repeats: bool,
}

impl Server {
    fn parts(&self) -> ParquetHistory {
        let mut parts = ParquetHistory::new();
        parts.urls = (0..self.files.len()).map(|file| file.to_string()).collect();
        parts.live_steps = self.live.iter().copied().collect();
        parts
    }

    fn exported(&self, plan: &HistoryPlan) -> Vec<i64> {
        let files = plan.urls().iter().map(|url| &self.files[url.parse::<usize>().unwrap()]);
        let mut steps: Vec<i64> =
            files.flatten().copied().filter(|step| plan.steps().contains(step)).collect();
        steps.sort_unstable();
        steps
    }

    fn answer(&self, part: &GetHistoryWindow, window: &Range<i64>) -> Vec<HistoryRow> {
        let answers = if self.repeats || self.files.is_empty() { &self.steps } else { &self.live };
        let mut rows: Vec<String> = answers
            .iter()
            .filter(|step| window.contains(step))
            .map(|step| format!(r#"{{"_step":{step}}}"#))
            .collect();
        if self.repeats {
            rows.reverse();
            rows.extend(rows.clone());
            rows.push(format!(r#"{{"_step":{}}}"#, window.end));
        }
        let body = serde_json::json!({"data": {"project": {"run": {"history": rows}}}}).to_string();
        part.answer(Response::new(Bytes::from(body))).unwrap().into_rows()
    }

    /// What a reader gets that follows the plan, in windows of `width` steps.
    fn read(&self, steps: Range<i64>, width: i64) -> Vec<i64> {
        let plan = HistoryPlan::new(steps, self.parts());
        let exported = self.exported(&plan);
        let last_exported = self.files.iter().flatten().max().copied();
        let left = plan.left_after(last_exported);
        let mut live = Vec::new();
        for range in [plan.live_steps(), left] {
            let scan = ScanHistory::new("e/p/r".parse().unwrap(), range);
            let Range { mut start, end } = scan.steps();
            while start < end {
                let window = start..(start + width).min(end);
                let rows = self.answer(&scan.part(window.clone()), &window);
                live.extend(rows.iter().map(|row| row.step().unwrap()));
                start = window.end;
            }
        }
        let rows = |steps: Vec<i64>| steps.into_iter().map(|step| (step, ()));
        join(rows(exported), rows(live)).map(|(step, _)| step).collect()
    }
}

prop_compose! {
    fn servers()(
        steps in prop::collection::btree_set(0..200i64, 0..60),
        split in 0..220i64,
        file_size in 1..20usize,
        has_files in any::<bool>(),
        tells_live in any::<bool>(),
        repeats in any::<bool>(),
        shuffle in any::<bool>(),
    ) -> Server {
        let exported: Vec<i64> = steps.iter().copied().filter(|step| has_files && *step < split).collect();
        let mut files: Vec<Vec<i64>> = exported.chunks(file_size).map(<[i64]>::to_vec).collect();
        if shuffle {
            files.reverse();
        }
        let live: BTreeSet<i64> = steps.iter().copied().filter(|step| !exported.contains(step)).collect();
        // A server that has exported nothing, or that has nothing left, may say nothing of live rows.
        let told = tells_live || !files.is_empty();
        Server { steps, files, live: if told { live } else { BTreeSet::new() }, repeats }
    }
}

proptest! {
    #[test]
    fn every_row_is_read_once(server in servers(), width in 1..50i64, min in 0..100i64, length in 1..150i64) {
        let last = server.steps.last().copied();
        let end = last.map_or(0, |last| last + 1);
        prop_assert_eq!(server.read(0..end, width), server.steps.iter().copied().collect::<Vec<_>>());

        let wanted = min..(min + length).min(end).max(min);
        let expected: Vec<i64> = server.steps.iter().copied().filter(|step| wanted.contains(step)).collect();
        prop_assert_eq!(server.read(wanted, width), expected);
    }

    #[test]
    fn live_rows_that_began_anew_below_exported_ones_are_read_once(
        steps in prop::collection::btree_set(0..100i64, 1..60),
        restart in 0..100i64,
        width in 1..50i64,
    ) {
        // All steps are exported, and those from `restart` on are also live: the run was resumed there.
        let files = vec![steps.iter().copied().collect()];
        let live = steps.iter().copied().filter(|step| *step >= restart).collect();
        for repeats in [false, true] {
            let server = Server { steps: steps.clone(), files: files.clone(), live: BTreeSet::clone(&live), repeats };
            prop_assert_eq!(server.read(0..100, width), steps.iter().copied().collect::<Vec<_>>());
        }
    }
}

#[test]
fn files_that_end_early_are_completed_from_the_live_query() {
    let steps: BTreeSet<i64> = (0..10).collect();
    let server = Server { steps, files: vec![(0..6).collect()], live: BTreeSet::new(), repeats: true };
    assert_eq!(server.read(0..10, 3), (0..10).collect::<Vec<_>>());
}
