//! The library in both forms against a local server.

mod both_forms;
mod endings;
mod exported;
mod faults;
mod few_rows;
mod files;
mod forks;
mod growing;
mod lacking;
mod lists;
mod logs;
mod on_disk;
mod repeats;
mod rows;
mod runs;
mod storages;
mod sweeps;
mod updates;
mod writers;
