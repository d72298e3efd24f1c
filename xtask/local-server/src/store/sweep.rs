//! The data of sweeps.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A sweep of a project.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Sweep {
    pub(crate) name: String,
    pub(crate) display_name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) method: String,
    pub(crate) state: String,
    /// YAML text.
    pub(crate) config: String,
    pub(crate) best_loss: Option<f64>,
    pub(crate) run_count_expected: Option<i64>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// A sweep to add with [`crate::Store::add_sweep`]. Its runs name it in [`crate::NewRun::sweep`].
#[derive(Debug, Clone)]
pub struct NewSweep {
    /// Owner of the project.
    pub entity: String,
    /// Name of the project, which is created if it does not exist.
    pub project: String,
    /// Sweep id.
    pub name: String,
    /// Display name.
    pub display_name: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// `grid`, `random` or `bayes`.
    pub method: String,
    /// `PENDING`, `RUNNING`, `FINISHED`, ….
    pub state: String,
    /// The sweep's configuration as YAML text.
    pub config: String,
    /// Best value of the sweep's metric so far.
    pub best_loss: Option<f64>,
    /// Expected number of runs, if known.
    pub run_count_expected: Option<i64>,
}

impl NewSweep {
    /// Creates a finished grid sweep that minimises `loss`.
    pub fn new(entity: &str, project: &str, name: &str) -> Self {
        Self {
            entity: entity.to_owned(),
            project: project.to_owned(),
            name: name.to_owned(),
            display_name: None,
            description: None,
            method: "grid".to_owned(),
            state: "FINISHED".to_owned(),
            config: "method: grid\nmetric:\n  goal: minimize\n  name: loss\nparameters: {}\n".to_owned(),
            best_loss: None,
            run_count_expected: None,
        }
    }

    /// Creates a running sweep with the defaults of [`NewSweep::new`].
    pub(crate) fn running(entity: &str, project: &str, name: &str) -> Sweep {
        Self { state: "RUNNING".to_owned(), ..Self::new(entity, project, name) }.into_sweep()
    }

    pub(crate) fn into_sweep(self) -> Sweep {
        let now = Timestamp::now();
        Sweep {
            name: self.name,
            display_name: self.display_name,
            description: self.description,
            method: self.method,
            state: self.state,
            config: self.config,
            best_loss: self.best_loss,
            run_count_expected: self.run_count_expected,
            created_at: now,
            updated_at: now,
        }
    }
}
