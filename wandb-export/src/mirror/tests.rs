//! Mirrors of simulated servers on disks that fail.

mod budget;

pub(super) use budget::Budget;
