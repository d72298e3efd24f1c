//! A run on disk: the log that the SDK has written of it, without a server.

use std::path::PathBuf;
use std::process::Command;
use std::rc::Rc;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::super::machine;
use super::super::site::Site;
use super::super::stage::{Kind, Stage};
use super::super::work::{Bound, Party, Row, Sample, Target, Work};

const ONE_CORE: &str = "ours to Arrow, one core";
const CSV: &str = "ours to CSV";
const PARQUET: &str = "ours to Parquet";
const SCAN: &str = "SDK 0.29.0, DataStore, scan only";
const SYNC: &str = "SDK, wandb sync";

/// The most that may be resident.
const MIB: f64 = 100.0;

/// The most that the peak of a log ten times as long may be beyond that of the shorter one: 1 % of what its file has more.
///
/// Medians differ by 2 to 5 MiB, since a peak is the highest of ten times as many moments; three times as many rows again take
/// 2 MiB more. A number of 8 bytes kept of each of the 900 000 rows would add 7 MiB to that, and show. With `--quick` rows that
/// are kept would.
const GROWTH_MIB: f64 = 7.5;

/// What the rows of a log have.
const COLUMNS: [&str; 13] = [
    "_runtime",
    "_step",
    "_timestamp",
    "metric_00",
    "metric_01",
    "metric_02",
    "metric_03",
    "metric_04",
    "metric_05",
    "metric_06",
    "metric_07",
    "metric_08",
    "metric_09",
];

/// A run's folder, gone when it is dropped.
struct Log {
    file: PathBuf,
    rows: u64,
    records: u64,
    bytes: f64,
    _folder: tempfile::TempDir,
}

/// A history of scalars, beside the ways there are in Python.
pub(crate) fn scalars(stage: &Stage) -> Result<Work> {
    let rows = stage.size(300_000, 20_000);
    let title = format!("a log of {rows} rows of 13 columns on disk");
    let targets = [
        Target::new(ONE_CORE, Bound::AtLeast("MB of the file per second", 300.0)),
        Target::faster(ONE_CORE, SCAN, 50.0),
        Target::beside(CSV, SCAN),
        Target::beside(PARQUET, SCAN),
        Target::beside(ONE_CORE, SYNC),
    ];
    let row = Row::new("runlog", targets);
    let Some(log) = Log::written(stage, rows)? else {
        return Ok(left_out(title, &[ONE_CORE, CSV, PARQUET, SCAN, SYNC], row));
    };
    let log = Rc::new(log);
    let party = |label: &str, run: fn(&Log, &Stage) -> Result<Sample>| {
        let log = Rc::clone(&log);
        Party::new(label, move |stage| run(&log, stage))
    };
    let one_core = party(ONE_CORE, |log, stage| {
        let sample = log.exported(stage, "history.arrow", &["taskset", "-c", "0"])?;
        Ok(Sample { value: Some(log.bytes / 1e6 / sample.seconds), ..sample })
    });
    Ok(Work {
        title,
        parties: vec![
            one_core.needs(machine::has("taskset"), "taskset"),
            party(CSV, |log, stage| log.exported(stage, "history.csv", &[])),
            party(PARQUET, |log, stage| log.exported(stage, "history.parquet", &[])),
            party(SCAN, Log::scanned),
            party(SYNC, Log::synced).needs(stage.python.is_some(), "Python").at_most(2),
        ],
        rows: vec![row],
        most_rounds: None,
    })
}

/// What a log ten times as long takes more of memory.
pub(crate) fn memory(stage: &Stage) -> Result<Work> {
    let (short, long) = stage.size((100_000, 1_000_000), (10_000, 100_000));
    let title = format!("memory of exports of logs of {short} and {long} rows");
    let labels = [format!("arrow, {short} rows"), format!("arrow, {long} rows")];
    let row = Row::new(
        "runlog",
        [
            Target::new(&labels[0], Bound::PeakMib(MIB)),
            Target::new(&labels[1], Bound::PeakMib(MIB)),
            Target::new(&labels[1], Bound::PeakBeyond(labels[0].clone(), GROWTH_MIB)),
        ],
    );
    let [short_label, long_label] = &labels;
    let (Some(short), Some(long)) = (Log::written(stage, short)?, Log::written(stage, long)?) else {
        return Ok(left_out(title, &[short_label, long_label], row));
    };
    let party =
        |label: &str, log: Log| Party::new(label, move |stage| log.exported(stage, "history.arrow", &[]));
    let (short, long) = (party(short_label, short), party(long_label, long));
    Ok(Work { title, parties: vec![short, long], rows: vec![row], most_rounds: Some(3) })
}

