//! The program as users meet it: what it writes, what it says, and how it ends.

mod addresses;
mod commands;
mod denied_files;
mod dialects;
mod downloads;
mod exit_codes;
mod files;
mod help;
mod lists;
mod meanwhile;
mod missing;
mod offline;
mod on_disk;
mod on_disk_sessions;
mod on_disk_texts;
mod recorded;
mod set;
mod sweeps;
mod wide;
