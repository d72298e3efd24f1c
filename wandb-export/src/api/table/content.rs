//! The contents of tables, from which the reader of table files opens them.

use std::io::{self, Read};

use wandb_tables::TableStore;

use crate::api::files::FileContent;

/// The path of the only file in a [`SingleFile`].
pub(super) const ONLY: &str = "table";

/// A table that consists of one file.
#[derive(Debug)]
pub(super) struct SingleFile(pub(super) FileContent);

impl TableStore for SingleFile {
    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        if path == ONLY { self.0.open() } else { Err(not_here(path)) }
    }

    fn paths(&self) -> io::Result<Vec<String>> {
        Ok(vec![ONLY.to_owned()])
    }
}

/// The error for a part of a table that is in another file.
fn not_here(path: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::NotFound,
        format!("{path} is part of an artifact, and only this file of it is here"),
    )
}
