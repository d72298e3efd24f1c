//! [`Store`]: seeding, faults, missing fields, exports and the request log, from Rust.

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

/// What a call on the [`Store`] can fail with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// No run has that path.
    #[error("the store has no run {0:?} (expected entity/project/run)")]
    NoSuchRun(String),
    /// The history could not be written as Parquet.
    #[error("cannot export the history of {path:?} as Parquet: {source}")]
    Export {
        /// Path of the run.
        path: String,
        /// What the Parquet writer said.
        source: parquet::errors::ParquetError,
    },
    /// A field to leave out is not in the schema.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The state could not be read or written.
    #[error("cannot read or write the recording {path}: {source}")]
    Recording {
        /// File or directory.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// A handle on the data of a running server; clones are handles on the same data.
#[derive(Debug, Clone)]
pub struct Store(pub(crate) Arc<Shared>);

impl Store {
    /// The data of a server that listens nowhere: whoever has it [answers](Self::answer) requests.
    ///
    /// # Errors
    ///
    /// If the schema is broken.
    pub fn without_server(options: Options) -> Result<Self, StoreError> {
        let shared = Shared::new(options)?;
        shared.set_urls(Urls {
            base: "http://server.test".to_owned(),
            storage: "http://storage.test".to_owned(),
            unreachable: "http://unreachable.test".to_owned(),
        });
        Ok(Self(Arc::new(shared)))
    }

    /// What a server of this data answers, on the port of the request's address, without any network or fault.
    pub fn answer(&self, request: &http::Request<Bytes>) -> http::Response<Bytes> {
        crate::http::answer(&self.0, request)
    }

    /// Adds a run, or replaces the one of the same path.
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

    /// Adds rows at the end of a run's history, each as JSON text.
    pub fn append_history(&self, path: &str, rows: Vec<String>) -> Result<(), StoreError> {
        self.with_run(path, |run| Arc::make_mut(&mut run.history).append(rows))
    }

    /// Adds rows of system metrics, each as JSON text.
    pub fn append_events(&self, path: &str, rows: Vec<String>) -> Result<(), StoreError> {
        self.with_run(path, |run| Arc::make_mut(&mut run.events).append(rows))
    }

    /// Changes the state of a run, which counts as a sign of life.
    pub fn set_run_state(&self, path: &str, run_state: RunState) -> Result<(), StoreError> {
        self.with_run(path, |run| {
            run.facts.state = run_state;
            run.facts.heartbeat_at = Timestamp::now();
        })
    }

    /// Gives fewer of a run's rows from now on, or tells wrong things of them.
    pub fn limit_rows(&self, path: &str, limits: RowLimits) -> Result<(), StoreError> {
        self.with_run(path, |run| run.limits = limits)
    }

    /// Changes the name that is shown of a run.
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

    /// Adds lines to what a run has printed.
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

    /// Tells another MD5 digest (in base64) of a run's file than that of its content, as a broken storage would.
    pub fn set_digest(&self, path: &str, name: &str, md5: &str) -> Result<(), StoreError> {
        self.with_file(path, name, |file| md5.clone_into(&mut file.md5))
    }

    /// Tells no MD5 digests of a run's files any more, as some storages know none.
    pub fn forget_digests(&self, path: &str) -> Result<(), StoreError> {
        self.with_run(path, |run| run.files.values_mut().for_each(|file| file.md5.clear()))
    }

    /// Tells another size of a run's file than that of its content, or none.
    pub fn set_listed_size(&self, path: &str, name: &str, size: Option<u64>) -> Result<(), StoreError> {
        self.with_file(path, name, |file| file.size = size)
    }

    /// Makes the storage tell another MD5 digest (in base64) of a run's file than that of its content, as where it was
    /// damaged on the way.
    pub fn set_stored_digest(&self, path: &str, name: &str, md5: &str) -> Result<(), StoreError> {
        self.with_file(path, name, |file| md5.clone_into(&mut file.stored_md5))
    }

    /// Makes a file of a run a reference: both of its addresses are then that of an object elsewhere.
    pub fn set_reference(&self, path: &str, name: &str, address: &str) -> Result<(), StoreError> {
        self.with_file(path, name, |file| file.reference = Some(address.to_owned()))
    }

    /// Changes how the storage behaves from now on.
    pub fn set_storage(&self, behaviour: StorageBehaviour) {
        self.0.set_storage(behaviour);
    }

    /// Adds a project without runs; one that exists stays as it is.
    pub fn add_project(&self, entity: &str, name: &str) {
        self.0.write().project_mut(entity, name);
    }

    /// Adds or replaces a sweep.
    pub fn add_sweep(&self, new: NewSweep) {
        let mut state = self.0.write();
        let project = state.project_mut(&new.entity, &new.project);
        project.facts.sweeps.insert(new.name.clone(), new.into_sweep());
    }

    /// Exports the history of a run (`entity/project/run`) as Parquet files behind signed URLs. Rows added
    /// later are live.
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

    /// Serves a schema without some fields, as older servers do: pairs of type and field, or of `Type.field`
    /// and argument. Replaces what was left out before.
    pub fn set_missing_fields(&self, missing: &[(&str, &str)]) -> Result<(), StoreError> {
        self.set_dialect(Dialect::default(), missing)
    }

    /// The same for a server that is compatible with W&B's but differs in its words. The types of what is missing are
    /// named as W&B's own server names them. [`Store::set_missing_fields`] ends it.
    pub fn set_dialect(&self, dialect: Dialect, missing: &[(&str, &str)]) -> Result<(), StoreError> {
        self.0.serve(ServedSchema::of_dialect(dialect, missing)?);
        Ok(())
    }

    /// Makes the server behave as another one from the next request on; the default is the public service.
    pub fn set_quirks(&self, quirks: Quirks) {
        self.0.set_quirks(quirks);
    }

    /// Sets one of the features that `serverInfo` reports.
    pub fn set_feature(&self, name: &str, enabled: bool) {
        self.0.set_feature(name, enabled);
    }

    /// Makes the server fail on purpose from now on, as told; the default is no faults.
    pub fn set_faults(&self, faults: Faults) {
        *self.0.faults() = FaultState::new(faults);
    }

    /// The requests since the start or the last [`Store::clear_requests`], oldest first. The log keeps the
    /// last 100 000.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.0.log.all()
    }

    /// Forgets the requests seen so far.
    pub fn clear_requests(&self) {
        self.0.log.clear();
    }

    /// Saves everything to a directory, in the form [`crate::Options::data_dir`] reads.
    pub fn save(&self, directory: &Path) -> Result<(), StoreError> {
        persist::save(&self.0.read(), directory)
            .map_err(|source| StoreError::Recording { path: directory.to_owned(), source })
    }

    /// Saves everything as one compressed archive, in the form [`crate::Options::fixtures`] reads.
    pub fn pack(&self, archive: &Path) -> Result<(), StoreError> {
        persist::pack(&self.0.read(), archive)
            .map_err(|source| StoreError::Recording { path: archive.to_owned(), source })
    }

    /// Loads a recording beside what is there.
    pub fn load(&self, path: &Path) -> Result<(), StoreError> {
        persist::load(&mut self.0.write(), path)
            .map_err(|source| StoreError::Recording { path: path.to_owned(), source })
    }

    /// Paths of all runs, `entity/project/run`.
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

fn split(path: &str) -> Result<(&str, &str, &str), StoreError> {
    let mut parts = path.splitn(3, '/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(entity), Some(project), Some(run)) => Ok((entity, project, run)),
        _ => Err(StoreError::NoSuchRun(path.to_owned())),
    }
}
