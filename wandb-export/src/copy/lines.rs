//! Writes the console output of runs to log files.

use std::io::{self, Write as _};

use futures_util::stream::{Stream, StreamExt};
use wandb_core::client::Client;
use wandb_mirror::record::Stored;
use wandb_mirror::{Disk, NewFile};

use super::errors::writing;
use crate::error::Error;

/// Writes lines that are all in memory to the file at `target`. Without lines, removes the file.
pub(super) fn write_all(disk: &Disk, target: &str, lines: &[String]) -> Result<Stored, Error> {
    let write = || {
        if lines.is_empty() {
            return disk.remove(target).map(|()| Stored::empty());
        }
        let mut file = disk.create()?;
        append(&mut file, lines)?;
        file.put(target, lines.len() as u64)
    };
    write().map_err(|error| writing(disk, target, error))
}

/// Streams lines to a temporary file, which finally replaces `target`. Without lines, removes the file.
pub(super) async fn write(
    client: &Client,
    disk: &Disk,
    target: &str,
    batches: impl Stream<Item = Result<Vec<String>, Error>> + Send,
    on_rows: impl Fn(u64),
) -> Result<Stored, Error> {
    let mut batches = std::pin::pin!(batches);
    let mut file = None;
    let mut rows = 0;
    while let Some(lines) = batches.next().await {
        let lines = lines?;
        if lines.is_empty() {
            continue;
        }
        rows += lines.len() as u64;
        on_rows(lines.len() as u64);
        let disk_of_work = disk.clone();
        let write = move || {
            let mut file = match file {
                Some(file) => file,
                None => disk_of_work.create()?,
            };
            append(&mut file, &lines)?;
            Ok(file)
        };
        file = Some(client.work(write).await.map_err(|error| writing(disk, target, error))?);
    }
    let (disk, target) = (disk.clone(), target.to_owned());
    client
        .work(move || {
            let put = match file {
                Some(file) => file.put(&target, rows),
                None => disk.remove(&target).map(|()| Stored::empty()),
            };
            put.map_err(|error| writing(&disk, &target, error))
        })
        .await
}

fn append(file: &mut NewFile, lines: &[String]) -> io::Result<()> {
    for line in lines {
        file.write_all(line.as_bytes())?;
        file.write_all(b"\n")?;
    }
    Ok(())
}
