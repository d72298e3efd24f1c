//! Verifies the files of a mirror against the recorded sizes and digests.

use std::io;
use std::sync::Mutex;

use wandb_storage::{ObjectReader, digest};

use super::contents::Part;
use super::disk::Disk;
use super::layout::RUNS;
use super::store::{Store, lock};
use crate::error::Error;

/// The damage found in a mirror.
#[derive(Debug, Default)]
pub(crate) struct Damages {
    /// Descriptions of damage that is marked to be fetched again.
    pub(crate) noted: Vec<String>,
    /// Damaged data of runs that no longer exist on the server, by run.
    pub(crate) lost: Vec<(String, String)>,
}

/// Reads every recorded file, compares size and digest, and marks damaged ones to be fetched again.
pub(crate) fn note_damages(disk: &Disk, store: &Mutex<Store>) -> Result<Damages, Error> {
    let mut store = lock(store);
    let failed = |error| Error::io(format!("reading the mirror in {}", disk.root().display()), error);
    let mut damages = Damages::default();
    for (place, stored) in store.tables().clone() {
        if let Some(why) = damage(disk, &place, stored.bytes, &stored.md5).map_err(failed)? {
            store.forget_table(&place);
            if place == RUNS {
                store.forget_rows();
            }
            damages.noted.push(format!("{place}: {why}"));
        }
    }
    let ids: Vec<String> = store.runs().map(|(id, _)| id.to_owned()).collect();
    for id in ids {
        let Some(mut record) = store.record(&id).map_err(failed)? else { continue };
        let mut found: Vec<(Part, String, String)> = Vec::new();
        for (part, place, bytes, md5) in record.stored() {
            if let Some(why) = damage(disk, &place, bytes, md5).map_err(failed)? {
                found.push((part, place, why));
            }
        }
        if found.is_empty() {
            continue;
        }
        for (part, place, why) in found {
            let what = format!("{place}: {why}");
            if record.gone {
                damages.lost.push((id.clone(), what));
            } else {
                record.lose(part, &place, &why);
                damages.noted.push(what);
            }
        }
        if !record.gone {
            store.note(&record, None).map_err(failed)?;
        }
    }
    store.sync().map_err(failed)?;
    Ok(damages)
}

fn damage(disk: &Disk, place: &str, bytes: u64, md5: &str) -> io::Result<Option<String>> {
    let Some(file) = disk.open_file(place)? else { return Ok(Some("it is not there".to_owned())) };
    let found = file.size()?;
    if found != bytes {
        return Ok(Some(format!("it has {found} bytes instead of {bytes}")));
    }
    let found = digest(&mut ObjectReader::new(file, 0))?.finish();
    Ok((found != md5).then(|| format!("its MD5 digest is {found} instead of {md5}")))
}
