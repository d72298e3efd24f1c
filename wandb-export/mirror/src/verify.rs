//! Verifies the files of a mirror against the recorded sizes and digests.

use std::io;

use wandb_storage::{ObjectReader, digest};

use crate::contents::Part;
use crate::disk::Disk;
use crate::error::Error;
use crate::layout::RUNS;
use crate::store::Store;

/// The damage found in a mirror.
#[derive(Debug, Default)]
pub struct Damages {
    /// Descriptions of damage that is marked to be fetched again.
    pub marked: Vec<String>,
    /// Damaged data of runs that no longer exist on the server, by run.
    pub lost: Vec<(String, String)>,
}

impl Store {
    /// Reads every recorded file, compares size and digest, and marks damaged ones to be fetched again.
    pub fn verify(&mut self) -> Result<Damages, Error> {
        let root = self.disk.root().display().to_string();
        let failed = |error| Error::io(format!("reading the mirror in {root}"), error);
        let mut damages = Damages::default();
        for (place, stored) in self.tables().clone() {
            if let Some(why) = damage(&self.disk, &place, stored.bytes, &stored.md5).map_err(failed)? {
                self.forget_table(&place);
                if place == RUNS {
                    self.forget_rows();
                }
                damages.marked.push(format!("{place}: {why}"));
            }
        }
        let ids: Vec<String> = self.entries().map(|(id, _)| id.to_owned()).collect();
        for id in ids {
            let Some(mut record) = self.record(&id).map_err(failed)? else { continue };
            let mut found: Vec<(Part, String, String)> = Vec::new();
            for (part, place, bytes, md5) in record.stored() {
                if let Some(why) = damage(&self.disk, &place, bytes, md5).map_err(failed)? {
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
                    record.mark_missing(part, &place, &why);
                    damages.marked.push(what);
                }
            }
            if !record.gone {
                self.append(&record, None).map_err(failed)?;
            }
        }
        self.sync().map_err(failed)?;
        Ok(damages)
    }
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
