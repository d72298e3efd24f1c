//! Shared test support: connections, the program, and seed data.

mod artifacts;
mod connections;
mod logged;
mod program;
mod seed;
mod sweep;
mod tree;

pub(crate) use artifacts::{PROJECT, artifacts};
pub(crate) use connections::{asynchronous, blocking, on_both, server, settings};
pub(crate) use logged::{LOGGED, logged, sha256, table_object};
pub(crate) use program::{Ended, Program, TRANSPORTS};
pub(crate) use seed::{RUN, gapped_run, team};
pub(crate) use sweep::{SWEEP, recorded, sweep};
pub(crate) use tree::tree;
