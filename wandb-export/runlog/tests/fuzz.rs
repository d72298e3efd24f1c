//! Fuzzes the readers with damaged files: no change may make them panic or loop forever.
//!
//! Changes bytes of files, and of the messages in them with correct checksums. `WANDB_FUZZ_SECONDS` sets the duration
//! (default: 2), `WANDB_FUZZ_SEED` the first seed; both are printed.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../src/log/writing.rs"]
mod writing;

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fastrand::Rng;
use wandb_runlog::log::{Entry, LogReader};
use wandb_runlog::{
    ConsoleReader, Facts, HistoryReader, NextBatch, ResumePoint, Rows, Selection, SystemReader,
};

/// Files of all SDK versions.
fn corpus() -> Vec<Vec<u8>> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "wandb") {
                found.push(path);
            }
        }
    }
    let mut paths = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../xtask/fixtures/offline"), &mut paths);
    paths.sort();
    let files: Vec<_> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
    // Only small files, so that many can be read.
    files.into_iter().filter(|file| file.len() < 100_000).collect()
}

fn records(file: &[u8]) -> Vec<Vec<u8>> {
    let mut reader = LogReader::new(file);
    let mut records = Vec::new();
    while let Some(entry) = reader.next_entry().unwrap() {
        if let Entry::Record(record) = entry {
            records.push(record.payload.to_vec());
        }
    }
    records
}

/// Changes some bytes at random.
fn mutate(random: &mut Rng, bytes: &mut Vec<u8>) {
    for _ in 0..random.usize(1..4) {
        let at = random.usize(0..=bytes.len());
        let length = random.usize(0..=(bytes.len() - at).min(200));
        match random.u8(0..7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.u8(0..8),
            1 if at < bytes.len() => bytes[at] = random.u8(..),
            2 => bytes.truncate(at),
            3 => bytes[at..at + length].fill(0),
            4 => {
                bytes.drain(at..at + length);
            }
            5 => {
                let copy = bytes[at..at + length].to_vec();
                let to = random.usize(0..=bytes.len());
                bytes.splice(to..to, copy);
            }
            _ => {
                let noise: Vec<u8> = (0..random.usize(0..40)).map(|_| random.u8(..)).collect();
                bytes.splice(at..at, noise);
            }
        }
    }
}

/// Reads a file with every reader, and once as a growing file.
fn read_all(file: &[u8]) {
    let facts = Facts::read(|| Ok(file)).unwrap();
    let lost: u64 = facts.losses.damages.iter().map(|damage| damage.bytes).sum();
    assert!(lost <= 2 * file.len() as u64, "{lost} bytes of {} are lost", file.len());
    let mut history = HistoryReader::new(file, Selection::default());
    let mut rows = 0;
    while let Some(batch) = history.next_rows().unwrap() {
        assert!(batch.len() > 0);
        rows += match batch {
            Rows::Page(page) => page.to_rows().len() as u64,
            Rows::Single(single) => single.len() as u64,
        };
    }
    // `Facts` counts rows without decoding them. The history reader reports those that cannot be decoded.
    let counted = facts.run.history_line_count.unwrap();
    assert!(rows == counted || (rows < counted && !history.losses().is_empty()), "{rows} of {counted}");
    let selection =
        Selection::default().any_of(["loss", "nested.inner", "_step"]).min_step(3).max_step(1_000);
    let mut some = HistoryReader::new(file, selection);
    while some.next_rows().unwrap().is_some() {}
    let mut system = SystemReader::new(file);
    while system.next_rows().unwrap().is_some() {}
    let mut console = ConsoleReader::new(file);
    while console.next_text().unwrap().is_some() {}
    let mut mark = ResumePoint::default();
    for end in [file.len() / 3, file.len()] {
        let mut reader =
            HistoryReader::resume(Cursor::new(&file[..end]), Selection::default(), &mark).unwrap();
        mark = loop {
            if let NextBatch::ResumePoint(mark) = reader.next_or_resume_point().unwrap() {
                break mark;
            }
        };
    }
}

#[test]
fn readers_survive_damaged_files() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seconds = number("WANDB_FUZZ_SECONDS").unwrap_or(2);
    let first = number("WANDB_FUZZ_SEED").unwrap_or_else(|| fastrand::u64(..));
    let corpus = corpus();
    let parsed: Vec<_> = corpus.iter().map(|file| records(file)).collect();
    assert!(corpus.len() > 50);
    let start = Instant::now();
    let (mut seed, mut bytes) = (first, 0);
    while start.elapsed() < Duration::from_secs(seconds) {
        let mut random = Rng::with_seed(seed);
        let which = random.usize(0..corpus.len());
        let mut file = corpus[which].clone();
        if random.bool() {
            let mut records = parsed[which].clone();
            for _ in 0..random.usize(1..6) {
                let (at, other) = (random.usize(0..records.len()), random.usize(0..records.len()));
                match random.u8(0..6) {
                    0 if records.len() > 1 => {
                        records.remove(at);
                    }
                    1 => records.swap(at, other),
                    2 => {
                        let other = &parsed[random.usize(0..parsed.len())];
                        records.insert(at, other[random.usize(0..other.len())].clone());
                    }
                    _ => mutate(&mut random, &mut records[at]),
                }
            }
            file = writing::write_log(&records).0;
        }
        if random.bool() {
            mutate(&mut random, &mut file);
        }
        bytes += file.len();
        let outcome = std::panic::catch_unwind(|| read_all(&file));
        assert!(outcome.is_ok(), "WANDB_FUZZ_SEED={seed} fails");
        seed = seed.wrapping_add(1);
    }
    // Bypasses the test harness's output capture to always show the figures.
    let mut out = std::io::stderr();
    let written = writeln!(
        out,
        "{} files, {bytes} bytes, in {seconds} s from WANDB_FUZZ_SEED={first} on",
        seed.wrapping_sub(first)
    );
    assert!(written.is_ok());
}
