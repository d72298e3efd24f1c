//! Creates many folders of local runs from a recorded one.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};

/// The log of the recorded run, whose id has seven letters.
const RECORDED: &str = "offline/0.31.0/offline-run-20261124_155302-resumed/run-resumed.wandb";
const ID: &[u8] = b"resumed";

/// Length of the file header in bytes.
const FILE_HEADER: usize = 7;

/// Writes `count` folders of the recorded run, each with its own id.
pub(super) fn write(fixtures: &Path, into: &Path, count: u32) -> Result<()> {
    let log = fixtures.join(RECORDED);
    let recorded = std::fs::read(&log).with_context(|| format!("cannot read {}", log.display()))?;
    for number in 0..count {
        let id = format!("{number:07}");
        let folder = into.join(format!("offline-run-20261124_155302-{id}"));
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join(format!("run-{id}.wandb")), renamed(&recorded, id.as_bytes())?)?;
    }
    Ok(())
}

/// Replaces the id in a log by one of the same length, and updates the checksums. A chunk has a checksum, a length and
/// a kind before its data.
fn renamed(recorded: &[u8], id: &[u8]) -> Result<Vec<u8>> {
    ensure!(id.len() == ID.len(), "the id has {} bytes instead of {}", id.len(), ID.len());
    let mut log = recorded.to_vec();
    for at in 0..log.len().saturating_sub(ID.len()) {
        if log[at..].starts_with(ID) {
            log[at..at + ID.len()].copy_from_slice(id);
        }
    }
    let mut at = FILE_HEADER;
    while let Some(&[low, high]) = log.get(at + 4..at + 6) {
        let end = at + 7 + usize::from(u16::from_le_bytes([low, high]));
        let summed = log.get(at + 6..end).context("the recorded log is truncated")?;
        let sum = crc32fast::hash(summed);
        log[at..at + 4].copy_from_slice(&sum.to_le_bytes());
        at = end;
    }
    Ok(log)
}
