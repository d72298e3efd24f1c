//! Reads the facts of a run from a log file: everything except the rows.

mod activity;
mod environment;
mod summary;
mod tree;

use std::io::{self, Read};

use wandb_core::model::{Config, Run, RunState};
use wandb_core::{Map, Value};

use crate::flat::parse_flat_step;
use crate::items;
use crate::proto;
use crate::records::{Losses, Records};
use crate::steps::StepCounter;
use crate::time::{text, timestamp};
use activity::Activity;
use summary::Summary;

/// The facts of a run in a log file: everything except the rows.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Facts {
    /// The run, as a server would represent it. Fields that only a server knows are `None`, and so is `state` if the
    /// file does not record the end of the run. The entity is empty if the SDK did not know it, and the storage id is
    /// empty if the run was never online.
    pub run: Run,
    /// The exit code of the process, if the run has ended.
    pub exit_code: Option<i32>,
    /// The first and the last step.
    pub steps: Option<(i64, i64)>,
    /// The time of the last activity, in seconds since 1970: the latest of the start, the last row, the last system
    /// metrics and the last output.
    pub last_activity: Option<f64>,
    /// Whether this is a `.wandb` file at all. False if it has no record and a header that is neither valid nor zeroed.
    pub is_log: bool,
    /// The branch point, if the run was started as a fork of another run.
    pub branch: Option<Branch>,
    /// Whether the run resumes an earlier one with the same id. If its steps start over, they are meant to follow those
    /// of the earlier one; see [`HistoryReader::with_step_offset`](crate::HistoryReader::with_step_offset).
    pub resumed: bool,
    /// The step of the first row, unless rows give their steps.
    pub starting_step: i64,
    /// How and where the run was started, in the form of the file `wandb-metadata.json`. Newer SDKs write a record
    /// instead of the file.
    pub metadata: Option<Map>,
    /// The version of the SDK.
    pub sdk: Option<String>,
    /// Whether the file contains console output.
    pub has_console: bool,
    /// The alerts, in the order of the file.
    pub alerts: Vec<Alert>,
    /// The logged and used artifacts, in the order of the file.
    pub artifacts: Vec<Artifact>,
    /// The files saved with the run, as paths or patterns relative to the run's `files` folder.
    pub files: Vec<String>,
    /// The damage found in the file.
    pub losses: Losses,
}

/// A point in the history of another run.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Branch {
    /// The id of the other run.
    pub run: String,
    /// The metric that locates the point, usually `_step`.
    pub metric: String,
    /// The value of the metric.
    pub value: f64,
}

impl Branch {
    /// The point in the run with this id where `metric` has this value.
    pub fn new(run: impl Into<String>, metric: impl Into<String>, value: f64) -> Self {
        Self { run: run.into(), metric: metric.into(), value }
    }
}

/// An alert (`run.alert`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Alert {
    /// The title.
    pub title: String,
    /// The text.
    pub text: String,
    /// `INFO`, `WARN` or `ERROR`.
    pub level: String,
}

/// An artifact that a run logged or used.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Artifact {
    /// Whether the run logged the artifact, rather than used it.
    pub is_output: bool,
    /// The type.
    pub kind: String,
    /// The name.
    pub name: String,
    /// The aliases. Empty for a used artifact.
    pub aliases: Vec<String>,
    /// The digest of the manifest. Empty for a used artifact.
    pub digest: String,
}

impl Default for Facts {
    /// The facts of an empty file.
    fn default() -> Self {
        Self {
            run: Run::new("", "", "", ""),
            exit_code: None,
            steps: None,
            last_activity: None,
            is_log: true,
            branch: None,
            resumed: false,
            starting_step: 0,
            metadata: None,
            sdk: None,
            has_console: false,
            alerts: Vec::new(),
            artifacts: Vec::new(),
            files: Vec::new(),
            losses: Losses::default(),
        }
    }
}

impl Facts {
    /// Reads a whole file.
    ///
    /// Calls `open` once, and again if the file lacks the summaries of its rows.
    ///
    /// # Errors
    /// Only errors of the source. For damage, see [`losses`](Self::losses).
    pub fn read<R: Read>(mut open: impl FnMut() -> io::Result<R>) -> io::Result<Self> {
        let mut builder = FactsBuilder::new(open()?);
        while let Some(record) = builder.records.next_record()? {
            builder.add_record(record);
        }
        if let Some(row) = builder.steps.finish_row() {
            builder.count_row(row.step);
        }
        if builder.summary.needs_rows() {
            let mut records = Records::new(open()?);
            while let Some(record) = records.next_record()? {
                builder.summary.add_row_values(&record);
            }
        }
        Ok(builder.finish())
    }

    /// Reads a file up to the record that identifies the run, near its start. Other facts are incomplete.
    ///
    /// # Errors
    /// Only errors of the source.
    pub fn read_start<R: Read>(source: R) -> io::Result<Self> {
        let mut builder = FactsBuilder::new(source);
        while builder.facts.run.id.is_empty()
            && let Some(record) = builder.records.next_record()?
        {
            builder.add_record(record);
        }
        Ok(builder.finish())
    }

