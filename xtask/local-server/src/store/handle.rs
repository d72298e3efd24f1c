//! [`Store`]: the API to seed data, inject faults, hide fields, export runs, and read the request log.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use super::export::{ExportOptions, export};
use super::limits::RowLimits;
use super::run::RunState;
use super::seed::NewRun;
use super::shared::{Shared, Urls};
use super::storage::StorageBehaviour;
use super::sweep::NewSweep;
use super::{persist, run};
use crate::faults::{FaultState, Faults};
use crate::graphql::{Dialect, SchemaError, ServedSchema};
use crate::options::Options;
use crate::quirks::Quirks;
use crate::request_log::RequestRecord;

/// An error of [`Store`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// No run has that path.
    #[error("the store has no run {0:?} (expected entity/project/run)")]
    NoSuchRun(String),
    /// No artifact has that path.
    #[error("the store has no artifact {0:?} (expected entity/project/collection:alias)")]
    NoSuchArtifact(String),
    /// No organization has that name.
    #[error("the server has no organization {0:?}")]
    NoSuchOrganization(String),
    /// An artifact cannot be added or linked.
    #[error("cannot add or link the artifact: {0}")]
    Artifact(String),
    /// The history could not be written as Parquet.
    #[error("cannot export the history of {path:?} as Parquet: {source}")]
    Export {
        /// Path of the run.
        path: String,
        /// The error of the Parquet writer.
        source: parquet::errors::ParquetError,
    },
    /// A field to hide is not in the schema.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The state could not be read or written.
    #[error("cannot read or write the recording {path}: {source}")]
    Recording {
        /// File or directory.
        path: std::path::PathBuf,
        /// The I/O error.
        source: std::io::Error,
    },
}

/// A handle to the data of a server. Clones refer to the same data.
#[derive(Debug, Clone)]
pub struct Store(pub(crate) Arc<Shared>);

impl Store {
    /// Creates the data of a server without sockets. Pass requests to [`answer`](Self::answer).
    ///
    /// # Errors
    ///
    /// Fails if the schema is invalid.
    pub fn without_server(options: Options) -> Result<Self, StoreError> {
        let shared = Shared::new(options)?;
        shared.set_urls(Urls {
            base: "http://server.test".to_owned(),
            storage: "http://storage.test".to_owned(),
            unreachable: "http://unreachable.test".to_owned(),
        });
        Ok(Self(Arc::new(shared)))
    }

    /// Responds to a request as the port in its URL would, without network or faults.
    pub fn answer(&self, request: &http::Request<Bytes>) -> http::Response<Bytes> {
        crate::http::answer(&self.0, request)
    }

    /// Adds a run, or replaces the one with the same path.
    pub fn add_run(&self, new: NewRun) {
        let mut state = self.0.write();
        let user = new.user.unwrap_or_else(|| self.0.owner());
        let mut run = state.blank_run(&new.entity, &new.project, &new.name, &user);
        run.facts.display_name = new.display_name;
        run.facts.state = new.state;
        run.facts.exit_code = match new.state {
            RunState::Finished => Some(0),
            RunState::Failed => Some(1),
            _ => None,
        };
        run.facts.tags = new.tags;
        run.facts.notes = new.notes;
        run.facts.group = new.group;
        run.facts.job_type = new.job_type;
        run.facts.sweep = new.sweep;
        if let Some(created_at) = new.created_at {
            run.facts.created_at = created_at;
        }
        run.facts.heartbeat_at = new.heartbeat_at.or(new.created_at).unwrap_or(run.facts.heartbeat_at);
        run.set_config(new.config);
        if let Some(summary) = new.summary {
            run.set_summary(summary);
        }
        Arc::make_mut(&mut run.history).append(new.history);
        Arc::make_mut(&mut run.events).append(new.events);
        run.log = Arc::new(new.log);
        state.insert(run);
    }

    /// Appends rows to a run's history, each as JSON text.
    pub fn append_history(&self, path: &str, rows: Vec<String>) -> Result<(), StoreError> {
        self.with_run(path, |run| Arc::make_mut(&mut run.history).append(rows))
    }

    /// Appends rows of system metrics, each as JSON text.
    pub fn append_events(&self, path: &str, rows: Vec<String>) -> Result<(), StoreError> {
        self.with_run(path, |run| Arc::make_mut(&mut run.events).append(rows))
    }

