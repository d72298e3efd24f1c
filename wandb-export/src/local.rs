//! Runs on disk: files that the SDK wrote, online or offline, and mirrors of projects.

mod choose;
mod console;
mod feed;
mod files;
mod find;
mod follow;
mod join;
mod lines;
mod merge;
mod open;
mod path;
mod run;
mod session;
mod session_files;
mod sessions;
mod source;
mod texts;

pub(crate) use console::Console;
pub(crate) use feed::{Ask, Feed, Wanted};
pub(crate) use follow::{News, TailReader};
pub(crate) use open::{LocalProject, open_project, open_rows, open_run, open_sweep};
pub(crate) use path::LocalPath;
pub(crate) use run::LocalRun;
