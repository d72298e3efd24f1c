//! Tests of growing files: however often they are read, nothing is lost, duplicated or reported twice.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::io::Cursor;
use std::path::Path;

use proptest::prelude::*;
use wandb_core::Row;
use wandb_runlog::log::Damage;
use wandb_runlog::{HistoryReader, NextBatch, ResumePoint, Rows, Selection};

fn to_rows(rows: Rows) -> Vec<Row> {
    match rows {
        Rows::Page(page) => page.to_rows(),
        Rows::Single(rows) => rows,
    }
}

/// Rows, damage other than at the end, and the number of records known to be lost.
type ReadOutcome = (Vec<Row>, Vec<Damage>, u64);

fn read_at_once(file: &[u8]) -> ReadOutcome {
    let mut reader = HistoryReader::new(file, Selection::default());
    let mut rows = Vec::new();
    while let Some(more) = reader.next_rows().unwrap() {
        rows.extend(to_rows(more));
    }
    let losses = reader.losses();
    let damages = losses.damages.iter().filter(|damage| !damage.at_end).copied().collect();
    (rows, damages, losses.records)
}

fn read_in_steps(file: &[u8], ends: &[usize]) -> ReadOutcome {
    let (mut rows, mut damages, mut records) = (Vec::new(), Vec::new(), 0);
    let mut mark = ResumePoint::default();
    // Each read is followed by one that finds nothing new.
    for &end in ends.iter().flat_map(|end| [end, end]) {
        let mut reader =
            HistoryReader::resume(Cursor::new(&file[..end]), Selection::default(), &mark).unwrap();
        mark = loop {
            match reader.next_or_resume_point().unwrap() {
                NextBatch::Rows(more) => rows.extend(to_rows(more)),
                NextBatch::ResumePoint(mark) => break mark,
            }
        };
        damages.extend(reader.losses().damages.iter().filter(|damage| !damage.at_end).copied());
        records += reader.losses().records;
    }
    (rows, damages, records)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn growing_file_is_read_like_a_complete_one(
        which in 0_usize..3,
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..8), 0..4),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let name = [
            "0.31.0/offline-run-20261124_155031-blocks",
            "0.12.21/offline-run-20261124_155031-blocks",
            "0.17.5/offline-run-20261128_151659-blocks",
        ][which];
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../xtask/fixtures/offline").join(name);
        let mut file = std::fs::read(folder.join("run-blocks.wandb")).unwrap();
        for (at, bit) in flips {
            let at = at.index(file.len());
            file[at] ^= 1 << bit;
        }
        let mut ends: Vec<_> = cuts.iter().map(|at| at.index(file.len() + 1)).collect();
        ends.sort_unstable();
        ends.push(file.len());
        let (rows, damages, records) = read_in_steps(&file, &ends);
        let (all, damaged, lost) = read_at_once(&file);
        prop_assert_eq!(rows, all);
        let bytes = |damages: &[Damage]| damages.iter().map(|damage| damage.bytes).sum::<u64>();
        prop_assert_eq!(bytes(&damages), bytes(&damaged), "{:?} and {:?}", damages, damaged);
        prop_assert_eq!(records, lost);
    }
}
