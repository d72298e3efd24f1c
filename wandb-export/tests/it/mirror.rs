//! Mirrors of a local server, by the library and by the program.

mod commands;
mod faults;
mod files;
mod histories;
mod killed;
mod lists;
mod logs;
mod project;
mod reading;
mod reading_some;
