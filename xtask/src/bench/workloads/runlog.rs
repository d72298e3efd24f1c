//! Exports a local run from the log that the SDK has written, without a server.

use std::path::PathBuf;
use std::process::Command;
use std::rc::Rc;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::super::bench_server::BenchServer;
use super::super::env::{BenchEnv, OutputKind};
use super::super::machine;
use super::super::workload::{Bound, Party, Row, Sample, Target, Workload};

const ONE_CORE: &str = "ours to Arrow, one core";
const CSV: &str = "ours to CSV";
const PARQUET: &str = "ours to Parquet";
const SCAN: &str = "SDK 0.29.0, DataStore, scan only";
const SYNC: &str = "SDK, wandb sync";

/// Maximum peak memory in MiB.
const MAX_PEAK_MIB: f64 = 100.0;

/// Maximum additional peak memory in MiB of a log ten times as long: 1 % of the additional file size.
///
/// Medians differ by 2 to 5 MiB, since the peak is taken over ten times as many moments; three times as many rows again
/// add 2 MiB. Keeping 8 bytes for each of the 900 000 additional rows would add 7 MiB and exceed the bound. With
/// `--quick`, keeping whole rows would.
const MAX_GROWTH_MIB: f64 = 7.5;

/// The columns of the log.
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

/// A local run, whose folder is removed when dropped.
struct Log {
    file: PathBuf,
    rows: u64,
    records: u64,
    bytes: f64,
    _folder: tempfile::TempDir,
}

/// Exports a history of scalars, compared with tools in Python.
pub(crate) fn scalars(env: &BenchEnv) -> Result<Workload> {
    let rows = env.size(300_000, 20_000);
    let title = format!("a log of {rows} rows of 13 columns on disk");
    let targets = [
        Target::new(ONE_CORE, Bound::AtLeast("MB of the file per second", 300.0)),
        Target::faster(ONE_CORE, SCAN, 50.0),
        Target::ratio_to(CSV, SCAN),
        Target::ratio_to(PARQUET, SCAN),
        Target::ratio_to(ONE_CORE, SYNC),
    ];
    let row = Row::new("runlog", targets);
    let Some(log) = Log::write(env, rows)? else {
        return Ok(left_out(title, &[ONE_CORE, CSV, PARQUET, SCAN, SYNC], row));
    };
    let log = Rc::new(log);
    let party = |label: &str, run: fn(&Log, &BenchEnv) -> Result<Sample>| {
        let log = Rc::clone(&log);
        Party::new(label, move |env| run(&log, env))
    };
    let one_core = party(ONE_CORE, |log, env| {
        let sample = log.export(env, "history.arrow", &["taskset", "-c", "0"])?;
        Ok(Sample { value: Some(log.bytes / 1e6 / sample.seconds), ..sample })
    });
    Ok(Workload {
        title,
        parties: vec![
            one_core.needs(machine::has("taskset"), "taskset"),
            party(CSV, |log, env| log.export(env, "history.csv", &[])),
            party(PARQUET, |log, env| log.export(env, "history.parquet", &[])),
            party(SCAN, Log::scan),
            party(SYNC, Log::sync).needs(env.python.is_some(), "Python").at_most(2),
        ],
        rows: vec![row],
        max_rounds: None,
    })
}

/// Compares the memory of exporting a log and one ten times as long.
pub(crate) fn memory(env: &BenchEnv) -> Result<Workload> {
    let (short, long) = env.size((100_000, 1_000_000), (10_000, 100_000));
    let title = format!("memory of exports of logs of {short} and {long} rows");
    let labels = [format!("arrow, {short} rows"), format!("arrow, {long} rows")];
    let row = Row::new(
        "runlog",
        [
            Target::new(&labels[0], Bound::PeakMib(MAX_PEAK_MIB)),
            Target::new(&labels[1], Bound::PeakMib(MAX_PEAK_MIB)),
            Target::new(&labels[1], Bound::PeakBeyond(labels[0].clone(), MAX_GROWTH_MIB)),
        ],
    );
    let [short_label, long_label] = &labels;
    let (Some(short), Some(long)) = (Log::write(env, short)?, Log::write(env, long)?) else {
        return Ok(left_out(title, &[short_label, long_label], row));
    };
    let party = |label: &str, log: Log| Party::new(label, move |env| log.export(env, "history.arrow", &[]));
    let (short, long) = (party(short_label, short), party(long_label, long));
    Ok(Workload { title, parties: vec![short, long], rows: vec![row], max_rounds: Some(3) })
}

