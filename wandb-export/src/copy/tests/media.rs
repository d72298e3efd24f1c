//! A disk in memory behaves like a folder.

use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};

use super::image::Image;
use super::memory::MemoryDisk;
use super::seeds;
use crate::mirror::disk::folder::Folder;
use crate::mirror::disk::medium::{FileSystem, How, Kind, read_at};

/// The result of an operation.
#[derive(Debug, PartialEq)]
enum Came {
    Done,
    Bytes(Vec<u8>),
    Kind(Option<Kind>),
    Names(Vec<String>),
}

const PLACES: [&str; 5] = ["a", "b", "x/a", "x/b", "y/a"];

/// Performs an operation that the seed determines.
fn act(medium: &dyn FileSystem, rng: &mut fastrand::Rng) -> io::Result<Came> {
    let (here, other) = (PLACES[rng.usize(0..PLACES.len())], PLACES[rng.usize(0..PLACES.len())]);
    let bytes: Vec<u8> = (0..rng.u8(1..50)).collect();
    let at = rng.u64(0..60);
    match rng.u8(0..9) {
        0 | 1 => {
            let how = if rng.bool() { How::New } else { How::Change };
            let mut file = medium.open(here, how)?;
            file.seek(SeekFrom::Start(at))?;
            file.write_all(&bytes)?;
            Ok(Came::Bytes(read_at(&mut file.again()?, 0, bytes.len())?))
        }
        2 => {
            let file = medium.open(here, How::Change)?;
            file.cut(at)?;
            file.sync()?;
            assert_eq!(file.size()?, at);
            Ok(Came::Done)
        }
        3 => {
            let mut read = Vec::new();
            medium.open(here, How::Read)?.read_to_end(&mut read)?;
            Ok(Came::Bytes(read))
        }
        4 => Ok(Came::Bytes(read_at(&mut medium.open(here, How::Read)?, at, 5)?)),
        5 => medium.rename(here, other).map(|()| Came::Done),
        6 => medium.remove(here).map(|()| Came::Done),
        7 => medium.make_folder("x").map(|()| Came::Done),
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
        let folder = Folder::lock(place.path()).expect("a folder").expect("an unlocked folder");
        let memory = MemoryDisk::new(Image::default());
        let mut rng = fastrand::Rng::with_seed(seed);
        for step in 0..60 {
            let of_folder = act(&folder, &mut rng.clone()).map_err(|error| error.kind());
            let of_memory = act(&memory, &mut rng).map_err(|error| error.kind());
            assert_eq!(of_memory, of_folder, "seed {seed}, step {step}");
        }
    }
}
