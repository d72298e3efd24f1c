//! Compares the mirror with the server: fetches everything again and reports what differs.

use std::io;

use wandb_mirror::layout::{RUNS, place};
use wandb_mirror::record::{Fingerprint, RunRecord};
use wandb_mirror::{Contents, Part, Store};
use wandb_storage::Digest;

/// The version of a stored item of a run before it was fetched again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoredVersion {
    run: String,
    as_of: Fingerprint,
    place: String,
    md5: String,
}

const REASON: &str = "it is being compared with the server";

/// Marks the wanted parts of runs as missing, so that they are fetched again, and returns their previous
/// state. The files stay in place.
pub(super) fn mark_for_refetch<'i>(
    store: &mut Store,
    ids: impl Iterator<Item = &'i str>,
    contents: Contents,
) -> io::Result<Vec<StoredVersion>> {
    let mut before = Vec::new();
    for id in ids {
        let Some(mut record) = store.record(id)? else { continue };
        before.extend(
            list_stored(store, &record)?
                .into_iter()
                .filter(|(part, _)| contents.has(*part))
                .map(|(_, one)| one),
        );
        let files = record.stored().into_iter().filter(|(part, ..)| *part == Part::Files);
        let files: Vec<_> = files.map(|(part, place, ..)| (part, place)).collect();
        let tables = [Part::Runs, Part::History, Part::System, Part::Logs];
        let tables = tables.map(|part| (part, place(part, record.here())));
        for (part, place) in tables.into_iter().chain(files).filter(|(part, _)| contents.has(*part)) {
            record.mark_missing(part, &place, REASON);
        }
        store.append(&record, None)?;
    }
    store.sync()?;
    Ok(before)
}

/// Describes what changed in runs whose fingerprint did not change, one sentence each.
pub(super) fn find_differences(store: &Store, before: &[StoredVersion]) -> io::Result<Vec<String>> {
    let mut differing = Vec::new();
    for runs in before.chunk_by(|one, other| one.run == other.run) {
        let Some(record) = store.record(&runs[0].run)? else { continue };
        let now = list_stored(store, &record)?;
        for one in runs.iter().filter(|one| one.as_of == record.as_of) {
            let what = match now.iter().find(|(_, now)| now.place == one.place) {
                Some((_, now)) if now == one => continue,
                Some(_) => "has it otherwise",
                None => "has it no more",
            };
            differing.push(format!("{} of {}: the server {what}", one.place, one.run));
        }
    }
    Ok(differing)
}

/// Lists the stored items of a run.
fn list_stored(store: &Store, record: &RunRecord) -> io::Result<Vec<(Part, StoredVersion)>> {
    let row = store.row(&record.run)?;
    let mut digest = Digest::default();
    digest.update(&row);
    let row = (!row.is_empty()).then(|| (Part::Runs, RUNS.to_owned(), digest.finish()));
    let stored = record.stored().into_iter().map(|(part, place, _, md5)| (part, place, md5.to_owned()));
    let before = |(part, place, md5)| {
        (part, StoredVersion { run: record.run.clone(), as_of: record.as_of, place, md5 })
    };
    Ok(row.into_iter().chain(stored).map(before).collect())
}
