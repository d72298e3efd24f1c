//! What a file says of its run, apart from the rows.

mod activity;
mod environment;
mod summary;
mod tree;

use std::io::{self, Read};

use wandb_core::model::{Config, Run, RunState};
use wandb_core::{Map, Value};

use crate::flat::flat_step;
use crate::items;
use crate::proto;
use crate::records::{Losses, Records};
use crate::steps::Steps;
use crate::time::{text, timestamp};
use activity::Activity;
use summary::Summary;

/// What a file says of its run, apart from the rows.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Facts {
    /// The run as a server would have it. What only a server knows is `None`, and `state` is, too, if the file does not
    /// tell how the run has ended. The entity is empty if the SDK did not know it, and so is the storage id of a run that
    /// was never online.
    pub run: Run,
    /// What the process left with, if the run has ended.
    pub exit_code: Option<i32>,
    /// The first step and the last.
    pub steps: Option<(i64, i64)>,
    /// When the run has last been heard of, in seconds since 1970: the latest of its start, the last row, the last system
    /// metrics and the last output.
    pub last_activity: Option<f64>,
    /// Whether this is a `.wandb` file at all: one that is not has no record, and something else than zeros where the file's
    /// mark should be.
    pub is_log: bool,
    /// Where the run goes on from, if it was begun as the continuation of another.
    pub branch: Option<Branch>,
    /// Whether the run says that it continues an earlier one of the same id. If its steps begin anew they are meant to come
    /// behind those of the earlier one; see [`HistoryReader::shifted`](crate::HistoryReader::shifted).
    pub resumed: bool,
    /// The step that the run's rows begin with, unless they say other ones.
    pub starting_step: i64,
    /// How and where the run was started, as its file `wandb-metadata.json` says it, where newer SDKs write a record in its
    /// place.
    pub metadata: Option<Map>,
    /// The version of the SDK.
    pub sdk: Option<String>,
    /// Whether there is console output.
    pub has_console: bool,
    /// The alerts, in order.
    pub alerts: Vec<Alert>,
    /// The artifacts that were logged and used, in order.
    pub artifacts: Vec<Artifact>,
    /// Files that were saved with the run, as paths or patterns in its folder of files.
    pub files: Vec<String>,
    /// What could not be read.
    pub losses: Losses,
}

/// A place in another run.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Branch {
    /// The id of the other run.
    pub run: String,
    /// The metric that the place is given by, as a rule `_step`.
    pub metric: String,
    /// Its value there.
    pub value: f64,
}

impl Branch {
    /// The place in the run with this id where `metric` has this value.
    pub fn new(run: impl Into<String>, metric: impl Into<String>, value: f64) -> Self {
        Self { run: run.into(), metric: metric.into(), value }
    }
}

/// An alert (`run.alert`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Alert {
    /// Its title.
    pub title: String,
    /// Its text.
    pub text: String,
    /// `INFO`, `WARN` or `ERROR`.
    pub level: String,
}

/// An artifact that a run made or used.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Artifact {
    /// Whether the run made it.
    pub is_output: bool,
    /// Its type.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its aliases, where the run made it.
    pub aliases: Vec<String>,
    /// The digest of its manifest, where the run made it.
    pub digest: String,
}

impl Default for Facts {
    /// Those of a file that has nothing in it.
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
    /// Reads a whole file. `open` is called once, and a second time if the file does not hold
    /// the summaries of its rows.
    ///
    /// # Errors
    /// Those of the source alone; see [`losses`](Self::losses) for what it holds.
    pub fn read<R: Read>(mut open: impl FnMut() -> io::Result<R>) -> io::Result<Self> {
        let mut reading = Reading::new(open()?);
        while let Some(record) = reading.records.next_record()? {
            reading.take(record);
        }
        if let Some(row) = reading.steps.join() {
            reading.step(row.step);
        }
        if reading.summary.needs_rows() {
            let mut records = Records::new(open()?);
            while let Some(record) = records.next_record()? {
                reading.summary.see(&record);
            }
        }
        Ok(reading.ended())
    }

    /// Reads a file until it has said which run it is of, which it does at its beginning. Nothing else is whole then.
    ///
    /// # Errors
    /// Those of the source alone.
    pub fn begin<R: Read>(source: R) -> io::Result<Self> {
        let mut reading = Reading::new(source);
        while reading.facts.run.id.is_empty()
            && let Some(record) = reading.records.next_record()?
        {
            reading.take(record);
        }
        Ok(reading.ended())
    }

    /// Whether the file says at least which run it is of.
    pub fn is_run(&self) -> bool {
        !self.run.id.is_empty()
    }
}

