//! A disk in memory, as seen by a process.

use std::fs::TryLockError;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::image::Image;
use super::trouble::{Meter, Trouble};
use crate::file_system::{Access, Entry, FileSystem, Kind, OpenFile};
use crate::object::{Object, Version};

/// A disk of a process, with simulated faults. Clones share it.
#[derive(Debug, Clone)]
pub struct MemoryDisk(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    image: Image,
    meter: Meter,
}

impl MemoryDisk {
    /// Creates a disk without faults.
    pub fn new(image: Image) -> Self {
        Self::failing(image, Trouble::None, 0)
    }

    /// Creates a disk with faults that depend only on the seed.
    pub fn failing(image: Image, trouble: Trouble, seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State { image, meter: Meter::new(trouble, seed) })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the number of changes made.
    pub fn done(&self) -> u64 {
        self.state().meter.done()
    }

    /// Returns the number of operations requested.
    pub fn asked(&self) -> u64 {
        self.state().meter.asked()
    }

    /// Kills the process: all later operations fail.
    pub fn end(&self) {
        self.state().meter.end();
    }

    /// Takes the content of the disk and kills the process.
    pub fn take(&self) -> Image {
        let mut state = self.state();
        state.meter.end();
        std::mem::take(&mut state.image)
    }

    fn read<T>(&self, read: impl FnOnce(&Image) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.state();
        state.meter.read()?;
        read(&state.image)
    }

    fn act<T>(&self, act: impl FnOnce(&mut Image) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.state();
        state.meter.act()?;
        act(&mut state.image)
    }
}

impl FileSystem for MemoryDisk {
    fn open(&self, name: &str, access: Access) -> io::Result<Box<dyn OpenFile>> {
        let file = match access {
            Access::Read => self.read(|image| image.file(name)),
            Access::CreateNew => self.act(|image| image.make_file(name)),
            Access::Write => self.act(|image| image.file(name).or_else(|_| image.make_file(name))),
        };
        Ok(Box::new(MemoryFile { disk: self.clone(), file: file? }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.act(|image| image.rename(from, to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.act(|image| image.remove(name))
    }

    fn make_folder(&self, name: &str) -> io::Result<()> {
        self.act(|image| image.make_folder(name))
    }

    fn remove_folder(&self, name: &str) -> io::Result<()> {
        self.act(|image| image.remove_folder(name))
    }

    fn sync_folder(&self, name: &str) -> io::Result<()> {
        self.act(|image| image.sync_folder(name))
    }

    fn kind(&self, name: &str) -> io::Result<Option<Kind>> {
        self.read(|image| Ok(image.kind(name)))
    }

    fn entry(&self, name: &str) -> io::Result<Option<Entry>> {
        self.read(|image| match image.kind(name) {
            None => Ok(None),
            Some(Kind::File) => Ok(Some(entry(image, image.file(name)?))),
            Some(kind) => Ok(Some(Entry { kind, size: 0, identity: None })),
        })
    }

    fn names(&self, folder: &str) -> io::Result<Vec<String>> {
        self.read(|image| Ok(image.names(folder)))
    }

    fn free_bytes(&self) -> Option<u64> {
        None
    }
}

#[derive(Debug)]
struct MemoryFile {
    disk: MemoryDisk,
    file: usize,
}

fn entry(image: &Image, file: usize) -> Entry {
    Entry { kind: Kind::File, size: image.bytes(file).len() as u64, identity: Some((0, file as u64)) }
}

fn in_memory(size: u64) -> io::Result<usize> {
    usize::try_from(size).map_err(|_| io::ErrorKind::FileTooLarge.into())
}

impl Object for MemoryFile {
    fn size(&self) -> io::Result<u64> {
        self.disk.read(|image| Ok(image.bytes(self.file).len() as u64))
    }

    fn version(&self) -> io::Result<Version> {
        // Each file of a simulation has another time.
        let modified = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(self.file as u64));
        Ok(Version { size: self.size()?, modified })
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let offset = in_memory(offset)?;
        self.disk.read(|image| {
            let rest = image.bytes(self.file).get(offset..).unwrap_or_default();
            let len = rest.len().min(into.len());
            into[..len].copy_from_slice(&rest[..len]);
            Ok(len)
        })
    }
}

impl OpenFile for MemoryFile {
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        let offset = in_memory(offset)?;
        let mut state = self.disk.state();
        let written = state.meter.write(bytes.len())?;
        state.image.write(self.file, offset, &bytes[..written]);
        Ok(written)
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        let len = in_memory(len)?;
        self.disk.act(|image| {
            image.cut(self.file, len);
            Ok(())
        })
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.act(|image| {
            image.sync(self.file);
            Ok(())
        })
    }

    fn sync_data(&self) -> io::Result<()> {
        self.sync()
    }

    /// Always succeeds, as each process has a disk for itself.
    fn try_lock(&self) -> Result<(), TryLockError> {
        Ok(())
    }

    fn entry(&self) -> io::Result<Entry> {
        self.disk.read(|image| Ok(entry(image, self.file)))
    }
}
