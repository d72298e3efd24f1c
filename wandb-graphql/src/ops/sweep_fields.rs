//! The requested fields of a sweep.

use wandb_core::ProjectPath;
use wandb_core::model::{Sweep, Timestamp};
use wandb_core::operation::{Field, UnreadableEntry};

use super::entry::unnamed_entry;
use crate::schema::{DateTime, Float, sdl as schema};

/// The optional fields: those that the Python SDK does not request from old servers.
pub(super) const OPTIONAL_FIELDS: &[Field] = &[
    Field::new("Sweep", "state"),
    Field::new("Sweep", "bestLoss"),
    Field::new("Sweep", "config"),
    Field::new("Sweep", "displayName"),
    Field::new("Sweep", "method"),
    Field::new("Sweep", "description"),
    Field::new("Sweep", "createdAt"),
    Field::new("Sweep", "updatedAt"),
    Field::new("Sweep", "runCount"),
    Field::new("Sweep", "runCountExpected"),
];

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Sweep")]
pub(super) struct SweepFields {
    id: Option<cynic::Id>,
    name: Option<String>,
    #[cynic(feature = "Sweep.state")]
    state: Option<String>,
    #[cynic(feature = "Sweep.bestLoss")]
    best_loss: Option<Float>,
    #[cynic(feature = "Sweep.config")]
    config: Option<String>,
    #[cynic(feature = "Sweep.displayName")]
    display_name: Option<String>,
    #[cynic(feature = "Sweep.method")]
    method: Option<String>,
    #[cynic(feature = "Sweep.description")]
    description: Option<String>,
    #[cynic(feature = "Sweep.createdAt")]
    created_at: Option<DateTime>,
    #[cynic(feature = "Sweep.updatedAt")]
    updated_at: Option<DateTime>,
    #[cynic(feature = "Sweep.runCount")]
    run_count: Option<i32>,
    #[cynic(feature = "Sweep.runCountExpected")]
    run_count_expected: Option<i32>,
}

impl SweepFields {
    /// # Errors
    /// If the sweep has no id, which later requests need.
    pub(super) fn into_sweep(self, path: &ProjectPath) -> Result<Sweep, UnreadableEntry> {
        let count = |count: Option<i32>| count.and_then(|count| u64::try_from(count).ok());
        let storage_id = self.id.map(cynic::Id::into_inner).unwrap_or_default();
        let Some(name) = self.name.filter(|name| !name.is_empty()) else {
            return Err(unnamed_entry("sweep", &storage_id));
        };
        let mut sweep = Sweep::new(path.entity(), path.project(), name, storage_id);
        sweep.name = self.display_name;
        sweep.method = self.method;
        sweep.state = self.state;
        sweep.description = self.description;
        sweep.config = self.config;
        sweep.best_loss = self.best_loss.map(|loss| loss.0);
        sweep.run_count = count(self.run_count);
        sweep.run_count_expected = count(self.run_count_expected);
        sweep.created_at = self.created_at.map(|time| Timestamp::from(time.0));
        sweep.updated_at = self.updated_at.map(|time| Timestamp::from(time.0));
        Ok(sweep)
    }
}
