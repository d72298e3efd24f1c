//! Reads the text files that the SDK writes beside the log of a run, or before 0.10 instead of it.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use wandb_core::model::{Config, RunState, Timestamp, map_from_json};
use wandb_core::{Map, Value};
use wandb_runlog::Facts;

use super::session_files::{CONFIG, METADATA, SUMMARY, SessionFiles};
use crate::error::Error;
use crate::issue::Issue;

/// The most bytes to read of a file.
const MAX_BYTES: u64 = 64 << 20;

/// The content of the text files.
#[derive(Debug, Default)]
pub(super) struct TextFiles {
    config: Map,
    summary: Map,
    metadata: Map,
    /// The files that cannot be read.
    pub(super) issues: Vec<Issue>,
}

impl TextFiles {
    pub(super) fn read(files: &SessionFiles) -> Result<Self, Error> {
        let mut issues = Vec::new();
        let json = |text: &[u8]| map_from_json(text).map_err(|error| error.to_string());
        let summary = read(&files.text_path(SUMMARY), &mut issues, json)?;
        let metadata = read(&files.text_path(METADATA), &mut issues, json)?;
        let config = read(&files.text_path(CONFIG), &mut issues, |text| {
            let text = std::str::from_utf8(text).map_err(|error| error.to_string())?;
            match Value::parse_yaml(text).map_err(|error| error.to_string())? {
                Value::Map(map) => Ok(map),
                Value::Null => Ok(Map::new()),
                _ => Err("it is not a map".to_owned()),
            }
        })?;
        Ok(Self { config, summary, metadata, issues })
    }

    /// Returns the last step of the summary.
    pub(super) fn last_step(&self) -> Option<i64> {
        self.summary.get("_step").and_then(Value::as_i64)
    }

