//! Destinations for the bytes of a sink.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use wandb_storage::FileSystem;

use super::error::SinkError;
use super::file::{AtomicFile, open_directory};
use super::place::Place;

/// The destination of a sink's bytes: a file, standard output, or any writer.
pub struct Output {
    destination: Destination,
    name: String,
    bytes: u64,
    /// A copy of the first write error, which can be returned repeatedly.
    failure: Option<io::Error>,
}

enum Destination {
    File(Box<AtomicFile>),
    Stream(BufWriter<File>),
    StandardOutput(BufWriter<io::Stdout>),
    Writer(Box<dyn Write + Send>),
}

impl Output {
    /// Creates or replaces the file at `path` when the sink is finished. Until then, the data is in a
    /// temporary file in the same directory.
    ///
    /// Symbolic links are followed. A replaced file's permissions are kept; a new file gets the usual ones
    /// under the umask. A device or a named pipe is written to directly, and so is a descriptor that this
    /// process has open: `/dev/stdout`, `/dev/fd/3`.
    ///
    /// # Errors
    ///
    /// Returns [`SinkError::Directory`], [`SinkError::MissingParent`] or [`SinkError::Io`], all before the
    /// first row is written.
    pub fn file(path: impl AsRef<Path>) -> Result<Self, SinkError> {
        Self::file_in(path.as_ref(), open_directory)
    }

    /// Like [`file`](Self::file), in a directory that `open` opens.
    pub(super) fn file_in<F: FileSystem + 'static>(
        path: &Path,
        open: impl FnOnce(&Path) -> io::Result<F>,
    ) -> Result<Self, SinkError> {
        let destination = match Place::of(path)? {
            Place::File(path) => Destination::File(Box::new(AtomicFile::create(path, open)?)),
            Place::Stream(path) => Self::stream(&path, OpenOptions::new().write(true))?,
            Place::Opened(path) => Self::stream(&path, OpenOptions::new().append(true))?,
            Place::StandardOutput => Destination::StandardOutput(BufWriter::new(io::stdout())),
        };
        Ok(Self::new(destination, path.display().to_string()))
    }

    fn stream(path: &Path, options: &OpenOptions) -> Result<Destination, SinkError> {
        let opened = options.open(path).map_err(|error| SinkError::io("opening", path.display(), error))?;
        Ok(Destination::Stream(BufWriter::new(opened)))
    }

    /// Writes to standard output. If the reader closes it, writes fail with [`SinkError::Closed`].
    pub fn stdout() -> Self {
        Self::new(Destination::StandardOutput(BufWriter::new(io::stdout())), "standard output".to_owned())
    }

    /// Writes to any writer. Errors refer to it as `name`.
    pub fn writer(name: impl Into<String>, writer: impl Write + Send + 'static) -> Self {
        Self::new(Destination::Writer(Box::new(writer)), name.into())
    }

    fn new(destination: Destination, name: String) -> Self {
        Self { destination, name, bytes: 0, failure: None }
    }

    /// Returns the name used in errors.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the number of bytes written.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns the directory for temporary files, or `None` to use the system's.
    #[cfg(any(feature = "csv", feature = "parquet"))]
    pub(super) fn directory(&self) -> Option<&Path> {
        match &self.destination {
            Destination::File(file) => Some(file.directory()),
            Destination::Stream(_) | Destination::StandardOutput(_) | Destination::Writer(_) => None,
        }
    }

    /// Returns whether [`take_back`](Self::take_back) is supported: uncommitted data is not visible to
    /// others.
    #[cfg(feature = "csv")]
    pub(super) fn can_take_back(&self) -> bool {
        matches!(self.destination, Destination::File(_))
    }

    /// Copies the data written from `start` on to `to`, and truncates the output.
    #[cfg(feature = "csv")]
    pub(super) fn take_back(&mut self, start: u64, to: &mut dyn Write) -> io::Result<()> {
        let taken = match &mut self.destination {
            Destination::File(file) => file.take_back(start, to),
            _ => Err(io::ErrorKind::Unsupported.into()),
        };
        self.note(taken)?;
        self.bytes = 0;
        Ok(())
    }

    /// Ends a batch of rows. Streams are flushed, so that the reader sees the batch now.
    pub(super) fn end_batch(&mut self) -> Result<(), SinkError> {
        match self.destination {
            Destination::File(_) => Ok(()),
            Destination::Stream(_) | Destination::StandardOutput(_) | Destination::Writer(_) => {
                self.flush().map_err(|error| self.error(error))
            }
        }
    }

    /// Flushes the rest, and moves a file to its destination. Returns the number of bytes written.
    ///
    /// # Errors
    ///
    /// [`SinkError::Failed`] if an earlier write failed, [`SinkError::Closed`] or [`SinkError::Io`].
    pub fn commit(mut self) -> Result<u64, SinkError> {
        if self.failure.is_some() {
            return Err(SinkError::Failed { output: self.name });
        }
        if let Destination::File(file) = self.destination {
            file.commit()?;
        } else {
            self.flush().map_err(|error| self.error(error))?;
        }
        Ok(self.bytes)
    }

    /// Returns the error for a failed write to this output.
    pub fn error(&self, error: io::Error) -> SinkError {
        SinkError::io("writing", &self.name, error)
    }

    /// Returns the first write error, which some format libraries hide in errors of their API.
    #[cfg(feature = "parquet")]
    pub(super) fn take_failure(&self) -> Option<SinkError> {
        self.failure.as_ref().map(|failure| self.error(copy(failure)))
    }

    fn note<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result
            && error.kind() != io::ErrorKind::Interrupted
            && self.failure.is_none()
        {
            self.failure = Some(copy(error));
        }
        result
    }
}

fn copy(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match &mut self.destination {
            Destination::File(file) => file.write(bytes),
            Destination::Stream(file) => file.write(bytes),
            Destination::StandardOutput(stdout) => stdout.write(bytes),
            Destination::Writer(writer) => writer.write(bytes),
        };
        let written = self.note(written)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = match &mut self.destination {
            Destination::File(file) => file.flush(),
            Destination::Stream(file) => file.flush(),
            Destination::StandardOutput(stdout) => stdout.flush(),
            Destination::Writer(writer) => writer.flush(),
        };
        self.note(flushed)
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").field("name", &self.name).field("bytes", &self.bytes).finish_non_exhaustive()
    }
}
