//! Converts runs to table rows.

use std::path::Path;

use wandb_core::model::Run;
use wandb_core::operation::Field;
use wandb_core::{Map, Row, Value, run_row};

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
        match self {
            Self::All => run_row::to_row(run),
            Self::Metrics => {
                let config = run.config.as_ref().map(|config| own_config(config.values()));
                let cells = [
                    ("name", run.name.clone().map(Value::String)),
                    ("config", config.map(Value::Map)),
                    ("summary", run.summary.clone().map(Value::Map)),
                ];
                cells.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
            }
        }
    }
}

/// Adds the columns that identify a run on disk in front of a row.
pub(crate) fn with_identity(run: &Run, folder: &Path, row: Row) -> Row {
    let folder = folder.to_string_lossy().into_owned();
    let identity = [("id", run.id.clone()), ("project", run.project.clone()), ("folder", folder)];
    let identity = identity.map(|(key, text)| (key.into(), Value::String(text)));
    identity.into_iter().chain(row).collect()
}

/// Returns the config without W&B's own keys.
fn own_config(config: &Map) -> Map {
    let own = config.iter().filter(|(key, _)| !key.starts_with('_'));
    own.map(|(key, value)| (key, value.clone())).collect()
}
