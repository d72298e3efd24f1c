//! Spools the text of rows until the answer is complete: in memory while small, then in an unnamed temporary file.

use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use futures_util::stream::{self, StreamExt};
use tempfile::SpooledTempFile;
use wandb_core::client::{Client, ListSink};
use wandb_core::{Row, RunPath};
use wandb_graphql::HistoryRow;
use wandb_tables::Batch;

use super::parse::{Losses, parse_rows};
use crate::error::Error;
use crate::source::history::Batches;

/// Maximum bytes of rows kept in memory.
const MEMORY: usize = 4 << 20;

/// Target size of a batch read back, in bytes.
const BATCH: usize = 512 << 10;

/// A spool that takes rows and returns them once the answer is complete.
pub(super) struct RowSpool {
    client: Client,
    file: Option<BufWriter<SpooledTempFile>>,
    rows: u64,
    failed: Option<std::io::Error>,
}

impl RowSpool {
    pub(super) fn new(client: &Client) -> Self {
        Self { client: client.clone(), file: None, rows: 0, failed: None }
    }

    /// Returns the number of rows, including null ones.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Fails if rows could not be written to the spool.
    pub(super) fn check(&mut self) -> Result<(), Error> {
        self.failed.take().map_or(Ok(()), |error| Err(Error::io("spooling rows", error)))
    }

    /// Returns the rows in batches, parsed where the client parses large answers. Calls `inspect` with each batch first.
    pub(super) fn into_batches(
        self,
        path: RunPath,
        losses: Losses,
        inspect: impl Fn(&[Row]) + Clone + Send + Sync + 'static,
    ) -> Batches {
        let client = self.client.clone();
        let begin = move || {
            let Some(file) = self.file else { return Ok(None) };
            let mut file = file.into_inner().map_err(|error| read_error(error.into_error()))?;
            file.seek(SeekFrom::Start(0)).map_err(read_error)?;
            Ok::<_, Error>(Some(BufReader::new(file)))
        };
        let state = (client, None, Some(begin));
        stream::try_unfold(state, move |(client, file, begin)| {
            let (path, losses, inspect) = (path.clone(), losses.clone(), inspect.clone());
            async move {
                let read = client.work(move || {
                    let file = match begin {
                        Some(begin) => begin()?,
                        None => file,
                    };
                    let Some(mut file) = file else { return Ok(None) };
                    let Some(rows) = next_rows(&mut file).map_err(read_error)? else { return Ok(None) };
                    let rows = parse_rows(&rows, &path, &losses)?;
                    inspect(&rows);
                    Ok::<_, Error>(Some((rows, file)))
                });
                let next = read.await?;
                Ok(next.map(|(rows, file)| (Batch::Rows(rows), (client, Some(file), None))))
            }
        })
        .boxed()
    }
}

fn read_error(error: std::io::Error) -> Error {
    Error::io("reading spooled rows", error)
}

/// Reads the next rows of a file, or none at its end.
fn next_rows(file: &mut BufReader<SpooledTempFile>) -> std::io::Result<Option<Vec<HistoryRow>>> {
    let (mut rows, mut bytes) = (Vec::new(), 0);
    while bytes < BATCH {
        let mut length = [0; 8];
        if file.read(&mut length[..1])? == 0 {
            break;
        }
        file.read_exact(&mut length[1..])?;
        let length = usize::try_from(u64::from_le_bytes(length)).map_err(std::io::Error::other)?;
        let mut text = vec![0; length];
        file.read_exact(&mut text)?;
        bytes += length;
        rows.push(HistoryRow::new(String::from_utf8(text).map_err(std::io::Error::other)?));
    }
    Ok((!rows.is_empty()).then_some(rows))
}

fn write_rows(file: &mut BufWriter<SpooledTempFile>, rows: &[HistoryRow]) -> std::io::Result<()> {
    for row in rows {
        file.write_all(&(row.json().len() as u64).to_le_bytes())?;
        file.write_all(row.json().as_bytes())?;
    }
    Ok(())
}

impl ListSink<HistoryRow> for RowSpool {
    fn restart(&mut self) {
        (self.file, self.rows, self.failed) = (None, 0, None);
    }

    async fn take(&mut self, rows: Vec<HistoryRow>) {
        if self.failed.is_some() {
            return;
        }
        self.rows += rows.len() as u64;
        let file = self.file.take();
        let write = move || {
            let mut file = file.unwrap_or_else(|| BufWriter::new(SpooledTempFile::new(MEMORY)));
            write_rows(&mut file, &rows).map(|()| file)
        };
        match self.client.work(write).await {
            Ok(file) => self.file = Some(file),
            Err(error) => self.failed = Some(error),
        }
    }
}
