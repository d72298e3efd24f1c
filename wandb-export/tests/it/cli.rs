//! The program as users meet it: what it writes, what it says, and how it ends.

mod addresses;
mod bad_items;
mod commands;
mod denied_files;
mod dialects;
mod downloads;
mod endings;
mod exit_codes;
mod files;
mod help;
mod large_data;
mod lists;
mod manners;
mod meanwhile;
mod memory;
mod missing;
mod offline;
mod on_disk;
mod on_disk_sessions;
mod on_disk_texts;
mod recorded;
mod set;
mod sweeps;
mod wide;