    /// Sets the state of a run, and counts as a heartbeat.
    pub fn set_run_state(&self, path: &str, run_state: RunState) -> Result<(), StoreError> {
        self.with_run(path, |run| {
            run.facts.state = run_state;
            run.facts.heartbeat_at = Timestamp::now();
        })
    }

    /// Limits the rows of a run that are returned from now on, or falsifies their metadata.
    pub fn limit_rows(&self, path: &str, limits: RowLimits) -> Result<(), StoreError> {
        self.with_run(path, |run| run.limits = limits)
    }

    /// Changes the display name of a run.
    pub fn rename_run(&self, path: &str, display_name: &str) -> Result<(), StoreError> {
        self.with_run(path, |run| run.facts.display_name = Some(display_name.to_owned()))
    }

    /// Removes a run.
    pub fn remove_run(&self, path: &str) -> Result<(), StoreError> {
        let (entity, project, run) = split(path)?;
        if self.0.write().remove_run(entity, project, run) {
            return Ok(());
        }
        Err(StoreError::NoSuchRun(path.to_owned()))
    }

    /// Appends lines to a run's console output.
    pub fn append_log(&self, path: &str, lines: Vec<String>) -> Result<(), StoreError> {
        self.with_run(path, |run| Arc::make_mut(&mut run.log).extend(lines))
    }

    /// Adds or replaces a file of a run.
    pub fn add_file(&self, path: &str, name: &str, bytes: impl Into<Bytes>) -> Result<(), StoreError> {
        let (entity, project, run) = split(path)?;
        if self.0.write().put_file(entity, project, run, name, bytes.into()) {
            return Ok(());
        }
        Err(StoreError::NoSuchRun(path.to_owned()))
    }

    /// Changes the MD5 digest (in base64) listed for a run's file, as a faulty server might.
    pub fn set_digest(&self, path: &str, name: &str, md5: &str) -> Result<(), StoreError> {
        self.with_file(path, name, |file| md5.clone_into(&mut file.md5))
    }

    /// Removes the listed MD5 digests of a run's files, as some storages have none.
    pub fn forget_digests(&self, path: &str) -> Result<(), StoreError> {
        self.with_run(path, |run| run.files.values_mut().for_each(|file| file.md5.clear()))
    }

    /// Changes the size listed for a run's file, or removes it.
    pub fn set_listed_size(&self, path: &str, name: &str, size: Option<u64>) -> Result<(), StoreError> {
        self.with_file(path, name, |file| file.size = size)
    }

    /// Changes the MD5 digest (in base64) that the storage reports for a run's file, as if the file were damaged in
    /// transit.
    pub fn set_stored_digest(&self, path: &str, name: &str, md5: &str) -> Result<(), StoreError> {
        self.with_file(path, name, |file| md5.clone_into(&mut file.stored_md5))
    }

    /// Turns a run's file into a reference: both of its URLs become `address`.
    pub fn set_reference(&self, path: &str, name: &str, address: &str) -> Result<(), StoreError> {
        self.with_file(path, name, |file| file.reference = Some(address.to_owned()))
    }

    /// Sets the behaviour of the storage from now on.
    pub fn set_storage(&self, behaviour: StorageBehaviour) {
        self.0.set_storage(behaviour);
    }

    /// Adds a project without runs, unless it exists.
    pub fn add_project(&self, entity: &str, name: &str) {
        self.0.write().project_mut(entity, name);
    }

    /// Adds or replaces a sweep.
    pub fn add_sweep(&self, new: NewSweep) {
        let mut state = self.0.write();
        let project = state.project_mut(&new.entity, &new.project);
        project.facts.sweeps.insert(new.name.clone(), new.into_sweep());
    }

