//! Runs as rows of a table.

use wandb_core::model::Run;
use wandb_core::{Map, Row, Value};

/// What of a run goes into its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum RunColumns {
    /// Everything the server said of it, with `config` and `summary` as objects.
    #[default]
    All,
    /// `name`, `config` without W&B's own keys, and `summary`: what the Python SDK's documentation puts into a
    /// project's CSV file.
    Metrics,
}

impl RunColumns {
    /// The row of `run`. A field that the server does not have, or that was not asked for, is missing.
    pub fn row(self, run: &Run) -> Row {
        let mut row = Columns::default();
        match self {
            Self::All => all(run, &mut row),
            Self::Metrics => {
                row.text("name", run.name.as_deref());
                row.some("config", config(run, |key| !key.starts_with('_')));
                row.some("summary", run.summary.clone());
            }
        }
        row.0.into_iter().collect()
    }
}

fn all(run: &Run, row: &mut Columns) {
    row.text("id", Some(&run.id));
    row.text("path", run.path().ok().map(|path| path.to_string()).as_deref());
    row.text("name", run.name.as_deref());
    row.text("state", run.state.as_ref().map(ToString::to_string).as_deref());
    row.text("entity", Some(&run.entity));
    row.text("project", Some(&run.project));
    row.text("created_at", run.created_at.as_ref().map(ToString::to_string).as_deref());
    row.text("heartbeat_at", run.heartbeat_at.as_ref().map(ToString::to_string).as_deref());
    row.text("user", run.user.as_ref().and_then(|user| user.username.as_deref()));
    let tags = run.tags.as_ref().map(|tags| tags.iter().cloned().map(Value::String).collect());
    row.some("tags", tags.map(Value::List));
    row.text("group", run.group.as_deref());
    row.text("job_type", run.job_type.as_deref());
    row.text("sweep", run.sweep.as_deref());
    row.text("commit", run.commit.as_deref());
    row.text("notes", run.notes.as_deref());
    row.text("storage_id", Some(&run.storage_id));
    row.some("read_only", run.read_only.map(Value::Bool));
    let lines = run.history_line_count.and_then(|lines| i64::try_from(lines).ok());
    row.some("history_line_count", lines.map(Value::Int));
    row.some("config", config(run, |_| true));
    row.some("summary", run.summary.clone());
    row.some("system_metrics", run.system_metrics.clone());
}

fn config(run: &Run, wanted: impl Fn(&str) -> bool) -> Option<Map> {
    let values = run.config.as_ref()?.values();
    Some(values.iter().filter(|(key, _)| wanted(key)).map(|(key, value)| (key, value.clone())).collect())
}

#[derive(Default)]
struct Columns(Vec<(String, Value)>);

impl Columns {
    fn text(&mut self, name: &str, value: Option<&str>) {
        self.some(name, value.map(|value| Value::String(value.to_owned())));
    }

    fn some(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.0.push((name.to_owned(), value.into()));
        }
    }
}
