//! A Parquet file of the mirror while it is being written.

use std::fmt;

use wandb_tables::{Format, Output, Sink, SinkOptions, SinkReport, TableOptions};

use crate::disk::{Disk, NewFile, SharedFile};
use crate::error::Error;

/// A table and its temporary file.
pub struct TableFile {
    /// The writer of the rows.
    pub sink: Box<dyn Sink>,
    file: SharedFile,
}

impl TableFile {
    /// Creates a table for the place `here`, with the given first columns and at most `most` columns.
    pub fn begin(disk: &Disk, here: &str, first: &[&str], most: usize) -> Result<Self, Error> {
        let file = SharedFile::new(disk.create().map_err(|error| disk.writing(here, error))?);
        let table = TableOptions::default().with_columns(first.iter().copied()).with_max_columns(most);
        let options = SinkOptions::default().with_table(table);
        let output = Output::writer(disk.place(here).display().to_string(), file.clone());
        Ok(Self { sink: Format::Parquet.sink(output, &options)?, file })
    }

    /// Finishes the table. Returns the temporary file and the report of the sink.
    pub fn finish(self) -> Result<(NewFile, SinkReport), Error> {
        let report = self.sink.finish()?;
        Ok((self.file.take().map_err(|error| Error::io("finishing a table", error))?, report))
    }
}

impl fmt::Debug for TableFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableFile").finish_non_exhaustive()
    }
}
