//! Finished operations survive a power cut, and no file is ever incomplete.

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};

use wandb_storage::simulation::{Image, MemoryDisk, Trouble};
use wandb_storage::{Folder, LogStorage as _, ObjectReader, Storage as _};

use super::seeds;

const LOG: &str = ".wandb-export/log";

const PLACES: [&str; 5] = ["a", "b", "history/a", "history/b", "logs/a"];

/// The possible contents of each file: one, or several while it is being changed.
type Files = BTreeMap<&'static str, Vec<Option<Vec<u8>>>>;

fn text(rng: &mut fastrand::Rng) -> Vec<u8> {
    let len = rng.usize(1..3_000);
    std::iter::repeat_with(|| rng.u8(1..)).take(len).collect()
}

/// The content that a disk must have whatever happens.
#[derive(Default)]
struct Known {
    files: Files,
    /// The bytes that the log must start with.
    logged: Vec<u8>,
}

impl Known {
    /// Performs random operations until one fails or enough are done.
    fn use_folder(&mut self, folder: &Folder, rng: &mut fastrand::Rng) -> io::Result<()> {
        let mut appended = Vec::new();
        if let Some(log) = folder.read_log(LOG)? {
            ObjectReader::new(log, 0).read_to_end(&mut appended)?;
        }
        // Any prefix that includes the synced bytes may be kept.
        appended.truncate(rng.usize(self.logged.len()..=appended.len()));
        let mut log = folder.open_log(LOG, appended.len() as u64)?;
        self.logged.clone_from(&appended);
        let kept = folder.read_log(LOG)?.expect("it has been opened").size()?;
        assert_eq!(kept, appended.len() as u64, "the rest is not cut off");
        for _ in 0..rng.u32(1..12) {
            let place = PLACES[rng.usize(0..PLACES.len())];
            match rng.u8(0..4) {
                0 => {
                    let more = text(rng);
                    log.append(&more)?;
                    appended.extend(more);
                    assert_eq!(log.end(), appended.len() as u64);
                }
                1 => {
                    log.persist()?;
                    self.logged.clone_from(&appended);
                }
                2 => {
                    self.files.entry(place).or_insert_with(|| vec![None]).push(None);
                    if folder.remove(place)? {
                        folder.persist(&[place])?;
                    }
                    self.files.insert(place, vec![None]);
                }
                _ => {
                    let content = text(rng);
                    let mut file = if rng.bool() { folder.stage()? } else { folder.stage_keyed("key")? };
                    // An earlier process may have left a part.
                    file.clear()?;
                    file.write_all(&content)?;
                    let may_be = self.files.entry(place).or_insert_with(|| vec![None]);
                    may_be.push(Some(content.clone()));
                    folder.put(place, file)?;
                    folder.persist(&[place])?;
                    self.files.insert(place, vec![Some(content)]);
                }
            }
        }
        Ok(())
    }

    fn check(&self, image: &Image, seed: u64) {
        let there = image.readable();
        for (place, may_be) in &self.files {
            let found = there.get(*place).cloned();
            assert!(may_be.contains(&found), "seed {seed}: {place} has neither its old nor its new content");
        }
        for place in there.keys() {
            assert!(self.files.contains_key(place.as_str()), "seed {seed}: {place} was never written");
        }
        assert!(
            image.content(LOG).starts_with(&self.logged),
            "seed {seed}: synced bytes of the log are lost"
        );
    }
}

/// Opens the folder of a mirror.
fn claim(memory: &MemoryDisk) -> io::Result<Folder> {
    let folder = Folder::claim_on(memory.clone())?.expect("no other process");
    // A file that is already gone is not removed again, so persist its removal before relying on it.
    folder.persist(&["", "history/", "logs/"])?;
    Ok(folder)
}

#[test]
fn finished_operations_survive_a_power_cut() {
    let mut cut_short = 0;
    let seeds = seeds(5_000);
    for &seed in &seeds {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut known = Known::default();
        let mut image = Image::default();
        for _ in 0..3 {
            let trouble = match rng.u8(0..3) {
                0 => Trouble::None,
                1 => Trouble::Ends { after: rng.u64(0..80) },
                _ => Trouble::Flaky { chance: 0.02 },
            };
            let memory = MemoryDisk::failing(image, trouble, rng.u64(..));
            let used = claim(&memory).and_then(|folder| known.use_folder(&folder, &mut rng));
            cut_short += usize::from(used.is_err());
            image = memory.take();
            if rng.bool() {
                image.power_cut(&mut rng);
            }
            known.check(&image, seed);
        }
    }
    assert!(cut_short >= seeds.len() / 5, "only {cut_short} attempts were cut short");
}
