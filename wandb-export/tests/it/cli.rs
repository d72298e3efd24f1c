//! The program as users meet it: what it writes, what it says, and how it ends.

mod commands;
mod downloads;
mod exit_codes;
mod files;
mod help;
mod lists;
mod meanwhile;
mod missing;
mod offline;
mod on_disk;
mod recorded;
mod set;
mod sweeps;
