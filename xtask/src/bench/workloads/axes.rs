//! Time and memory along each size axis (rows, keys, cells, runs and so on), at four sizes each.
//!
//! Each size is twice the one before. Time may grow with the number of values, and memory must stay within a bound.
//! With `--quick`, one small size checks only the memory.

mod folders;
mod list;

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

use anyhow::{Context as _, Result, ensure};

pub(crate) use list::*;

use super::super::bench_server::BenchServer;
use super::super::env::BenchEnv;
use super::super::workload::{Bound, Party, Row, Sample, Target, Workload};

/// Maximum exponent of the growth of time with size.
const MAX_GROWTH: f64 = 1.15;

/// Default maximum peak memory of an axis, in MiB.
const MAX_PEAK_MIB: f64 = 200.0;

/// A size axis: a command for data of any size.
pub(crate) struct Axis {
    name: &'static str,
    title: &'static str,
    /// Sizes of a full run.
    full: [u32; 4],
    /// The size with `--quick`, which checks only the memory.
    quick: u32,
    /// Arguments of the server that provides the data.
    server: fn(u32) -> Vec<String>,
    /// Arguments of the program. `{here}` stands for the folder with the prepared data.
    words: fn(u32) -> Vec<String>,
    /// Name of the output, whose extension selects the format.
    output: &'static str,
    /// Number of lines in the output, if it is text.
    lines: fn(u32) -> Option<u32>,
    /// Maximum peak memory in MiB.
    mib: f64,
    /// Whether time must be in proportion to the size.
    is_linear: bool,
    prepare: Prepare,
}

/// The data that a command needs on disk.
#[derive(Clone, Copy)]
enum Prepare {
    Nothing,
    /// A mirror of a project without histories, in `mirror`.
    Mirror(&'static str),
    /// Folders of local runs in `wandb`, as many as the size.
    Folders,
}

/// Builds the workload, with one party per size.
pub(crate) fn workload(env: &BenchEnv, axis: Axis) -> Result<Workload> {
    let axis = Rc::new(axis);
    let sizes: &[u32] = if env.quick { std::slice::from_ref(&axis.quick) } else { &axis.full };
    let (mut parties, mut targets, mut points) = (Vec::new(), Vec::new(), Vec::new());
    for &size in sizes {
        let label = format!("{} {size}", axis.name);
        let point = Point::prepare(env, &axis, size)?;
        parties.push(Party::new(&label, move |env| point.measure(env)));
        targets.push(Target::new(&label, Bound::PeakMib(axis.mib)));
        points.push((label, f64::from(size)));
    }
    if axis.is_linear && !env.quick {
        let last = sizes.last().map(|size| format!("{} {size}", axis.name)).unwrap_or_default();
        targets.push(Target::new(&last, Bound::Growth(points, MAX_GROWTH)));
    }
    Ok(Workload {
        title: axis.title.to_owned(),
        parties,
        rows: vec![Row::required(axis.name, targets)],
        max_rounds: Some(3),
    })
}

/// Data of one size.
struct Point {
    axis: Rc<Axis>,
    size: u32,
    server: Rc<BenchServer>,
    /// The folder with the prepared data.
    here: PathBuf,
}

impl Point {
    fn prepare(env: &BenchEnv, axis: &Rc<Axis>, size: u32) -> Result<Self> {
        let arguments = (axis.server)(size);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let server = BenchServer::start(env, &arguments)?;
        let point = Self { axis: Rc::clone(axis), size, server, here: env.kept_folder()? };
        match axis.prepare {
            Prepare::Nothing => {}
            Prepare::Mirror(project) => {
                let mut command =
                    point.command(env, &["mirror", project, "--exclude", "history,system,files,logs"]);
                command.arg("--output").arg(point.here.join("mirror"));
                env.measure(&command)?;
            }
            Prepare::Folders => folders::write(&env.fixtures, &point.here.join("wandb"), size)?,
        }
        Ok(point)
    }

    fn command<S: AsRef<std::ffi::OsStr>>(&self, env: &BenchEnv, words: &[S]) -> Command {
        let mut command = Command::new(&env.programs.export);
        command.args(words).arg("--no-progress");
        self.server.configure(&mut command, &self.here);
        command
    }

    /// Runs the command once, and counts the lines of its output.
    fn measure(&self, env: &BenchEnv) -> Result<Sample> {
        let here = self.here.to_string_lossy();
        let words: Vec<String> =
            (self.axis.words)(self.size).iter().map(|word| word.replace("{here}", &here)).collect();
        let folder = env.kept_folder()?;
        let output = folder.join(self.axis.output);
        let mut command = self.command(env, &words);
        command.arg("--output").arg(&output);
        let sample = env.measure(&command)?.sample;
        if let Some(expected) = (self.axis.lines)(self.size) {
            let found = count_lines(&output)?;
            ensure!(found == expected, "{} has {found} lines instead of {expected}", output.display());
        }
        ensure!(output.metadata().is_ok_and(|found| found.len() > 0), "{} is empty", output.display());
        if output.is_file() {
            std::fs::remove_file(&output)?;
        }
        Ok(sample)
    }
}

/// Counts lines without reading one into memory.
fn count_lines(path: &Path) -> Result<u32> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut reader = BufReader::new(file);
    let mut lines = 0;
    while reader.skip_until(b'\n')? > 0 {
        lines += 1;
    }
    Ok(lines)
}
