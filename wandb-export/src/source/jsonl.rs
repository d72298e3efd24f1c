//! A source for tests: a folder of files `ID.jsonl` with a row per line. Its paths are `jsonl:FOLDER` and an id.

use std::path::{Path, PathBuf};
use std::{fs, sync::Arc};

use wandb_core::{ProjectPath, Row, RunPath, model::Run};
use wandb_runlog::Selection;
use wandb_tables::Batch;

use super::RunFacts;
use super::disk::{DiskProject, DiskRun, RowReader, RunData, RunEntry, RunFolder};
use crate::error::Error;

pub(super) fn find_runs(path: &Path) -> Result<Option<Box<dyn RunFolder>>, Error> {
    let Ok(files) = fs::read_dir(path) else { return Ok(None) };
    let runs = files.map(|file| Arc::new(File(file.unwrap().path())) as _).collect();
    Ok(Some(Box::new(DiskProject {
        path: ProjectPath::new("e", "p")?,
        runs,
        issues: Vec::new(),
        server: None,
    })))
}

#[derive(Debug, Clone)]
struct File(PathBuf);

impl RunEntry for File {
    fn read(&self) -> Result<Vec<DiskRun>, Error> {
        let id = self.0.file_stem().unwrap().to_str().unwrap();
        let facts = RunFacts::new(RunPath::new("e", "p", id)?, Run::new("e", "p", id, ""));
        Ok(vec![DiskRun { facts, data: Arc::new(self.clone()) }])
    }
}

impl RunData for File {
    fn rows(&self, keys: &Selection) -> Result<Box<dyn RowReader>, Error> {
        let text = fs::read_to_string(&self.0).unwrap();
        let rows = text.lines().filter_map(|line| keys.choose(Row::parse(line.as_bytes()).unwrap()));
        Ok(Box::new(Rows(Some(rows.collect()))))
    }
}

struct Rows(Option<Vec<Row>>);

impl RowReader for Rows {
    fn next(&mut self) -> Result<Option<Batch>, Error> {
        Ok(self.0.take().map(Batch::Rows))
    }
}
