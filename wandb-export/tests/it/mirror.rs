//! Mirrors of a local server, by the library and by the program.

mod bad_items;
mod commands;
mod faults;
mod files;
mod histories;
mod killed;
mod lists;
mod logs;
mod names;
mod project;
mod reading;
mod reading_some;
