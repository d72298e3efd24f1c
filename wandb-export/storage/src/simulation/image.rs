//! The content of a disk in memory, and what survives a crash.

use std::collections::BTreeMap;
use std::io;

use crate::file_system::Kind;
use crate::folder::{OWN, folder_of};

/// The content of a disk: as processes see it, and as it would be after a power cut.
#[derive(Debug, Clone, Default)]
pub struct Image {
    names: BTreeMap<String, Node>,
    /// The names that survive a power cut.
    lasting: BTreeMap<String, Node>,
    /// The changes to names since their folders were synced, oldest first.
    pending: Vec<Change>,
    files: Vec<Content>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Node {
    Folder,
    File(usize),
}

/// A change to a name that a power cut may undo.
#[derive(Debug, Clone)]
enum Change {
    Given { here: String, node: Node },
    Taken { here: String, node: Node },
    Moved { from: String, to: String, node: Node },
}

/// The content of a file.
#[derive(Debug, Clone, Default)]
struct Content {
    bytes: Vec<u8>,
    /// The number of leading bytes that are synced.
    synced: usize,
    /// The synced content before it was truncated or overwritten.
    before: Option<Vec<u8>>,
}

impl Change {
    fn is_in(&self, folder: &str) -> bool {
        match self {
            Self::Given { here, .. } | Self::Taken { here, .. } => folder_of(here) == folder,
            Self::Moved { from, to, .. } => folder_of(from) == folder || folder_of(to) == folder,
        }
    }

