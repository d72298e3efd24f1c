//! Whether what is on the disk is what was put there.

use std::io;
use std::sync::Mutex;

use super::copy::lock;
use super::disk::Disk;
use super::store::Store;
use crate::error::Error;
use crate::files::digest;

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Damage {
    /// The run it belongs to; `None` for a table of the project.
    pub(super) run: Option<String>,
    /// Its place in the mirror.
    pub(super) place: String,
    /// What is wrong with it.
    pub(super) what: String,
}

/// Reads everything that the manifest tells of, and compares sizes and digests.
pub(super) fn damages(disk: &Disk, store: &Mutex<Store>) -> Result<Vec<Damage>, Error> {
    let mut store = lock(store);
    let failed = |error| Error::io(format!("reading the mirror in {}", disk.place("").display()), error);
    let mut damages = Vec::new();
    for (place, stored) in store.tables() {
        if let Some(what) = damage(disk, place, stored.bytes, &stored.md5).map_err(failed)? {
            damages.push(Damage { run: None, place: place.clone(), what });
        }
    }
    let ids: Vec<String> = store.runs().map(|(id, _)| id.to_owned()).collect();
    for id in ids {
        let Some(record) = store.record(&id).map_err(failed)? else { continue };
        for (place, bytes, md5) in record.stored() {
            if let Some(what) = damage(disk, &place, bytes, md5).map_err(failed)? {
                damages.push(Damage { run: Some(id.clone()), place, what });
            }
        }
    }
    Ok(damages)
}

fn damage(disk: &Disk, place: &str, bytes: u64, md5: &str) -> io::Result<Option<String>> {
    let Some(mut file) = disk.open_file(place)? else { return Ok(Some("it is not there".to_owned())) };
    let found = file.metadata()?.len();
    if found != bytes {
        return Ok(Some(format!("it has {found} bytes instead of {bytes}")));
    }
    let found = digest(&mut file)?.finish();
    Ok((found != md5).then(|| format!("its MD5 digest is {found} instead of {md5}")))
}
