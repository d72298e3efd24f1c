//! The library, in both forms, with a local server.

mod artifact_downloads;
mod artifact_references;
mod artifacts;
mod both_forms;
mod concurrent_writers;
mod download_window;
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
mod missing_fields;
mod on_disk;
mod public_names;
mod repeats;
mod rows;
mod runs;
mod same_methods;
mod storage;
mod sweeps;
mod updates;
