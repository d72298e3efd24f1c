//! The library, in both forms, with a local server.

mod both_forms;
mod concurrent_writers;
mod endless_lists;
mod error_texts;
mod exported;
mod faults;
mod files;
mod first_rows;
mod forks;
mod growing_runs;
mod lists;
mod logs;
mod media;
mod missing_fields;
mod on_disk;
mod public_names;
mod repeats;
mod rows;
mod runs;
mod same_methods;
mod storage;
mod sweeps;
mod tables;
mod updates;
