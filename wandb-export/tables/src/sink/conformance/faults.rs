//! After any failure, the existing file is unchanged and no other file is left.

use std::fs::{self, TryLockError};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use wandb_storage::{Access, Entry, FileSystem, Kind, Object, OpenFile, Version};

use super::{Memory, formats, parse};
use crate::sink::file::open_directory;
use crate::sink::{Format, Output, SinkError, SinkOptions, SinkReport};

const OLD: &str = "existing content";

/// The faults of a disk.
#[derive(Debug)]
struct Faults {
    /// Free space in bytes.
    room: AtomicUsize,
    /// The number of first writes that fail.
    hiccups: AtomicU32,
    syncs: bool,
}

impl Faults {
    fn none() -> Self {
        Self { room: AtomicUsize::new(usize::MAX), hiccups: AtomicU32::new(0), syncs: true }
    }
}

/// A directory on a disk with faults.
#[derive(Debug)]
struct FaultyDirectory {
    files: wandb_storage::Directory,
    faults: Arc<Faults>,
}

/// A file on a disk with faults.
#[derive(Debug)]
struct FaultyFile {
    file: Box<dyn OpenFile>,
    faults: Arc<Faults>,
}

impl FileSystem for FaultyDirectory {
    fn open(&self, name: &str, access: Access) -> io::Result<Box<dyn OpenFile>> {
        let file = self.files.open(name, access)?;
        Ok(Box::new(FaultyFile { file, faults: Arc::clone(&self.faults) }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.files.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.files.remove(name)
    }

    fn make_folder(&self, name: &str) -> io::Result<()> {
        self.files.make_folder(name)
    }

    fn remove_folder(&self, name: &str) -> io::Result<()> {
        self.files.remove_folder(name)
    }

    fn sync_folder(&self, name: &str) -> io::Result<()> {
        self.files.sync_folder(name)
    }

    fn kind(&self, name: &str) -> io::Result<Option<Kind>> {
        self.files.kind(name)
    }

    fn entry(&self, name: &str) -> io::Result<Option<Entry>> {
        self.files.entry(name)
    }

    fn names(&self, folder: &str) -> io::Result<Vec<String>> {
        self.files.names(folder)
    }

    fn free_bytes(&self) -> Option<u64> {
        self.files.free_bytes()
    }
}

impl Object for FaultyFile {
    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }

    fn version(&self) -> io::Result<Version> {
        self.file.version()
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(offset, into)
    }
}

impl OpenFile for FaultyFile {
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        let Faults { room, hiccups, .. } = &*self.faults;
        let fails =
            hiccups.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
        let free = room.load(Ordering::Relaxed);
        if fails || free == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let written = self.file.write_at(offset, &bytes[..bytes.len().min(free)])?;
        room.store(free - written, Ordering::Relaxed);
        Ok(written)
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.file.truncate(len)
    }

    fn sync(&self) -> io::Result<()> {
        if self.faults.syncs { self.file.sync() } else { Err(io::ErrorKind::Other.into()) }
    }

    fn sync_data(&self) -> io::Result<()> {
        self.sync()
    }

    fn try_lock(&self) -> Result<(), TryLockError> {
        self.file.try_lock()
    }

    fn entry(&self) -> io::Result<Entry> {
        self.file.entry()
    }
}

/// Opens an output on a disk with faults.
fn faulty(path: &Path, faults: Faults) -> Result<Output, SinkError> {
    let open = |directory: &Path| {
        Ok(FaultyDirectory { files: open_directory(directory)?, faults: Arc::new(faults) })
    };
    Output::file_in(path, open)
}