/// The work where no log can be written.
fn left_out(title: String, labels: &[&str], row: Row) -> Work {
    let party = |label: &&str| {
        Party::new(label, |_| bail!("there is no log"))
            .needs(false, "Python with SDK 0.29.0, which writes the log,")
    };
    Work { title, parties: labels.iter().map(party).collect(), rows: vec![row], most_rounds: None }
}

impl Log {
    /// Has the SDK write one, if it is there.
    fn written(stage: &Stage, rows: u64) -> Result<Option<Self>> {
        if stage.datastore.is_none() {
            return Ok(None);
        }
        let folder = stage.folder()?;
        let mut command = stage.datastore_script("runlog.py", stage.home())?;
        command.arg("write").arg(folder.path()).arg(rows.to_string());
        let told = last_line(&stage.measure(&command)?.output)?;
        let number = |name: &str| told[name].as_f64().with_context(|| format!("runlog.py told no {name}"));
        let log = Self {
            file: told["path"].as_str().context("runlog.py told no path")?.into(),
            rows,
            records: told["records"].as_u64().context("runlog.py told no records")?,
            bytes: number("bytes")?,
            _folder: folder,
        };
        stage.expect(&log.data(), number("sum")?, &COLUMNS);
        Ok(Some(log))
    }

    fn data(&self) -> String {
        format!("a log of {} rows", self.rows)
    }

    /// The program's turn, started by another where `within` names one.
    fn exported(&self, stage: &Stage, name: &str, within: &[&str]) -> Result<Sample> {
        let folder = stage.folder()?;
        let path = folder.path().join(name);
        let mut command = match within {
            [] => Command::new(&stage.programs.export),
            [program, words @ ..] => {
                let mut command = Command::new(program);
                command.args(words).arg(&stage.programs.export);
                command
            }
        };
        command.arg("history").arg(&self.file).args(["--all", "--no-progress", "--output"]).arg(&path);
        crate::python::without_settings(&mut command, folder.path());
        let sample = stage.measure(&command)?.sample;
        stage.check(Kind::History, &path, &self.data(), self.rows)?;
        Ok(sample)
    }

    /// The SDK's own reader, which does nothing with what it reads.
    fn scanned(&self, stage: &Stage) -> Result<Sample> {
        let mut command = stage.datastore_script("runlog.py", stage.home())?;
        command.arg("scan").arg(&self.file);
        let turned = stage.measure(&command)?;
        let found = last_line(&turned.output)?;
        ensure!(found["records"] == self.records, "{found} were read and not {} records", self.records);
        Ok(turned.sample)
    }

    /// The SDK sends the run to a server that has not seen it.
    fn synced(&self, stage: &Stage) -> Result<Sample> {
        let (home, data) = (stage.folder()?, stage.folder()?);
        let folder = self.file.parent().context("the log has no folder")?;
        let python = stage.python.as_deref().context("there is no Python")?;
        let site = Site::start(stage, &["--data", &data.path().to_string_lossy()])?;
        let mut command = crate::python::isolated(python, home.path());
        command.arg(python.with_file_name("wandb")).args(["sync", "--yes", "--include-synced"]).arg(folder);
        command.env("WANDB_BASE_URL", site.url()).env("WANDB_API_KEY", site.key());
        let sample = stage.measure(&command)?.sample;
        // It leaves a mark, and does nothing where it finds one.
        let mark = self.file.with_extension("wandb.synced");
        if mark.exists() {
            std::fs::remove_file(mark)?;
        }
        let run = site.ask()?.run("local-team/logs/scalars", "historyLineCount")?;
        let lines = run["historyLineCount"].as_u64();
        ensure!(lines == Some(self.rows), "{run} has come to the server and not {} rows", self.rows);
        Ok(sample)
    }
}

fn last_line(output: &str) -> Result<Value> {
    let line = output.lines().last().context("the script said nothing")?;
    serde_json::from_str(line).context("the script did not print JSON")
}