    /// Whether the file identifies its run.
    pub fn is_run(&self) -> bool {
        !self.run.id.is_empty()
    }
}

struct FactsBuilder<R> {
    records: Records<R>,
    facts: Facts,
    config: Map,
    summary: Summary,
    steps: StepCounter,
    rows: u64,
    system: Map,
    preempting: bool,
    telemetry: proto::Telemetry,
    activity: Activity,
}

impl<R: Read> FactsBuilder<R> {
    fn new(source: R) -> Self {
        Self {
            records: Records::new(source),
            facts: Facts::default(),
            config: Map::new(),
            summary: Summary::default(),
            steps: StepCounter::default(),
            rows: 0,
            system: Map::new(),
            preempting: false,
            telemetry: proto::Telemetry::default(),
            activity: Activity::default(),
        }
    }

    fn add_record(&mut self, record: proto::Record) {
        if let Some(history) = record.history {
            self.activity.last_row = history.clone();
            if let Some(row) = parse_flat_step(&history) {
                self.add_row(row.step);
            } else if let Some(row) = self.records.read::<RowStep>(history) {
                self.add_row(row.step.map(|step| step.num));
            }
        } else if let Some(summary) = record.summary {
            if !self.summary.apply_flat(&summary)
                && let Some(changes) = self.records.read(summary)
                && !self.summary.apply(&changes)
            {
                self.records.mark_malformed();
            }
        } else if let Some(stats) = record.stats {
            if let Some(stats) = self.records.read(stats) {
                self.apply_stats(&stats);
            }
        } else if record.output.is_some() || record.output_raw.is_some() || record.output_logger.is_some() {
            self.facts.has_console = true;
            self.activity.last_output = record.output_raw.or(record.output).unwrap_or_default();
        } else if let Some(config) = record.config {
            if let Some(changes) = self.records.read(config) {
                self.configure(&changes);
            }
        } else if let Some(run) = record.run {
            if let Some(run) = self.records.read(run) {
                self.apply_run(run);
            }
        } else {
            self.add_rare_record(record);
        }
    }

