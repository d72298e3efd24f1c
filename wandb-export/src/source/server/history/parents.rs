//! Finds the runs that a run was forked from.

use wandb_core::client::Client;
use wandb_core::model::Run;
use wandb_core::{RunPath, Value};
use wandb_graphql::ops::GetRun;
use wandb_runlog::Branch;

use crate::error::{Error, ErrorKind};
use crate::issue::Issue;

/// Maximum number of ancestors to follow.
const MAX_PARENTS: usize = 64;

/// The key that gives the position of a fork.
const STEP: &str = "_step";

/// The parent of a fork, and the last step that both share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parent {
    pub(super) path: RunPath,
    pub(super) last_step: i64,
}

/// Returns where a run on a server was forked or rewound. The SDK writes this to the config, as `_wandb.branch_point`
/// with `run_id` and `step` (wandb/wandb, `wandb_init.py`). No public field of the API has it (#10694), and it is
/// lost when the run is resumed later.
pub(in crate::source::server) fn branch_point(run: &Run) -> Option<Branch> {
    let point = run.config.as_ref()?.internal().get("_wandb")?.as_map()?.get("branch_point")?.as_map()?;
    let id = point.get("run_id").and_then(Value::as_str).filter(|id| !id.is_empty())?;
    Some(Branch::new(id, STEP, point.get("step")?.as_f64()?))
}

/// Returns the ancestors of the run at `path`, nearest first. A run's own history starts after the step of the fork
/// (#1395, #11056).
pub(super) async fn find_parents(
    client: &Client,
    path: &RunPath,
) -> Result<(Vec<Parent>, Option<Issue>), Error> {
    let mut parents: Vec<Parent> = Vec::new();
    let mut current = path.clone();
    loop {
        let run = match client.call(GetRun::new(current.clone())).await.map_err(Error::from) {
            Ok(reply) => reply.answer,
            Err(error) if !parents.is_empty() && error.kind() == ErrorKind::NotFound => {
                parents.pop();
                return Ok((parents, Some(missing_parent(path, &current, "it no longer exists"))));
            }
            Err(error) => return Err(error),
        };
        // A rewound run continues itself.
        let branch = branch_point(&run).filter(|branch| branch.run != current.run());
        let Some((branch, step)) =
            branch.and_then(|branch| Some((fork_step(&branch)?, branch)).map(|(s, b)| (b, s)))
        else {
            return Ok((parents, None));
        };
        let parent = RunPath::new(path.entity(), path.project(), &branch.run)?;
        let is_known = parent == *path || parents.iter().any(|known| known.path == parent);
        if is_known || parents.len() == MAX_PARENTS {
            let why = if is_known { "it was forked from itself" } else { "there are too many forks" };
            return Ok((parents, Some(missing_parent(path, &parent, why))));
        }
        // An ancestor contributes steps only up to the earliest fork on the way to it.
        let last_step = parents.last().map_or(step, |child| child.last_step.min(step));
        current = parent.clone();
        parents.push(Parent { path: parent, last_step });
    }
}

fn fork_step(branch: &Branch) -> Option<i64> {
    Value::Float(branch.value.floor()).as_i64()
}

fn missing_parent(run: &RunPath, parent: &RunPath, why: &str) -> Issue {
    Issue::ParentMissing { run: run.clone(), parent: parent.clone(), detail: why.to_owned() }
}
