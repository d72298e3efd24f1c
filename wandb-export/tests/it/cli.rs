//! The program as users see it: output, messages and exit codes.

mod addresses;
mod bad_items;
mod commands;
mod dialects;
mod downloads;
mod exit_codes;
mod files;
mod help;
mod inexact_files;
mod large_data;
mod limits;
mod lists;
mod media;
mod memory;
mod missing;
mod offline;
mod on_disk;
mod on_disk_sessions;
mod on_disk_texts;
mod process;
mod recorded;
mod set;
mod sweeps;
mod tables;
mod while_running;
mod wide_tables;