    /// Fills gaps in `facts` and replaces older values. Returns the names of the files that were needed.
    pub(super) fn fill_gaps(self, facts: &mut Facts) -> Vec<&'static str> {
        let mut used = Vec::new();
        let is_damaged = !facts.losses.is_empty() || !facts.is_run();
        if self.fill_config(facts, is_damaged) {
            used.push(CONFIG);
        }
        if self.fill_summary(facts) {
            used.push(SUMMARY);
        }
        if self.fill_run(facts) {
            used.push(METADATA);
        }
        used
    }

    /// Adds config keys that the log lacks. If the log has lost records, the file's values win.
    fn fill_config(&self, facts: &mut Facts, is_damaged: bool) -> bool {
        let from_file = Config::from(self.config.clone());
        let from_log = facts.run.config.take().unwrap_or_default();
        let is_new = |(key, value): &(&str, &Value)| match from_log.get(key) {
            None => true,
            Some(logged) => is_damaged && logged != *value,
        };
        let needed = from_file.values().iter().any(|entry| is_new(&entry));
        facts.sdk = facts
            .sdk
            .take()
            .or_else(|| from_file.internal().get("_wandb")?.get("cli_version")?.as_str().map(str::to_owned));
        facts.run.config = Some(if is_damaged {
            from_log.overlaid_with(from_file)
        } else {
            from_file.overlaid_with(from_log)
        });
        needed
    }

    /// Adds summary keys that the log lacks. If the file has a later step, its values win.
    fn fill_summary(&self, facts: &mut Facts) -> bool {
        let summary = facts.run.summary.get_or_insert_default();
        let last_logged = summary.get("_step").and_then(Value::as_i64).max(facts.steps.map(|(_, last)| last));
        let is_later = self.last_step() > last_logged;
        let mut needed = false;
        for (key, value) in self.summary.iter() {
            // The SDK's internal key, which the log stores under other names.
            if key == "_wandb" && !summary.is_empty() {
                continue;
            }
            if summary.get(key).is_none_or(|logged| is_later && logged != value) {
                summary.insert(key, value.clone());
                needed = true;
            }
        }
        needed
    }

    /// Adds the run's other fields from the metadata.
    fn fill_run(&self, facts: &mut Facts) -> bool {
        let text = |map: &Map, key: &str| {
            map.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let metadata = |key: &str| text(&self.metadata, key);
        let run = &mut facts.run;
        let mut needed = false;
        if run.project.is_empty()
            && let Some(project) = metadata("project")
        {
            (run.project, needed) = (project, true);
        }
        let git = self.metadata.get("git").and_then(Value::as_map);
        for (field, value) in [
            (&mut run.name, metadata("name")),
            (&mut run.notes, metadata("notes")),
            (&mut run.job_type, metadata("jobType")),
            (&mut run.commit, git.and_then(|git| text(git, "commit"))),
        ] {
            if field.is_none() && value.is_some() {
                (*field, needed) = (value, true);
            }
        }
        let (started, heartbeat) = (metadata("startedAt").map(to_utc), metadata("heartbeatAt").map(to_utc));
        for at in [&started, &heartbeat].into_iter().flatten() {
            facts.last_activity = facts.last_activity.into_iter().chain(to_seconds(at)).reduce(f64::max);
        }
        let logged = self.summary.get("_timestamp").and_then(Value::as_f64).filter(|at| at.is_finite());
        facts.last_activity = facts.last_activity.into_iter().chain(logged).reduce(f64::max);
        needed |= run.created_at.is_none() && started.is_some();
        run.created_at = run.created_at.take().or(started);
        run.heartbeat_at = run.heartbeat_at.take().or(heartbeat);
        if run.state.is_none()
            && let Some((code, state)) = self.end_state()
        {
            (facts.exit_code, run.state, needed) = (code, Some(state), true);
        }
        if facts.metadata.is_none() && !self.metadata.is_empty() {
            facts.metadata = Some(self.metadata.clone());
        }
        needed
    }

    /// Returns how the run ended, if the metadata say so, as those of SDKs before 0.10 do.
    fn end_state(&self) -> Option<(Option<i32>, RunState)> {
        let code =
            self.metadata.get("exitcode").and_then(Value::as_i64).and_then(|code| i32::try_from(code).ok());
        let state = match (self.metadata.get("state").and_then(Value::as_str), code) {
            (Some("killed"), _) => RunState::Killed,
            (Some("finished"), _) | (_, Some(0)) => RunState::Finished,
            (Some("failed"), _) | (_, Some(_)) => RunState::Failed,
            _ => return None,
        };
        Some((code, state))
    }
}

/// Reads one file. A missing file is empty.
fn read(
    file: &Path,
    issues: &mut Vec<Issue>,
    parse: impl FnOnce(&[u8]) -> Result<Map, String>,
) -> Result<Map, Error> {
    let failed = |error| Error::io(format!("reading {}", file.display()), error);
    let opened = match File::open(file) {
        Ok(opened) => opened,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Map::new());
        }
        Err(error) => return Err(failed(error)),
    };
    let mut text = Vec::new();
    opened.take(MAX_BYTES + 1).read_to_end(&mut text).map_err(failed)?;
    let parsed = if text.len() as u64 > MAX_BYTES {
        Err(format!("it has more than {MAX_BYTES} bytes"))
    } else {
        parse(&text)
    };
    Ok(parsed.unwrap_or_else(|reason| {
        issues
            .push(Issue::FileDamaged { file: file.to_owned(), detail: format!("cannot be read: {reason}") });
        Map::new()
    }))
}

/// Parses a time of the metadata. Older SDKs write UTC without saying so.
fn to_utc(time: String) -> Timestamp {
    let has_offset = time.ends_with('Z') || time.get(10..).is_some_and(|clock| clock.contains(['+', '-']));
    if has_offset { time.into() } else { format!("{time}Z").into() }
}

fn to_seconds(time: &Timestamp) -> Option<f64> {
    time.time().map(|time| time.as_duration().as_secs_f64())
}
