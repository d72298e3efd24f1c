//! The path of a sweep.

use super::error::PathKind;
use super::item::item_path;

item_path!(
    PathKind::Sweep,
    /// The path of a sweep: entity, project and sweep id.
    ///
    /// Accepted notations are `entity/project/sweep`, `entity/project/sweeps/sweep`, `entity/project:sweep`, and with
    /// defaults `project/sweep`, `project:sweep` or `sweep`, each with optional slashes around it; and the URL of the
    /// sweep in the web app of any server.
    SweepPath,
    /// The path of a sweep with optional parts; see [`SweepPath`] for the notations.
    PartialSweepPath,
    /// The sweep's id, the last part of its path.
    sweep
);
