//! Converts runs to table rows.

use std::path::Path;

use wandb_core::model::Run;
#[cfg(feature = "mirror")]
use wandb_core::model::{Config, User};
use wandb_core::operation::Field;
use wandb_core::{Map, Row, Value};

/// The columns of a table of runs at most; the rest goes into one column of JSON text.
pub(crate) const MAX_COLUMNS: usize = 16_384;

/// The columns of a run's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum RunColumns {
    /// All data from the server, with `config` and `summary` as objects.
    #[default]
    All,
    /// `name`, `config` without W&B's own keys, and `summary`. These are the columns of the CSV example in the Python
    /// SDK's documentation. SDK runs on disk, which often have no name, also have `id`, `project` and `folder` in
    /// front.
    Metrics,
}

impl RunColumns {
    /// Returns whether the rows are incomplete without this field.
    pub(crate) fn needs(self, field: &Field) -> bool {
        self == Self::Metrics
            && field.on_type() == "Run"
            && ["displayName", "config", "summaryMetrics"].contains(&field.name())
    }

    /// Converts `run` to a row. Omits fields that the server lacks or that were not requested.
    pub fn row(self, run: &Run) -> Row {
        let mut row = Cells::default();
        match self {
            Self::All => add_all_columns(run, &mut row),
            Self::Metrics => {
                row.text("name", run.name.as_deref());
                row.value("config", config_values(run, |key| !key.starts_with('_')));
                row.value("summary", run.summary.clone());
            }
        }
        row.0.into_iter().collect()
    }
}

/// Adds the columns that identify a run on disk in front of a row.
pub(crate) fn with_identity(run: &Run, folder: &Path, row: Row) -> Row {
    let mut identity = Cells::default();
    identity.text("id", Some(&run.id));
    identity.text("project", Some(&run.project));
    identity.text("folder", Some(&folder.to_string_lossy()));
    identity.0.into_iter().chain(row.into_iter().map(|(key, value)| (key.into(), value))).collect()
}

fn add_all_columns(run: &Run, row: &mut Cells) {
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
    row.value("tags", tags.map(Value::List));
    row.text("group", run.group.as_deref());
    row.text("job_type", run.job_type.as_deref());
    row.text("sweep", run.sweep.as_deref());
    row.text("commit", run.commit.as_deref());
    row.text("notes", run.notes.as_deref());
    row.text("storage_id", Some(&run.storage_id));
    row.value("read_only", run.read_only.map(Value::Bool));
    let lines = run.history_line_count.and_then(|lines| i64::try_from(lines).ok());
    row.value("history_line_count", lines.map(Value::Int));
    row.value("config", config_values(run, |_| true));
    row.value("summary", run.summary.clone());
    row.value("system_metrics", run.system_metrics.clone());
}

fn config_values(run: &Run, wanted: impl Fn(&str) -> bool) -> Option<Map> {
    let values = run.config.as_ref()?.values();
    Some(values.iter().filter(|(key, _)| wanted(key)).map(|(key, value)| (key, value.clone())).collect())
}

/// Restores a run from a row of [`RunColumns::All`], as far as the row holds its data.
#[cfg(feature = "mirror")]
pub(crate) fn run_of(row: Row) -> Run {
    let mut cells: Map = row.into_iter().collect();
    let mut text = |name: &str| match cells.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let [entity, project, id, storage_id] =
        ["entity", "project", "id", "storage_id"].map(|name| text(name).unwrap_or_default());
    let mut run = Run::new(entity, project, id, storage_id);
    run.name = text("name");
    run.state = text("state").map(|state| state.as_str().into());
    run.created_at = text("created_at").map(Into::into);
    run.heartbeat_at = text("heartbeat_at").map(Into::into);
    run.user = text("user").map(|name| {
        let mut user = User::new();
        user.username = Some(name);
        user
    });
    run.group = text("group");
    run.job_type = text("job_type");
    run.sweep = text("sweep");
    run.commit = text("commit");
    run.notes = text("notes");
    let tags = cells.get("tags").and_then(Value::as_list);
    run.tags = tags.map(|tags| tags.iter().filter_map(Value::as_str).map(str::to_owned).collect());
    run.read_only = match cells.get("read_only") {
        Some(Value::Bool(is_so)) => Some(*is_so),
        _ => None,
    };
    let lines = cells.get("history_line_count").and_then(Value::as_i64);
    run.history_line_count = lines.and_then(|lines| u64::try_from(lines).ok());
    let mut map = |name: &str| match cells.remove(name) {
        Some(Value::Map(map)) => Some(map),
        _ => None,
    };
    // The server wraps each value like this. Without it, an object with a key `value` would be mistaken for a
    // wrapper.
    let wrapped = |(key, value): (String, Value)| (key, Value::Map(Map::from_iter([("value", value)])));
    run.config =
        map("config").map(|config| config.into_iter().map(wrapped).collect::<Map>()).map(Config::from);
    run.summary = map("summary");
    run.system_metrics = map("system_metrics");
    run
}

#[derive(Default)]
struct Cells(Vec<(String, Value)>);

impl Cells {
    fn text(&mut self, name: &str, value: Option<&str>) {
        self.value(name, value.map(|value| Value::String(value.to_owned())));
    }

    fn value(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.0.push((name.to_owned(), value.into()));
        }
    }
}

#[cfg(all(test, feature = "mirror"))]
mod tests {
    use super::*;

    #[test]
    fn rows_of_all_columns_restore_the_run() {
        let mut run = Run::new("e", "p", "r", "s");
        let same = |run: &Run| {
            let line = RunColumns::All.row(run).to_json_line();
            let read = run_of(Row::parse(line.as_bytes()).unwrap());
            assert_eq!(RunColumns::All.row(&read).to_json_line(), line);
            read
        };
        assert_eq!(same(&run), run);
        run.name = Some(String::new());
        (run.state, run.tags) = (Some("odd".into()), Some(Vec::new()));
        assert_eq!(same(&run), run);
        run.tags = Some(vec!["a".to_owned()]);
        let config = br#"{"lr":{"value":0.1},"x":{"value":{"value":{"y":1}}},"n":{"value":null}}"#;
        run.config = Some(Config::parse(config).unwrap());
        run.summary = Some(
            wandb_core::model::map_from_json(br#"{"a":{"b":1.0},"big":12345678901234567890123}"#).unwrap(),
        );
        (run.read_only, run.history_line_count) = (Some(false), Some(7));
        run.created_at = Some("2024-05-01T12:00:00".into());
        assert_eq!(same(&run), run);
        run.summary = Some(wandb_core::model::map_from_json(br#"{"a":NaN}"#).unwrap());
        assert_eq!(same(&run).summary.unwrap().get("a"), Some(&"NaN".into()), "JSON stores NaN as text");
    }
}
