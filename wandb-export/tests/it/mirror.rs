//! Mirrors of a local server, made by the library and by the program.

mod bad_items;
mod commands;
mod faults;
mod files;
mod histories;
mod killed;
mod lists;
mod logs;
mod names;
mod partial_reads;
mod project;
mod reading;
mod window;
