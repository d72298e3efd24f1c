//! The path of a run.

use super::error::PathKind;
use super::item::item_path;

item_path!(
    PathKind::Run,
    /// The path of a run: entity, project and run id.
    ///
    /// Accepted notations are `entity/project/run`, `entity/project/runs/run`, `entity/project:run`, and with
    /// defaults `project/run`, `project:run` or `run`, each with optional slashes around it; and the URL of the run
    /// in the web app of any server.
    ///
    /// ```
    /// use wandb_core::{BaseUrl, RunPath};
    ///
    /// let path: RunPath = "https://wandb.ai/team/my%20project/runs/1a2b3c/overview?nw=x".parse()?;
    /// assert_eq!(path.project(), "my project");
    /// assert_eq!(
    ///     path.app_url(&BaseUrl::default()).as_str(),
    ///     "https://forge.coreweave.com/wandb/team/my%20project/runs/1a2b3c",
    /// );
    /// # Ok::<(), wandb_core::PathError>(())
    /// ```
    RunPath,
    /// The path of a run with optional parts; see [`RunPath`] for the notations.
    PartialRunPath,
    /// The run's id, the last part of its path: unique in the project, and not the name shown in the app.
    run
);
