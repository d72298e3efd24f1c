//! Where the bytes of a sink go.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::error::SinkError;
use super::file::{AtomicFile, Durable};
use super::place::Place;

/// Where the bytes of a sink go: a file, standard output, or any writer.
pub struct Output {
    destination: Destination,
    name: String,
    bytes: u64,
    /// The first failure of a write, in a form that can be told again.
    failure: Option<io::Error>,
}

enum Destination {
    File(AtomicFile),
    Stream(BufWriter<File>),
    StandardOutput(BufWriter<io::Stdout>),
    Writer(Box<dyn Write + Send>),
}

impl Output {
    /// A file that appears, or replaces the one at `path`, when the sink is finished. Until then it is written under
    /// another name in the same directory.
    ///
    /// Symbolic links are followed. A replaced file's permissions are kept; a new one has those that the user's mask
    /// leaves. A device or a named pipe is written to directly, and so is what this process has open already: `/dev/stdout`,
    /// `/dev/fd/3`.
    ///
    /// # Errors
    ///
    /// [`SinkError::Directory`], [`SinkError::MissingParent`] or [`SinkError::Io`]; all of it before the first row.
    pub fn file(path: impl AsRef<Path>) -> Result<Self, SinkError> {
        Self::file_through(path.as_ref(), |file| Box::new(file))
    }

    pub(super) fn file_through(
        path: &Path,
        through: impl FnOnce(File) -> Box<dyn Durable>,
    ) -> Result<Self, SinkError> {
        let destination = match Place::of(path)? {
            Place::File(path) => Destination::File(AtomicFile::create(path, through)?),
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

    /// Standard output. Once its reader has gone, writing is [`SinkError::Closed`].
    pub fn stdout() -> Self {
        Self::new(Destination::StandardOutput(BufWriter::new(io::stdout())), "standard output".to_owned())
    }

    /// Any writer; `name` is what errors call it.
    pub fn writer(name: impl Into<String>, writer: impl Write + Send + 'static) -> Self {
        Self::new(Destination::Writer(Box::new(writer)), name.into())
    }

    fn new(destination: Destination, name: String) -> Self {
        Self { destination, name, bytes: 0, failure: None }
    }

    /// What errors call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many bytes have been written.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The directory to put temporary files in, where that is another than the system's.
    #[cfg(any(feature = "csv", feature = "parquet"))]
    pub(super) fn directory(&self) -> Option<&Path> {
        match &self.destination {
            Destination::File(file) => Some(file.directory()),
            Destination::Stream(_) | Destination::StandardOutput(_) | Destination::Writer(_) => None,
        }
    }

    /// Whether [`take_back`](Self::take_back) is possible: nobody else sees what is written before it is committed.
    #[cfg(feature = "csv")]
    pub(super) fn can_take_back(&self) -> bool {
        matches!(self.destination, Destination::File(_))
    }

    /// Copies what has been written to `to`, from `start` on, and begins anew.
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

    /// Ends a batch of rows: who reads a stream sees it now.
    pub(super) fn end_batch(&mut self) -> Result<(), SinkError> {
        match self.destination {
            Destination::File(_) => Ok(()),
            Destination::Stream(_) | Destination::StandardOutput(_) | Destination::Writer(_) => {
                self.flush().map_err(|error| self.error(error))
            }
        }
    }

    /// Writes what is left, and puts a file in its place.
    pub(crate) fn commit(mut self) -> Result<u64, SinkError> {
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

    /// The error for a write to this output.
    pub(crate) fn error(&self, error: io::Error) -> SinkError {
        SinkError::io("writing", &self.name, error)
    }

    /// The first failure of a write, for formats whose libraries hide it among their own errors.
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