struct Reading<R> {
    records: Records<R>,
    facts: Facts,
    config: Map,
    summary: Summary,
    steps: Steps,
    rows: u64,
    system: Map,
    preempting: bool,
    telemetry: proto::Telemetry,
    activity: Activity,
}

impl<R: Read> Reading<R> {
    fn new(source: R) -> Self {
        Self {
            records: Records::new(source),
            facts: Facts::default(),
            config: Map::new(),
            summary: Summary::default(),
            steps: Steps::default(),
            rows: 0,
            system: Map::new(),
            preempting: false,
            telemetry: proto::Telemetry::default(),
            activity: Activity::default(),
        }
    }

    fn take(&mut self, record: proto::Record) {
        if let Some(history) = record.history {
            self.activity.last_row = history.clone();
            if let Some(row) = flat_step(&history) {
                self.row(row.step);
            } else if let Some(row) = self.records.read::<RowStep>(history) {
                self.row(row.step.map(|step| step.num));
            }
        } else if let Some(summary) = record.summary {
            if !self.summary.change_flatly(&summary)
                && let Some(changes) = self.records.read(summary)
                && !self.summary.change(&changes)
            {
                self.records.lose();
            }
        } else if let Some(stats) = record.stats {
            if let Some(stats) = self.records.read(stats) {
                self.stats(&stats);
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
                self.run(run);
            }
        } else {
            self.rare(record);
        }
    }

    fn rare(&mut self, record: proto::Record) {
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
            // What takes longer to find out comes in a record of its own.
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
                records.lose();
            }
            self.activity.row(&part.item);
            for row in self.steps.part(&part) {
                self.step(row.step);
            }
        } else if record.preempting.is_some() {
            self.preempting = true;
        }
    }

    fn row(&mut self, said: Option<i64>) {
        let step = self.steps.of(said);
        self.step(step);
        self.summary.row();
    }

    fn step(&mut self, step: i64) {
        self.rows += 1;
        self.facts.steps = Some(match self.facts.steps {
            None => (step, step),
            Some((first, last)) => (first.min(step), last.max(step)),
        });
    }

    /// The first record of a run begins it, later ones change it.
    fn run(&mut self, run: proto::Run) {
        // A later record has all of the config once more, which may be what damage has taken.
        if let Some(changes) = &run.config {
            self.configure(changes);
        }
        if let Some(changes) = &run.summary
            && !self.summary.change(changes)
        {
            self.records.lose();
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
        for (known, said) in [
            (&mut model.id, run.id),
            (&mut model.entity, run.entity),
            (&mut model.project, run.project),
            (&mut model.storage_id, run.storage_id),
        ] {
            if !said.is_empty() {
                *known = said;
            }
        }
        for (known, said) in [
            (&mut model.name, run.display_name),
            (&mut model.notes, run.notes),
            (&mut model.group, run.group),
            (&mut model.job_type, run.job_type),
            (&mut model.sweep, run.sweep_id),
            (&mut model.commit, run.git.map(|git| git.commit).unwrap_or_default()),
        ] {
            if !said.is_empty() {
                *known = Some(said);
            }
        }
        // Every such record is whole, so that one without tags is of a run without any.
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
            self.records.lose();
        }
    }

    /// The last value of each system metric.
    fn stats(&mut self, stats: &proto::Stats) {
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
            self.records.lose();
        }
        self.activity.at(stats.timestamp);
        if let Some(at) = stats.timestamp.and_then(timestamp) {
            self.facts.run.heartbeat_at = Some(at.into());
        }
    }

    fn ended(self) -> Facts {
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
        facts.is_log = records.are_of_a_log();
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
        run.config = Some(Config::from(wrapped(config)));
        run.summary = Some(summary.into_map());
        run.system_metrics = Some(system);
        run.history_line_count = Some(rows);
        facts
    }
}

/// Of a row only its step; the rest is passed over.
#[derive(Clone, Copy, PartialEq, prost::Message)]
struct RowStep {
    #[prost(message, optional, tag = "2")]
    step: Option<proto::Step>,
}

/// A config's values are wrapped where a server keeps them, so that one that looks like a wrapper stays what it is.
fn wrapped(config: Map) -> Map {
    let wrap = |value| [("value", value)].into_iter().collect::<Map>();
    config.into_iter().map(|(key, value)| (key, wrap(value))).collect()
}

fn merge_telemetry(known: &mut proto::Telemetry, said: proto::Telemetry) {
    let proto::Telemetry { python_version, cli_version } = said;
    if !python_version.is_empty() {
        known.python_version = python_version;
    }
    if !cli_version.is_empty() {
        known.cli_version = cli_version;
    }
}

#[cfg(test)]
mod tests;
