//! Mirrors of simulated servers, over networks that fail and on disks that fail, stopped at any moment.

mod budget;
mod kills;
mod world;

pub(super) use budget::Budget;
