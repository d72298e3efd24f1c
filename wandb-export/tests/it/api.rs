//! The library in both forms against a local server.

mod both_forms;
mod exported;
mod faults;
mod files;
mod growing;
mod lacking;
mod lists;
mod logs;
mod on_disk;
mod rows;
mod runs;
mod sweeps;
mod updates;
mod writers;
