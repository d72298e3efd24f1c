//! An output shared with a format's library, and recovered once the library is done.

use std::error::Error;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::error::SinkError;
use super::format::Format;
use super::output::Output;

/// An output for a library that keeps its writer, even when it fails.
#[derive(Clone)]
pub(super) struct SharedOutput(Arc<Mutex<Output>>);

impl SharedOutput {
    pub(super) fn new(output: Output) -> Self {
        Self(Arc::new(Mutex::new(output)))
    }

    /// Returns the write error if that caused the failure, or else the library's error.
    pub(super) fn failure(&self, format: Format, error: impl Error + Send + Sync + 'static) -> SinkError {
        let output = self.lock();
        let failed =
            || SinkError::Encode { format, output: output.name().to_owned(), source: Box::new(error) };
        output.take_failure().unwrap_or_else(failed)
    }

    /// Returns the output once the library has dropped it.
    pub(super) fn into_output(self) -> Result<Output, SinkError> {
        let output = Arc::try_unwrap(self.0).map_err(|output| {
            let output = output.lock().unwrap_or_else(PoisonError::into_inner);
            SinkError::Failed { output: output.name().to_owned() }
        })?;
        Ok(output.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    fn lock(&self) -> MutexGuard<'_, Output> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for SharedOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lock().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lock().flush()
    }
}
