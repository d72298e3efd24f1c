//! Writes the console output of runs to log files.

use std::io::{self, Write as _};

use futures_util::stream::{Stream, StreamExt};
use wandb_core::client::Client;
use wandb_mirror::record::Stored;
use wandb_mirror::{Disk, NewFile};

use super::errors::writing;
use crate::error::Error;

/// Writes lines that are all in memory to the file at `here`. Without lines, removes the file.
pub(super) fn write_all(disk: &Disk, here: &str, lines: &[String]) -> Result<Stored, Error> {
    let write = || {
        if lines.is_empty() {
            return disk.remove(here).map(|()| Stored::empty());
        }
        let mut file = disk.create()?;
        add(&mut file, lines)?;
        file.put(here, lines.len() as u64)
    };
    write().map_err(|error| writing(disk, here, error))
}

/// Streams lines to a temporary file, which finally replaces `here`. Without lines, removes the file.
pub(super) async fn write(
    client: &Client,
    disk: &Disk,
    here: &str,
    batches: impl Stream<Item = Result<Vec<String>, Error>> + Send,
    seen: impl Fn(u64),
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
        seen(lines.len() as u64);
        let disk_of_work = disk.clone();
        let write = move || {
            let mut file = match file {
                Some(file) => file,
                None => disk_of_work.create()?,
            };
            add(&mut file, &lines)?;
            Ok(file)
        };
        file = Some(client.work(write).await.map_err(|error| writing(disk, here, error))?);
    }
    let (disk, here) = (disk.clone(), here.to_owned());
    client
        .work(move || {
            let put = match file {
                Some(file) => file.put(&here, rows),
                None => disk.remove(&here).map(|()| Stored::empty()),
            };
            put.map_err(|error| writing(&disk, &here, error))
        })
        .await
}

fn add(file: &mut NewFile, lines: &[String]) -> io::Result<()> {
    for line in lines {
        file.write_all(line.as_bytes())?;
        file.write_all(b"\n")?;
    }
    Ok(())
}