    fn add_rare_record(&mut self, record: proto::Record) {
        let Self { records, facts, .. } = self;
        if let Some(metric) = record.metric.and_then(|metric| records.read(metric)) {
            self.summary.define(&metric);
        } else if let Some(exit) = record.exit.and_then(|exit| records.read::<proto::Exit>(exit)) {
            facts.exit_code = (!exit.not_complete).then_some(exit.exit_code);
        } else if let Some(header) = record.header.and_then(|header| records.read::<proto::Header>(header)) {
            facts.sdk = header.version_info.map(|info| info.producer).filter(|producer| !producer.is_empty());
        } else if let Some(telemetry) = record.telemetry.and_then(|telemetry| records.read(telemetry)) {
            merge_telemetry(&mut self.telemetry, telemetry);
        } else if let Some(environment) = record.environment.and_then(|environment| records.read(environment))
        {
            // The SDK writes details that take longer to collect in a second record.
            facts.metadata.get_or_insert_default().extend(environment::metadata(&environment));
        } else if let Some(alert) = record.alert.and_then(|alert| records.read::<proto::Alert>(alert)) {
            let proto::Alert { title, text, level } = alert;
            facts.alerts.push(Alert { title, text, level });
        } else if let Some(made) = record.artifact.and_then(|made| records.read::<proto::Artifact>(made)) {
            let proto::Artifact { r#type: kind, name, digest, aliases } = made;
            facts.artifacts.push(Artifact { is_output: true, kind, name, aliases, digest });
        } else if let Some(used) =
            record.use_artifact.and_then(|used| records.read::<proto::UseArtifact>(used))
        {
            let proto::UseArtifact { r#type: kind, name } = used;
            let (aliases, digest) = (Vec::new(), String::new());
            facts.artifacts.push(Artifact { is_output: false, kind, name, aliases, digest });
        } else if let Some(files) = record.files.and_then(|files| records.read::<proto::Files>(files)) {
            facts.files.extend(files.files.into_iter().map(|file| file.path));
        } else if let Some(request) =
            record.request.and_then(|request| records.read::<proto::Request>(request))
        {
            let Some(part) = request.partial_history else { return };
            if !part.item.iter().all(proto::Item::is_readable) {
                records.mark_malformed();
            }
            self.activity.row(&part.item);
            for row in self.steps.add_part(&part) {
                self.count_row(row.step);
            }
        } else if record.preempting.is_some() {
            self.preempting = true;
        }
    }

    fn add_row(&mut self, given: Option<i64>) {
        let step = self.steps.assign(given);
        self.count_row(step);
        self.summary.count_row();
    }

    fn count_row(&mut self, step: i64) {
        self.rows += 1;
        self.facts.steps = Some(match self.facts.steps {
            None => (step, step),
            Some((first, last)) => (first.min(step), last.max(step)),
        });
    }

    /// Applies a run record. The first one starts the run, later ones update it.
    fn apply_run(&mut self, run: proto::Run) {
        // Later records repeat the whole config, which replaces entries lost to damage.
        if let Some(changes) = &run.config {
            self.configure(changes);
        }
        if let Some(changes) = &run.summary
            && !self.summary.apply(changes)
        {
            self.records.mark_malformed();
        }
        let facts = &mut self.facts;
        if facts.run.id.is_empty() {
            self.steps.start(run.starting_step);
            facts.resumed = run.resumed || run.resume;
            facts.starting_step = run.starting_step;
            facts.branch = run.branch_point.map(|point| {
                let proto::BranchPoint { run, value, metric } = point;
                Branch { run, metric, value }
            });
            facts.run.created_at = run.start_time.and_then(timestamp).map(Into::into);
            self.activity.at(run.start_time);
        }
        if let Some(telemetry) = run.telemetry {
            merge_telemetry(&mut self.telemetry, telemetry);
        }
        let model = &mut facts.run;
        for (known, given) in [
            (&mut model.id, run.id),
            (&mut model.entity, run.entity),
            (&mut model.project, run.project),
            (&mut model.storage_id, run.storage_id),
        ] {
            if !given.is_empty() {
                *known = given;
            }
        }
        for (known, given) in [
            (&mut model.name, run.display_name),
            (&mut model.notes, run.notes),
            (&mut model.group, run.group),
            (&mut model.job_type, run.job_type),
            (&mut model.sweep, run.sweep_id),
            (&mut model.commit, run.git.map(|git| git.commit).unwrap_or_default()),
        ] {
            if !given.is_empty() {
                *known = Some(given);
            }
        }
        // Each record is complete: without tags, the run has none.
        model.tags = Some(run.tags);
    }

    fn configure(&mut self, changes: &proto::Changes) {
        let mut is_whole = true;
        for item in &changes.update {
            match (item.path(), item.value()) {
                (Some(path), Some(value)) => items::merge(&mut self.config, &path, value),
                _ => is_whole = false,
            }
        }
        for item in &changes.remove {
            match item.path() {
                Some(path) => items::remove(&mut self.config, &path),
                None => is_whole = false,
            }
        }
        if !is_whole {
            self.records.mark_malformed();
        }
    }

    /// Keeps the last value of each system metric.
    fn apply_stats(&mut self, stats: &proto::Stats) {
        let mut is_whole = true;
        for item in &stats.item {
            match (item.single_key(), item.value()) {
                (Some(key), Some(value)) => {
                    self.system.insert(format!("system.{key}"), value);
                }
                _ => is_whole = false,
            }
        }
        if !is_whole {
            self.records.mark_malformed();
        }
        self.activity.at(stats.timestamp);
        if let Some(at) = stats.timestamp.and_then(timestamp) {
            self.facts.run.heartbeat_at = Some(at.into());
        }
    }

    fn finish(self) -> Facts {
        let Self {
            records,
            mut facts,
            mut config,
            summary,
            rows,
            system,
            preempting,
            telemetry,
            activity,
            ..
        } = self;
        facts.last_activity = activity.last();
        facts.is_log = records.is_log();
        for (key, value) in
            [("cli_version", telemetry.cli_version), ("python_version", telemetry.python_version)]
        {
            if let Some(version) = text(value) {
                facts.sdk = facts.sdk.filter(|_| key != "cli_version").or_else(|| Some(version.clone()));
                items::set(&mut config, &["_wandb", key], Value::String(version));
            }
        }
        if facts.sdk.is_none()
            && let Some(Value::String(version)) = config.get("_wandb").and_then(|own| own.get("cli_version"))
        {
            facts.sdk = Some(version.clone());
        }
        facts.losses = records.into_losses();
        let run = &mut facts.run;
        run.state = match facts.exit_code {
            Some(0) => Some(RunState::Finished),
            Some(_) => Some(RunState::Failed),
            None if preempting => Some(RunState::Preempting),
            None => None,
        };
        run.config = Some(Config::from(wrap_values(config)));
        run.summary = Some(summary.into_map());
        run.system_metrics = Some(system);
        run.history_line_count = Some(rows);
        facts
    }
}

/// The step of a history record. Decoding skips the rest.
#[derive(Clone, Copy, PartialEq, prost::Message)]
struct RowStep {
    #[prost(message, optional, tag = "2")]
    step: Option<proto::Step>,
}

/// Wraps config values as servers do, so that a value that looks like a wrapper is not mistaken for one.
fn wrap_values(config: Map) -> Map {
    let wrap = |value| [("value", value)].into_iter().collect::<Map>();
    config.into_iter().map(|(key, value)| (key, wrap(value))).collect()
}

fn merge_telemetry(known: &mut proto::Telemetry, given: proto::Telemetry) {
    let proto::Telemetry { python_version, cli_version } = given;
    if !python_version.is_empty() {
        known.python_version = python_version;
    }
    if !cli_version.is_empty() {
        known.cli_version = cli_version;
    }
}

#[cfg(test)]
mod tests;