fn attempt(
    path: &Path,
    format: Format,
    options: &SinkOptions,
    room: usize,
    syncs: bool,
) -> Result<SinkReport, SinkError> {
    let rows = parse(&[r#"{"_step": 0, "a": "x", "b": {"c": 1.5}}"#, r#"{"_step": 1, "a": "y"}"#]);
    let output = faulty(path, Faults { room: AtomicUsize::new(room), syncs, ..Faults::none() })?;
    let mut sink = format.sink(output, options)?;
    // Continue after an error, unlike with `?`: a caller who does so must not get a partial file either.
    let first = sink.write(&rows[..1]);
    let second = sink.write(&rows[1..]);
    let finished = sink.finish();
    first.and(second).and(finished)
}

fn only_the_old_file(path: &Path) {
    assert_eq!(fs::read_to_string(path).expect("still there"), OLD);
    let directory = path.parent().expect("a directory");
    let names: Vec<_> =
        fs::read_dir(directory).expect("listed").map(|entry| entry.expect("listed").file_name()).collect();
    assert_eq!(names, [path.file_name().expect("a name")]);
}

#[test]
fn full_disk_leaves_the_old_file() {
    let without_memory = formats().into_iter().map(|(format, mut options)| {
        options.table.memory = 0;
        (format, options)
    });
    for (format, options) in formats().into_iter().chain(without_memory) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("out");
        fs::write(&path, OLD).expect("written");
        let whole = attempt(&path, format, &options, usize::MAX, true).expect("room enough").bytes;
        let whole = usize::try_from(whole).expect("small");
        fs::write(&path, OLD).expect("written");
        for room in 0..whole {
            let error = attempt(&path, format, &options, room, true).expect_err("no room");
            assert!(matches!(error, SinkError::Io { .. }), "{format}, {room}: {error:?}");
            assert!(error.to_string().contains("free some space"), "{error}");
            only_the_old_file(&path);
        }
        attempt(&path, format, &options, whole, false).expect_err("no sync");
        only_the_old_file(&path);
        attempt(&path, format, &options, whole, true).expect("just enough room");
        assert_ne!(fs::read(&path).expect("there"), OLD.as_bytes());
    }
}

#[test]
fn failed_write_fails_the_finish() {
    // Larger than any buffer in between.
    let row = parse(&[&format!(r#"{{"a": "{}"}}"#, "x".repeat(1 << 20))]);
    for (format, options) in formats() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("out");
        fs::write(&path, OLD).expect("written");
        let faults = Faults { hiccups: AtomicU32::new(1), ..Faults::none() };
        let output = faulty(&path, faults).expect("opens");
        let mut sink = format.sink(output, &options).expect("opens");
        let written = sink.write(&row).and_then(|()| sink.write(&row));
        let error = sink.finish().expect_err("bytes are missing");
        if written.is_err() {
            assert!(matches!(error, SinkError::Failed { .. }), "{format}: {error:?}");
        }
        only_the_old_file(&path);
    }
}

#[test]
fn dropped_sink_leaves_the_old_file() {
    for (format, options) in formats() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("out");
        fs::write(&path, OLD).expect("written");
        let mut sink = format.sink(Output::file(&path).expect("opens"), &options).expect("opens");
        sink.write(&parse(&[r#"{"a": 1}"#])).expect("room");
        drop(sink);
        only_the_old_file(&path);
    }
}

/// A pipe whose reader has closed it.
struct Gone;

impl Write for Gone {
    fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn closed_pipe_is_reported_as_closed() {
    for (format, options) in formats() {
        let mut sink = format.sink(Output::writer("pipe", Gone), &options).expect("opens");
        let written = sink.write(&parse(&[r#"{"a": 1}"#]));
        let error = written.map_or_else(Err, |()| sink.finish().map(drop)).expect_err("no reader");
        assert!(error.is_closed(), "{format}: {error:?}");
    }
}

#[test]
fn streams_are_flushed_after_each_write() {
    let memory = Memory::default();
    let mut sink =
        Format::Jsonl.sink(Output::writer("memory", memory.clone()), &SinkOptions::default()).expect("opens");
    sink.write(&parse(&["{}"])).expect("room");
    assert_eq!(*memory.0.lock().expect("not poisoned"), b"{}\n");
}