    fn take_effect(&self, names: &mut BTreeMap<String, Node>) {
        let take = |names: &mut BTreeMap<String, Node>, here: &str, node: Node| {
            if names.get(here) == Some(&node) {
                names.remove(here);
            }
        };
        match self {
            Self::Given { here, node } => {
                names.insert(here.clone(), *node);
            }
            Self::Taken { here, node } => take(names, here, *node),
            Self::Moved { from, to, node } => {
                take(names, from, *node);
                names.insert(to.clone(), *node);
            }
        }
    }
}

fn absent() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl Image {
    pub(super) fn kind(&self, here: &str) -> Option<Kind> {
        match self.names.get(here) {
            _ if here.is_empty() => Some(Kind::Folder),
            Some(Node::Folder) => Some(Kind::Folder),
            Some(Node::File(_)) => Some(Kind::File),
            None => None,
        }
    }

    /// Returns the file of a name.
    pub(super) fn file(&self, here: &str) -> io::Result<usize> {
        match self.names.get(here) {
            Some(Node::File(file)) => Ok(*file),
            Some(Node::Folder) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(absent()),
        }
    }

    fn give(&mut self, here: &str, node: Node) -> io::Result<()> {
        if self.kind(folder_of(here)) != Some(Kind::Folder) {
            return Err(absent());
        }
        if self.names.contains_key(here) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.names.insert(here.to_owned(), node);
        self.pending.push(Change::Given { here: here.to_owned(), node });
        Ok(())
    }

    pub(super) fn make_file(&mut self, here: &str) -> io::Result<usize> {
        let file = self.files.len();
        self.give(here, Node::File(file))?;
        self.files.push(Content::default());
        Ok(file)
    }

    pub(super) fn make_folder(&mut self, here: &str) -> io::Result<()> {
        self.give(here, Node::Folder)
    }

    pub(super) fn remove_folder(&mut self, here: &str) -> io::Result<()> {
        match self.kind(here) {
            Some(Kind::Folder) if self.names(here).is_empty() => {}
            Some(Kind::Folder) => return Err(io::ErrorKind::DirectoryNotEmpty.into()),
            Some(_) => return Err(io::ErrorKind::NotADirectory.into()),
            None => return Err(absent()),
        }
        let taken = Change::Taken { here: here.to_owned(), node: Node::Folder };
        taken.take_effect(&mut self.names);
        self.pending.push(taken);
        Ok(())
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let node = Node::File(self.file(from)?);
        if self.kind(folder_of(to)) != Some(Kind::Folder) {
            return Err(absent());
        }
        let moved = Change::Moved { from: from.to_owned(), to: to.to_owned(), node };
        moved.take_effect(&mut self.names);
        self.pending.push(moved);
        Ok(())
    }

    pub(super) fn remove(&mut self, here: &str) -> io::Result<()> {
        let node = Node::File(self.file(here)?);
        let taken = Change::Taken { here: here.to_owned(), node };
        taken.take_effect(&mut self.names);
        self.pending.push(taken);
        Ok(())
    }

    pub(super) fn sync_folder(&mut self, folder: &str) -> io::Result<()> {
        if self.kind(folder) != Some(Kind::Folder) {
            return Err(absent());
        }
        let (synced, mut left): (Vec<_>, Vec<_>) =
            self.pending.drain(..).partition(|change| change.is_in(folder));
        for change in &synced {
            change.take_effect(&mut self.lasting);
            // A synced rename does not bring back the first name.
            if let Change::Moved { from, node, .. } = change {
                let moved = node;
                left.retain(
                    |change| !matches!(change, Change::Given { here, node } if here == from && node == moved),
                );
            }
        }
        self.pending = left;
        Ok(())
    }

    pub(super) fn names(&self, folder: &str) -> Vec<String> {
        let inside = self.names.keys().filter(|here| folder_of(here) == folder);
        inside.map(|here| here.rsplit('/').next().expect("a name").to_owned()).collect()
    }

    pub(super) fn bytes(&self, file: usize) -> &[u8] {
        &self.files[file].bytes
    }

    pub(super) fn write(&mut self, file: usize, at: usize, bytes: &[u8]) {
        let content = &mut self.files[file];
        content.disturb(at);
        let end = at + bytes.len();
        if content.bytes.len() < end {
            content.bytes.resize(end, 0);
        }
        content.bytes[at..end].copy_from_slice(bytes);
    }

    pub(super) fn cut(&mut self, file: usize, len: usize) {
        let content = &mut self.files[file];
        content.disturb(len);
        content.bytes.resize(len, 0);
    }

    pub(super) fn sync(&mut self, file: usize) {
        let content = &mut self.files[file];
        content.synced = content.bytes.len();
        content.before = None;
    }

    /// Cuts the power: of the unsynced data, a random part survives.
    pub fn power_cut(&mut self, rng: &mut fastrand::Rng) {
        // Include the likeliest outcomes: all of it survives, or nothing.
        let chance = [0.0, 0.5, 1.0][rng.usize(0..3)];
        for change in self.pending.drain(..) {
            if rng.f64() < chance {
                change.take_effect(&mut self.lasting);
            }
        }
        let there = |here: &str, lasting: &BTreeMap<String, Node>| {
            let above = here.match_indices('/').map(|(end, _)| &here[..end]);
            above.into_iter().all(|folder| lasting.get(folder) == Some(&Node::Folder))
        };
        self.names = self.lasting.clone();
        self.names.retain(|here, _| there(here, &self.lasting));
        self.lasting.clone_from(&self.names);
        for content in &mut self.files {
            content.power_cut(rng);
        }
    }

    /// Returns the content of a file, or nothing if it does not exist.
    pub fn content(&self, here: &str) -> &[u8] {
        self.file(here).map(|file| self.bytes(file)).unwrap_or_default()
    }

    /// Returns every file outside the internal folder, by its name.
    pub fn readable(&self) -> BTreeMap<String, Vec<u8>> {
        let own = format!("{OWN}/");
        let files = self.names.iter().filter(|(here, _)| !here.starts_with(&own));
        files
            .filter_map(|(here, node)| match node {
                Node::File(file) => Some((here.clone(), self.files[*file].bytes.clone())),
                Node::Folder => None,
            })
            .collect()
    }

    /// Corrupts one byte of a file.
    ///
    /// # Panics
    /// If the file does not exist or is empty.
    pub fn damage(&mut self, here: &str, rng: &mut fastrand::Rng) {
        let file = self.file(here).expect("a file that is there");
        let bytes = &mut self.files[file].bytes;
        let at = rng.usize(0..bytes.len());
        bytes[at] ^= rng.u8(1..);
    }
}

impl Content {
    /// Records that the bytes from `at` on are about to change.
    fn disturb(&mut self, at: usize) {
        if at < self.synced {
            self.before.get_or_insert_with(|| self.bytes[..self.synced].to_vec());
            self.synced = at;
        }
    }

    fn power_cut(&mut self, rng: &mut fastrand::Rng) {
        /// The unit in which a disk writes, in bytes.
        const SECTOR: usize = 512;
        match self.before.take() {
            Some(before) if rng.bool() => self.bytes = before,
            _ => match rng.u8(0..4) {
                0 => self.bytes.truncate(self.synced),
                1 => self.bytes.truncate(rng.usize(self.synced..=self.bytes.len())),
                2 => {
                    let written = rng.usize(self.synced..=self.bytes.len());
                    self.bytes[written..].fill(0);
                }
                _ => {
                    let unsynced = &mut self.bytes[self.synced..];
                    unsynced.chunks_mut(SECTOR).filter(|_| rng.bool()).for_each(|sector| sector.fill(0));
                }
            },
        }
        self.synced = self.bytes.len();
    }
}
