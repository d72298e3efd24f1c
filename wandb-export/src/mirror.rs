//! Exact, resumable and incremental copies of whole projects on disk.
//!
//! A [`Mirror`] copies a project, or all projects of a user or team, into a folder: runs, histories, system
//! metrics, files, logs and sweeps. It can be interrupted at any moment, even by a power cut, and resumes
//! where it stopped. Later syncs fetch only changes. A run that cannot be fetched does not hold up the others.
//!
//! ```text
//! manifest.jsonl           the index: a line for the project, then one per run, ordered by id
//! runs.jsonl               one line per run, oldest first, with everything that `Runs` writes
//! runs.parquet             the same as a table: config and summary as JSON text, and their scalars as columns
//! sweeps.parquet           one row per sweep
//! history/RUN.parquet      the rows that a run logged, one per step; the first column is run_id
//! system/RUN.parquet       the system metrics of the run's machine
//! logs/RUN.log             the console output of the run
//! files/RUN/…              the files that the run saved
//! ```
//!
//! A mirror is read like a server: [`Api::run`](crate::Api::run), [`Api::runs`](crate::Api::runs) and the other methods accept the folder of a
//! project, optionally followed by a run's id, in place of a path. `docs/mirror.md` lists the few
//! differences.
//!
//! Empty tables and logs are not written. A run's files get another name if its id is not a valid file name
//! on every system, or would clash with another run's. The run's line in the manifest then gives the name
//! (`here`).
//!
//! ```no_run
//! # #[cfg(feature = "async")]
//! # async fn example() -> Result<(), wandb_export::Error> {
//! use wandb_export::mirror::Part;
//!
//! let api = wandb_export::Api::connect()?;
//! let mirror = api.mirror("my-team/my-project").await?.without(Part::Files);
//! let report = mirror.sync("archive").await?;
//! for project in &report.projects {
//!     println!("{} new, {} unchanged", project.new, project.same);
//! }
//! assert!(report.is_complete());
//! # Ok(())
//! # }
//! ```

pub use wandb_mirror::{Contents, Part, UnknownPart};

pub use crate::copy::{Mirror, MirrorEvent, MirrorReport, Missing, ProjectReport};
