//! Time and memory along each axis of size: rows, keys, cells, runs and so on, by four sizes each.
//!
//! Each size is twice the one before. Time may grow with the values that are there, memory may not grow beyond a bound. With
//! `--quick` a small size shows the memory alone.

mod folders;
mod list;

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

use anyhow::{Context as _, Result, ensure};

pub(crate) use list::*;

use super::super::site::Site;
use super::super::stage::Stage;
use super::super::work::{Bound, Party, Row, Sample, Target, Work};

/// The power of the size with which the time may grow.
const GROWTH: f64 = 1.15;

/// The peak for every axis that has no bound of its own, in MiB.
const MIB: f64 = 200.0;

/// An axis: a command for data of any size.
pub(crate) struct Axis {
    name: &'static str,
    title: &'static str,
    /// Sizes of a full run.
    full: [u32; 4],
    /// The size with `--quick`, for the memory alone.
    quick: u32,
    /// Arguments of the server that has the data of a size.
    server: fn(u32) -> Vec<String>,
    /// Words of the command, in which `{here}` stands for the folder with the prepared data.
    words: fn(u32) -> Vec<String>,
    /// Name of the output, with an ending that tells the format.
    output: &'static str,
    /// Lines of the output, where it is text.
    lines: fn(u32) -> Option<u32>,
    /// The most that may be resident, in MiB.
    mib: f64,
    /// Whether the time must be in proportion to the size.
    is_linear: bool,
    prepare: Prepare,
}

/// What a command needs to find on disk.
#[derive(Clone, Copy)]
enum Prepare {
    Nothing,
    /// A mirror of a project without histories, in `mirror`.
    Mirror(&'static str),
    /// As many folders of runs as the size, in `wandb`.
    Folders,
}

/// A work of one party for each size.
pub(crate) fn work(stage: &Stage, axis: Axis) -> Result<Work> {
    let axis = Rc::new(axis);
    let sizes: &[u32] = if stage.quick { std::slice::from_ref(&axis.quick) } else { &axis.full };
    let (mut parties, mut targets, mut points) = (Vec::new(), Vec::new(), Vec::new());
    for &size in sizes {
        let label = format!("{} {size}", axis.name);
        let point = Point::prepared(stage, &axis, size)?;
        parties.push(Party::new(&label, move |stage| point.measured(stage)));
        targets.push(Target::new(&label, Bound::PeakMib(axis.mib)));
        points.push((label, f64::from(size)));
    }
    if axis.is_linear && !stage.quick {
        let last = sizes.last().map(|size| format!("{} {size}", axis.name)).unwrap_or_default();
        targets.push(Target::new(&last, Bound::Growth(points, GROWTH)));
    }
    Ok(Work {
        title: axis.title.to_owned(),
        parties,
        rows: vec![Row::required(axis.name, targets)],
        most_rounds: Some(3),
    })
}

/// Data of one size.
struct Point {
    axis: Rc<Axis>,
    size: u32,
    server: Rc<Site>,
    /// The folder with what the command reads.
    here: PathBuf,
}

impl Point {
    fn prepared(stage: &Stage, axis: &Rc<Axis>, size: u32) -> Result<Self> {
        let arguments = (axis.server)(size);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let server = Site::start(stage, &arguments)?;
        let point = Self { axis: Rc::clone(axis), size, server, here: stage.lasting_folder()? };
        match axis.prepare {
            Prepare::Nothing => {}
            Prepare::Mirror(project) => {
                let mut command =
                    point.command(stage, &["mirror", project, "--exclude", "history,system,files,logs"]);
                command.arg("--output").arg(point.here.join("mirror"));
                stage.measure(&command)?;
            }
            Prepare::Folders => folders::write(&stage.fixtures, &point.here.join("wandb"), size)?,
        }
        Ok(point)
    }

    fn command<S: AsRef<std::ffi::OsStr>>(&self, stage: &Stage, words: &[S]) -> Command {
        let mut command = Command::new(&stage.programs.export);
        command.args(words).arg("--no-progress");
        self.server.point(&mut command, &self.here);
        command
    }

    /// Runs the command once, and counts the lines of its output.
    fn measured(&self, stage: &Stage) -> Result<Sample> {
        let here = self.here.to_string_lossy();
        let words: Vec<String> =
            (self.axis.words)(self.size).iter().map(|word| word.replace("{here}", &here)).collect();
        let folder = stage.lasting_folder()?;
        let output = folder.join(self.axis.output);
        let mut command = self.command(stage, &words);
        command.arg("--output").arg(&output);
        let sample = stage.measure(&command)?.sample;
        if let Some(expected) = (self.axis.lines)(self.size) {
            let found = count_lines(&output)?;
            ensure!(found == expected, "{} has {found} lines and not {expected}", output.display());
        }
        ensure!(output.metadata().is_ok_and(|found| found.len() > 0), "{} is empty", output.display());
        if output.is_file() {
            std::fs::remove_file(&output)?;
        }
        Ok(sample)
    }
}

/// Counts lines without holding one.
fn count_lines(path: &Path) -> Result<u32> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut reader = BufReader::new(file);
    let mut lines = 0;
    while reader.skip_until(b'\n')? > 0 {
        lines += 1;
    }
    Ok(lines)
}
