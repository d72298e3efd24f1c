//! The history of a run on a server.

mod by_keys;
mod content;
#[cfg(feature = "parquet")]
mod exported;
mod few;
mod findings;
mod follow;
mod open;
mod parents;
mod parse;
mod row_spool;
mod system;
mod union;
mod whole;

pub(super) use follow::ServerFollower;
pub(super) use open::ServerHistory;
pub(super) use parents::branch_of;
#[cfg(feature = "mirror")]
pub(crate) use parse::{Losses, parse as parse_rows};