/// The workload if no log can be written.
fn left_out(title: String, labels: &[&str], row: Row) -> Workload {
    let party = |label: &&str| {
        Party::new(label, |_| bail!("the log is missing"))
            .needs(false, "Python with SDK 0.29.0, which writes the log,")
    };
    Workload { title, parties: labels.iter().map(party).collect(), rows: vec![row], max_rounds: None }
}

impl Log {
    /// Writes a log with the SDK. Returns `None` if the SDK is missing.
    fn write(env: &BenchEnv, rows: u64) -> Result<Option<Self>> {
        if env.datastore.is_none() {
            return Ok(None);
        }
        let folder = env.folder()?;
        let mut command = env.datastore_script("runlog.py", env.home())?;
        command.arg("write").arg(folder.path()).arg(rows.to_string());
        let report = last_line(&env.measure(&command)?.output)?;
        let number =
            |name: &str| report[name].as_f64().with_context(|| format!("runlog.py printed no {name}"));
        let log = Self {
            file: report["path"].as_str().context("runlog.py printed no path")?.into(),
            rows,
            records: report["records"].as_u64().context("runlog.py printed no records")?,
            bytes: number("bytes")?,
            _folder: folder,
        };
        env.expect(&log.data(), number("sum")?, &COLUMNS);
        Ok(Some(log))
    }

    fn data(&self) -> String {
        format!("a log of {} rows", self.rows)
    }

    /// Runs the program, prefixed with the command in `within`, if any.
    fn export(&self, env: &BenchEnv, name: &str, within: &[&str]) -> Result<Sample> {
        let folder = env.folder()?;
        let path = folder.path().join(name);
        let mut command = match within {
            [] => Command::new(&env.programs.export),
            [program, words @ ..] => {
                let mut command = Command::new(program);
                command.args(words).arg(&env.programs.export);
                command
            }
        };
        command.arg("history").arg(&self.file).args(["--all", "--no-progress", "--output"]).arg(&path);
        crate::python::remove_user_settings(&mut command, folder.path());
        let sample = env.measure(&command)?.sample;
        env.check(OutputKind::History, &path, &self.data(), self.rows)?;
        Ok(sample)
    }

    /// Runs the SDK's own reader, which discards the records.
    fn scan(&self, env: &BenchEnv) -> Result<Sample> {
        let mut command = env.datastore_script("runlog.py", env.home())?;
        command.arg("scan").arg(&self.file);
        let turn = env.measure(&command)?;
        let found = last_line(&turn.output)?;
        ensure!(found["records"] == self.records, "{found} were read instead of {} records", self.records);
        Ok(turn.sample)
    }

    /// Syncs the run with the SDK to an empty server.
    fn sync(&self, env: &BenchEnv) -> Result<Sample> {
        let (home, data) = (env.folder()?, env.folder()?);
        let folder = self.file.parent().context("the log has no folder")?;
        let python = env.python.as_deref().context("Python is missing")?;
        let server = BenchServer::start(env, &["--data", &data.path().to_string_lossy()])?;
        let mut command = crate::python::isolated(python, home.path());
        command.arg(python.with_file_name("wandb")).args(["sync", "--yes", "--include-synced"]).arg(folder);
        command.env("WANDB_BASE_URL", server.url()).env("WANDB_API_KEY", server.key());
        let sample = env.measure(&command)?.sample;
        // `wandb sync` leaves a marker file, and does nothing if it finds one.
        let mark = self.file.with_extension("wandb.synced");
        if mark.exists() {
            std::fs::remove_file(mark)?;
        }
        let run = server.connect()?.run("local-team/logs/scalars", "historyLineCount")?;
        let lines = run["historyLineCount"].as_u64();
        ensure!(lines == Some(self.rows), "the server has {run} instead of {} rows", self.rows);
        Ok(sample)
    }
}

fn last_line(output: &str) -> Result<Value> {
    let line = output.lines().last().context("the script printed nothing")?;
    serde_json::from_str(line).context("the script did not print JSON")
}
