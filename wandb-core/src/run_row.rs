//! Runs as rows of a table: one column for each field, and back.

use crate::model::{Config, Run, User};
use crate::{Map, Row, Value};

/// The columns of a table of runs at most; the rest goes into one column of JSON text.
pub const MAX_COLUMNS: usize = 16_384;

/// Converts a run to a row. Omits fields that the server lacks or that were not requested.
pub fn to_row(run: &Run) -> Row {
    let mut row = Columns::default();
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
    row.some("config", run.config.as_ref().map(|config| config.values().clone()));
    row.some("summary", run.summary.clone());
    row.some("system_metrics", run.system_metrics.clone());
    row.0.into_iter().collect()
}

/// Restores a run from its [row](to_row), as far as the row holds its data.
pub fn from_row(row: Row) -> Run {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_restores_the_run() {
        let mut run = Run::new("e", "p", "r", "s");
        let same = |run: &Run| {
            let line = to_row(run).to_json_line();
            let read = from_row(Row::parse(line.as_bytes()).unwrap());
            assert_eq!(to_row(&read).to_json_line(), line);
            read
        };
        assert_eq!(same(&run), run);
        run.name = Some(String::new());
        (run.state, run.tags) = (Some("odd".into()), Some(Vec::new()));
        assert_eq!(same(&run), run);
        run.tags = Some(vec!["a".to_owned()]);
        let config = br#"{"lr":{"value":0.1},"x":{"value":{"value":{"y":1}}},"n":{"value":null}}"#;
        run.config = Some(Config::parse(config).unwrap());
        run.summary =
            Some(crate::model::map_from_json(br#"{"a":{"b":1.0},"big":12345678901234567890123}"#).unwrap());
        (run.read_only, run.history_line_count) = (Some(false), Some(7));
        run.created_at = Some("2024-05-01T12:00:00".into());
        assert_eq!(same(&run), run);
        run.summary = Some(crate::model::map_from_json(br#"{"a":NaN}"#).unwrap());
        assert_eq!(same(&run).summary.unwrap().get("a"), Some(&"NaN".into()), "JSON stores NaN as text");
    }
}
