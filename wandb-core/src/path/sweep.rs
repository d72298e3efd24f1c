//! The path of a sweep.

use super::error::PathKind;
use super::item::item_path;

item_path!(
    PathKind::Sweep,
    /// Where a sweep is: entity, project and sweep id.
    ///
    /// It may be written `entity/project/sweep`, `entity/project/sweeps/sweep`, `entity/project:sweep`, and with
    /// defaults `project/sweep`, `project:sweep` or `sweep`, each with slashes around it, or as the address of
    /// the sweep in the web app of any server.
    SweepPath,
    /// What a text says about where a sweep is; see [`SweepPath`] for its forms.
    PartialSweepPath,
    /// The sweep's id, the last part of its path.
    sweep
);
