//! Property tests: histories split at random between files and live rows are read back whole.

use std::collections::BTreeSet;
use std::ops::Range;

use bytes::Bytes;
use http::Response;
use proptest::prelude::*;
use wandb_core::operation::{Operation, Windowed};

use super::*;
use crate::HistoryRow;
use crate::ops::{GetHistoryWindow, ParquetHistory, ScanHistory};

/// A row: its step, and a number to tell rows of the same step apart.
type Logged = (i64, u8);

/// A server with a history that is partly exported to files.
#[derive(Debug, Clone)]
struct Server {
    /// All rows by step, including equal ones and several of one step.
    rows: Vec<Logged>,
    /// The files, each with ordered rows.
    files: Vec<Vec<Logged>>,
    live: Vec<Logged>,
    /// Whether the live query also returns exported rows, in reverse order.
    repeats: bool,
}

impl Server {
    fn parts(&self) -> ParquetHistory {
        let mut parts = ParquetHistory::new();
        parts.urls = (0..self.files.len()).map(|file| file.to_string()).collect();
        parts.live_steps =
            self.live.iter().map(|(step, _)| *step).collect::<BTreeSet<_>>().into_iter().collect();
        parts
    }

    fn exported(&self, plan: &HistoryPlan) -> Vec<Logged> {
        let files = plan.urls().iter().map(|url| &self.files[url.parse::<usize>().unwrap()]);
        let mut rows: Vec<Logged> =
            files.flatten().copied().filter(|(step, _)| plan.steps().contains(step)).collect();
        rows.sort_unstable();
        rows
    }

    fn answer(&self, part: &GetHistoryWindow, window: &Range<i64>) -> Vec<HistoryRow> {
        let answers = if self.repeats || self.files.is_empty() { &self.rows } else { &self.live };
        let row = |(step, other): &Logged| format!(r#"{{"_step":{step},"other":{other}}}"#);
        let mut rows: Vec<String> =
            answers.iter().filter(|(step, _)| window.contains(step)).map(row).collect();
        if self.repeats {
            rows.reverse();
            rows.push(row(&(window.end, 0)));
        }
        let body = serde_json::json!({"data": {"project": {"run": {"history": rows}}}}).to_string();
        part.answer(Response::new(Bytes::from(body))).unwrap().into_rows()
    }

    /// Reads the history as planned, in windows of `width` steps.
    fn read(&self, steps: Range<i64>, width: i64) -> Vec<Logged> {
        let plan = HistoryPlan::new(steps, self.parts());
        let exported = self.exported(&plan);
        let last_exported = self.files.iter().flatten().map(|(step, _)| *step).max();
        let mut live = Vec::new();
        for range in [plan.live_steps(), plan.left_after(last_exported)] {
            let scan = ScanHistory::new("e/p/r".parse().unwrap(), range);
            let Range { mut start, end } = scan.steps();
            while start < end {
                let window = start..(start + width).min(end);
                let rows = self.answer(&scan.part(window.clone()), &window);
                let other = |row: &HistoryRow| row.json().as_bytes()[row.json().len() - 2] - b'0';
                live.extend(rows.iter().map(|row| (row.step().unwrap(), other(row))));
                start = window.end;
            }
        }
        let steps: BTreeSet<i64> = exported.iter().chain(&live).map(|(step, _)| *step).collect();
        let of = |rows: &[Logged], step| rows.iter().copied().filter(|row| row.0 == step).collect::<Vec<_>>();
        let rows = steps.into_iter().flat_map(|step| join(of(&exported, step), of(&live, step), |row| *row));
        let mut rows: Vec<Logged> = rows.collect();
        rows.sort_unstable();
        rows
    }
}

/// Rows many of which share a step, and some of which are equal.
fn histories() -> impl Strategy<Value = Vec<Logged>> {
    prop::collection::vec((0..100i64, 0..3u8), 0..60).prop_map(|mut rows| {
        rows.sort_unstable();
        rows
    })
}

prop_compose! {
    fn servers()(
        rows in histories(),
        split in 0..120i64,
        file_size in 1..20usize,
        has_files in any::<bool>(),
        tells_live in any::<bool>(),
        repeats in any::<bool>(),
        shuffle in any::<bool>(),
    ) -> Server {
        let (exported, live): (Vec<Logged>, Vec<Logged>) =
            rows.iter().partition(|(step, _)| has_files && *step < split);
        let mut files: Vec<Vec<Logged>> = exported.chunks(file_size).map(<[Logged]>::to_vec).collect();
        if shuffle {
            files.reverse();
        }
        // A server without exported rows, or without live ones, may not report live steps.
        let told = tells_live || !files.is_empty();
        Server { rows, files, live: if told { live } else { Vec::new() }, repeats }
    }
}

proptest! {
    #[test]
    fn every_row_is_read_once(server in servers(), width in 1..50i64, min in 0..60i64, length in 1..80i64) {
        let end = server.rows.last().map_or(0, |(step, _)| step + 1);
        prop_assert_eq!(&server.read(0..end, width), &server.rows);

        let wanted = min..(min + length).min(end).max(min);
        let expected: Vec<Logged> =
            server.rows.iter().copied().filter(|(step, _)| wanted.contains(step)).collect();
        prop_assert_eq!(server.read(wanted, width), expected);
    }

    #[test]
    fn live_rows_that_overlap_files_are_read_once(
        rows in histories(),
        restart in 0..100i64,
        width in 1..50i64,
    ) {
        // All rows are exported, and those from `restart` on are also live: the run was resumed there.
        let live: Vec<Logged> = rows.iter().copied().filter(|(step, _)| *step >= restart).collect();
        for repeats in [false, true] {
            let server = Server { rows: rows.clone(), files: vec![rows.clone()], live: live.clone(), repeats };
            prop_assert_eq!(&server.read(0..100, width), &rows);
        }
    }
}

#[test]
fn files_that_end_early_are_completed_live() {
    let rows: Vec<Logged> = (0..10).flat_map(|step| [(step, 0), (step, 1)]).collect();
    let server =
        Server { files: vec![rows[..12].to_vec()], rows: rows.clone(), live: Vec::new(), repeats: true };
    assert_eq!(server.read(0..10, 3), rows);
}