    /// Exports the history of a run (`entity/project/run`) as Parquet files at signed URLs. Rows added later are live.
    pub fn export_run(&self, path: &str, options: &ExportOptions) -> Result<(), StoreError> {
        let (entity, project, name) = split(path)?;
        let run = self.0.read().run(entity, project, name).cloned();
        let run = run.ok_or_else(|| StoreError::NoSuchRun(path.to_owned()))?;
        let prefix = format!("parquet/{entity}/{project}/{name}/{:08x}", fastrand::u32(..));
        let (export, files) = export(&run.history, options, &prefix)
            .map_err(|source| StoreError::Export { path: path.to_owned(), source })?;
        let mut state = self.0.write();
        state.blobs.extend(files.into_iter().map(|(key, bytes)| (key, bytes.into())));
        let run = state.run_mut(entity, project, name);
        run.ok_or_else(|| StoreError::NoSuchRun(path.to_owned()))?.export = Some(export);
        Ok(())
    }

    /// Hides some fields of the schema, as on older servers: pairs of type and field, or of `Type.field` and argument.
    /// Replaces what an earlier call hid.
    pub fn set_missing_fields(&self, missing: &[(&str, &str)]) -> Result<(), StoreError> {
        self.set_dialect(Dialect::default(), missing)
    }

    /// Hides fields, and imitates a W&B-compatible server that words its errors differently. `missing` uses the type
    /// names of W&B's own server. [`Store::set_missing_fields`] resets the dialect.
    pub fn set_dialect(&self, dialect: Dialect, missing: &[(&str, &str)]) -> Result<(), StoreError> {
        self.0.serve(ServedSchema::of_dialect(dialect, missing)?);
        Ok(())
    }

    /// Sets the server's quirks from the next request on. The default is the public service.
    pub fn set_quirks(&self, quirks: Quirks) {
        self.0.set_quirks(quirks);
    }

    /// Sets a feature that `serverInfo` reports.
    pub fn set_feature(&self, name: &str, enabled: bool) {
        self.0.set_feature(name, enabled);
    }

    /// Sets the faults to inject from now on. The default is none.
    pub fn set_faults(&self, faults: Faults) {
        *self.0.faults() = FaultState::new(faults);
    }

    /// Returns the requests since the start or the last [`Store::clear_requests`], oldest first. The log keeps the last
    /// 100 000.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.0.log.all()
    }

    /// Clears the request log.
    pub fn clear_requests(&self) {
        self.0.log.clear();
    }

    /// Saves the state to a directory, in the format that [`crate::Options::data_dir`] reads.
    pub fn save(&self, directory: &Path) -> Result<(), StoreError> {
        persist::save(&self.0.read(), directory)
            .map_err(|source| StoreError::Recording { path: directory.to_owned(), source })
    }

    /// Saves the state as a compressed archive, in the format that [`crate::Options::fixtures`] reads.
    pub fn pack(&self, archive: &Path) -> Result<(), StoreError> {
        persist::pack(&self.0.read(), archive)
            .map_err(|source| StoreError::Recording { path: archive.to_owned(), source })
    }

    /// Loads a recording in addition to the current data.
    pub fn load(&self, path: &Path) -> Result<(), StoreError> {
        persist::load(&mut self.0.write(), path)
            .map_err(|source| StoreError::Recording { path: path.to_owned(), source })
    }

    /// Returns the paths of all runs, `entity/project/run`.
    pub fn run_paths(&self) -> Vec<String> {
        let state = self.0.read();
        let runs = state.projects.values().flat_map(|project| project.runs.values());
        runs.map(|run| format!("{}/{}/{}", run.entity, run.project, run.facts.name)).collect()
    }

    fn with_file(
        &self,
        path: &str,
        name: &str,
        change: impl FnOnce(&mut run::FileFacts),
    ) -> Result<(), StoreError> {
        self.with_run(path, |run| {
            if let Some(file) = run.files.get_mut(name) {
                change(file);
            }
        })
    }

    fn with_run(&self, path: &str, change: impl FnOnce(&mut run::Run)) -> Result<(), StoreError> {
        let (entity, project, name) = split(path)?;
        let mut state = self.0.write();
        let run = state.run_mut(entity, project, name);
        change(run.ok_or_else(|| StoreError::NoSuchRun(path.to_owned()))?);
        Ok(())
    }
}

/// Splits a path into three parts.
pub(super) fn split(path: &str) -> Result<(&str, &str, &str), StoreError> {
    let mut parts = path.splitn(3, '/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(entity), Some(project), Some(run)) => Ok((entity, project, run)),
        _ => Err(StoreError::NoSuchRun(path.to_owned())),
    }
}
