//! A disk in memory behaves like a folder.

use std::io;

use wandb_storage::simulation::{Image, MemoryDisk};
use wandb_storage::{Access, Directory, FileSystem, Kind, read_range};

use super::seeds;

/// The result of an operation.
#[derive(Debug, PartialEq)]
enum Came {
    Done,
    Bytes(Vec<u8>),
    Kind(Option<Kind>),
    /// The kind of an entry, and the size of a file.
    Entry(Option<(Kind, u64)>),
    Names(Vec<String>),
}

const PLACES: [&str; 5] = ["a", "b", "x/a", "x/b", "y/a"];

/// Performs an operation that the seed determines.
fn act(medium: &dyn FileSystem, rng: &mut fastrand::Rng) -> io::Result<Came> {
    let (here, other) = (PLACES[rng.usize(0..PLACES.len())], PLACES[rng.usize(0..PLACES.len())]);
    let bytes: Vec<u8> = (0..rng.u8(1..50)).collect();
    let at = rng.u64(0..60);
    match rng.u8(0..10) {
        0 | 1 => {
            let access = if rng.bool() { Access::CreateNew } else { Access::Write };
            let file = medium.open(here, access)?;
            assert_eq!(file.write_at(at, &bytes)?, bytes.len());
            Ok(Came::Bytes(read_range(&*file, 0..bytes.len() as u64)?))
        }
        2 => {
            let file = medium.open(here, Access::Write)?;
            file.truncate(at)?;
            file.sync()?;
            assert_eq!(file.size()?, at);
            Ok(Came::Done)
        }
        3 => {
            let file = medium.open(here, Access::Read)?;
            Ok(Came::Bytes(read_range(&*file, 0..file.size()?)?))
        }
        4 => Ok(Came::Bytes(read_range(&*medium.open(here, Access::Read)?, at..at + 5)?)),
        5 => medium.rename(here, other).map(|()| Came::Done),
        6 => medium.remove(here).map(|()| Came::Done),
        7 if rng.u8(0..4) == 0 => medium.remove_folder("x").map(|()| Came::Done),
        7 => medium.make_folder("x").map(|()| Came::Done),
        8 => {
            let found = medium.entry(["x", here][rng.usize(0..2)])?;
            Ok(Came::Entry(
                found.map(|found| (found.kind, if found.kind == Kind::File { found.size } else { 0 })),
            ))
        }
        _ => {
            let mut names = medium.names("")?;
            names.retain(|name| !name.starts_with('.'));
            names.sort();
            Ok(if rng.bool() {
                Came::Names(names)
            } else {
                Came::Kind(medium.kind(["x", here][rng.usize(0..2)])?)
            })
        }
    }
}

#[test]
fn memory_disk_behaves_like_a_folder() {
    for seed in seeds(100) {
        let place = tempfile::tempdir().expect("a folder");
        let folder = Directory::open(place.path()).expect("a folder");
        let memory = MemoryDisk::new(Image::default());
        let mut rng = fastrand::Rng::with_seed(seed);
        for step in 0..60 {
            let of_folder = act(&folder, &mut rng.clone()).map_err(|error| error.kind());
            let of_memory = act(&memory, &mut rng).map_err(|error| error.kind());
            assert_eq!(of_memory, of_folder, "seed {seed}, step {step}");
        }
    }
}
