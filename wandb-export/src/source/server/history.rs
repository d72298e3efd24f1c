//! The history of a run on a server.

mod by_keys;
mod canonical_text;
#[cfg(feature = "parquet")]
mod exported;
mod follow;
mod limited;
mod merge_sources;
mod open;
mod parents;
mod parse;
mod row_issues;
mod row_spool;
mod scanner;
mod system;

pub(super) use follow::ServerFollower;
pub(super) use open::ServerHistory;
pub(super) use parents::branch_point;
#[cfg(feature = "mirror")]
pub(crate) use parse::{Losses, parse_rows};
