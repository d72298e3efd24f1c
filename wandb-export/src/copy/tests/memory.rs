//! A disk in memory, as seen by a process.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, MutexGuard};

use super::image::Image;
use super::trouble::{Meter, Trouble};
use crate::mirror::disk::OpenFile;
use crate::mirror::disk::medium::{FileSystem, How, Kind};

/// A disk of a process, with simulated faults.
#[derive(Debug, Clone)]
pub(super) struct MemoryDisk(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    image: Image,
    meter: Meter,
}

impl MemoryDisk {
    /// Creates a disk without faults.
    pub(super) fn new(image: Image) -> Self {
        Self::failing(image, Trouble::None, 0)
    }

    pub(super) fn failing(image: Image, trouble: Trouble, seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State { image, meter: Meter::new(trouble, seed) })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("tests stop at the first panic")
    }

    /// Returns the number of changes made.
    pub(super) fn done(&self) -> u64 {
        self.state().meter.done()
    }

    /// Returns the number of operations requested.
    pub(super) fn asked(&self) -> u64 {
        self.state().meter.asked()
    }

    /// Kills the process: all later operations fail.
    pub(super) fn end(&self) {
        self.state().meter.end();
    }

    /// Takes the content of the disk and kills the process.
    pub(super) fn take(&self) -> Image {
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
    fn open(&self, here: &str, how: How) -> io::Result<Box<dyn OpenFile>> {
        let file = match how {
            How::Read => self.read(|image| image.file(here)),
            How::New => self.act(|image| image.make_file(here)),
            How::Change => self.act(|image| image.file(here).or_else(|_| image.make_file(here))),
        };
        Ok(Box::new(MemoryFile { disk: self.clone(), file: file?, at: 0 }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.act(|image| image.rename(from, to))
    }

    fn remove(&self, here: &str) -> io::Result<()> {
        self.act(|image| image.remove(here))
    }

    fn make_folder(&self, here: &str) -> io::Result<()> {
        self.act(|image| image.make_folder(here))
    }

    fn sync_folder(&self, here: &str) -> io::Result<()> {
        self.act(|image| {
            image.sync_folder(here);
            Ok(())
        })
    }

    fn kind(&self, here: &str) -> io::Result<Option<Kind>> {
        self.read(|image| Ok(image.kind(here)))
    }

    fn names(&self, here: &str) -> io::Result<Vec<String>> {
        self.read(|image| Ok(image.names(here)))
    }

    fn room(&self) -> Option<u64> {
        None
    }
}

#[derive(Debug)]
struct MemoryFile {
    disk: MemoryDisk,
    file: usize,
    at: usize,
}

impl Read for MemoryFile {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.disk.read(|image| {
            let rest = image.bytes(self.file).get(self.at..).unwrap_or_default();
            let len = rest.len().min(into.len());
            into[..len].copy_from_slice(&rest[..len]);
            Ok(len)
        })?;
        self.at += read;
        Ok(read)
    }
}

impl Write for MemoryFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.disk.state();
        let written = state.meter.write(bytes.len())?;
        state.image.write(self.file, self.at, &bytes[..written]);
        drop(state);
        self.at += written;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for MemoryFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let SeekFrom::Start(at) = to else { return Err(io::ErrorKind::Unsupported.into()) };
        self.at = usize::try_from(at).expect("a file that fits into memory");
        Ok(at)
    }
}

impl OpenFile for MemoryFile {
    fn size(&self) -> io::Result<u64> {
        self.disk.read(|image| Ok(image.bytes(self.file).len() as u64))
    }

    fn cut(&self, len: u64) -> io::Result<()> {
        let len = usize::try_from(len).expect("a file that fits into memory");
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

    fn again(&self) -> io::Result<Box<dyn OpenFile>> {
        Ok(Box::new(Self { disk: self.disk.clone(), file: self.file, at: self.at }))
    }
}
