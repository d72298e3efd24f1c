//! After any failure, the existing file is unchanged and no other file is left.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use super::{Memory, formats, parse};
use crate::sink::file::Durable;
use crate::sink::{Format, Output, SinkError, SinkOptions, SinkReport};

const OLD: &str = "existing content";

/// A file on a disk with `room` bytes of free space.
struct Faulty {
    file: File,
    room: usize,
    syncs: bool,
}

impl Write for Faulty {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.room == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let written = self.file.write(&bytes[..bytes.len().min(self.room)])?;
        self.room -= written;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Durable for Faulty {
    fn sync(&mut self) -> io::Result<()> {
        if self.syncs { self.file.sync_all() } else { Err(io::ErrorKind::Other.into()) }
    }

    #[cfg(feature = "csv")]
    fn take_back(&mut self, start: u64, to: &mut dyn Write) -> io::Result<()> {
        self.file.take_back(start, to)
    }
}

fn attempt(
    path: &Path,
    format: Format,
    options: &SinkOptions,
    room: usize,
    syncs: bool,
) -> Result<SinkReport, SinkError> {
    let rows = parse(&[r#"{"_step": 0, "a": "x", "b": {"c": 1.5}}"#, r#"{"_step": 1, "a": "y"}"#]);
    let output = Output::file_through(path, |file| Box::new(Faulty { file, room, syncs }))?;
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

/// A file on a disk that is full only for the first writes.
struct Hiccup {
    file: File,
    hiccups: u32,
}

impl Write for Hiccup {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.hiccups.checked_sub(1) {
            Some(left) => {
                self.hiccups = left;
                Err(io::ErrorKind::StorageFull.into())
            }
            None => self.file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Durable for Hiccup {
    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_all()
    }

    #[cfg(feature = "csv")]
    fn take_back(&mut self, start: u64, to: &mut dyn Write) -> io::Result<()> {
        self.file.take_back(start, to)
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
        let output =
            Output::file_through(&path, |file| Box::new(Hiccup { file, hiccups: 1 })).expect("opens");
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

#[test]
fn a_panic_leaves_the_old_file() {
    for (format, options) in formats() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("out");
        fs::write(&path, OLD).expect("written");
        let place = path.clone();
        let thread = std::thread::spawn(move || {
            let mut sink = format.sink(Output::file(&place).expect("opens"), &options).expect("opens");
            sink.write(&parse(&[r#"{"a": 1}"#])).expect("room");
            std::panic::resume_unwind(Box::new("stop"));
        });
        assert!(thread.join().is_err());
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
