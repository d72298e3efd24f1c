//! The server's data, which one lock protects.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use base64::Engine as _;
use indexmap::IndexMap;
use jiff::Timestamp;
use md5::{Digest as _, Md5};
use serde::{Deserialize, Serialize};

use super::artifacts::{Artifacts, is_artifact_blob};
use super::blob::Blob;
use super::run::{FileFacts, Run, RunFacts, RunState, blob_key, storage_id};
use super::sweep::Sweep;

/// All projects with their runs, and the bytes of all files.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) projects: IndexMap<(String, String), Project>,
    pub(crate) blobs: HashMap<String, Blob>,
    pub(crate) artifacts: Artifacts,
    next_number: u64,
}

/// The metadata of a project, saved as `project.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ProjectFacts {
    /// The `internalId` of the project.
    pub(crate) number: u64,
    pub(crate) entity: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) created_at: Timestamp,
    /// `PRIVATE`, `RESTRICTED` and so on; the default is `PRIVATE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) access: Option<String>,
    /// Whether a registry accepts all types of artifacts, which is the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) accepts_all_types: Option<bool>,
    #[serde(default)]
    pub(crate) sweeps: BTreeMap<String, Sweep>,
}

/// A project and its runs, oldest first.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    pub(crate) facts: ProjectFacts,
    pub(crate) runs: IndexMap<String, Arc<Run>>,
}

impl ProjectFacts {
    pub(crate) fn storage_id(&self) -> String {
        storage_id("Project:v1", &format!("{}:{}", self.name, self.entity))
    }
}

impl State {
    pub(crate) fn project(&self, entity: &str, name: &str) -> Option<&Project> {
        self.projects.get(&(entity.to_owned(), name.to_owned()))
    }

    /// Returns the project, and creates it if it does not exist.
    pub(crate) fn project_mut(&mut self, entity: &str, name: &str) -> &mut Project {
        let next = &mut self.next_number;
        self.projects.entry((entity.to_owned(), name.to_owned())).or_insert_with(|| {
            *next += 1;
            let facts = ProjectFacts {
                number: *next,
                entity: entity.to_owned(),
                name: name.to_owned(),
                description: None,
                created_at: Timestamp::now(),
                access: None,
                accepts_all_types: None,
                sweeps: BTreeMap::new(),
            };
            Project { facts, runs: IndexMap::new() }
        })
    }

    pub(crate) fn run(&self, entity: &str, project: &str, name: &str) -> Option<&Arc<Run>> {
        self.project(entity, project)?.runs.get(name)
    }

    pub(crate) fn run_mut(&mut self, entity: &str, project: &str, name: &str) -> Option<&mut Run> {
        let project = self.projects.get_mut(&(entity.to_owned(), project.to_owned()))?;
        project.runs.get_mut(name).map(Arc::make_mut)
    }

    /// Finds a run by its storage id. Returns (entity, project, name).
    pub(crate) fn find_storage_id(&self, id: &str) -> Option<(String, String, String)> {
        let bytes = base64::engine::general_purpose::STANDARD.decode(id).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let mut parts = text.strip_prefix("Run:v1:")?.splitn(3, ':');
        let (name, project, entity) = (parts.next()?, parts.next()?, parts.next()?);
        self.run(entity, project, name)?;
        Some((entity.to_owned(), project.to_owned(), name.to_owned()))
    }

    /// Adds a run, or replaces the one of the same name.
    pub(crate) fn insert(&mut self, run: Run) {
        let project = self.project_mut(&run.entity, &run.project);
        project.runs.insert(run.facts.name.clone(), Arc::new(run));
    }

    /// Creates an empty run without adding it to the store.
    pub(crate) fn blank_run(&mut self, entity: &str, project: &str, name: &str, user: &str) -> Run {
        self.next_number += 1;
        let now = Timestamp::now();
        let facts = RunFacts {
            number: self.next_number,
            name: name.to_owned(),
            display_name: None,
            state: RunState::Running,
            config: "{}".to_owned(),
            summary: None,
            tags: Vec::new(),
            notes: None,
            description: None,
            group: None,
            job_type: None,
            commit: None,
            host: None,
            program: None,
            sweep: None,
            user: user.to_owned(),
            created_at: now,
            heartbeat_at: now,
            exit_code: None,
            stopped: false,
        };
        Run::new(entity, project, facts)
    }

    pub(crate) fn remove_run(&mut self, entity: &str, project: &str, name: &str) -> bool {
        let Some(project_entry) = self.projects.get_mut(&(entity.to_owned(), project.to_owned())) else {
            return false;
        };
        let prefix = blob_key(entity, project, name, "");
        self.blobs.retain(|key, _| !key.starts_with(&prefix));
        project_entry.runs.shift_remove(name).is_some()
    }

    /// Renames a project. Its runs are moved with it only if there are none, as their files are stored by its name.
    pub(crate) fn rename_project(&mut self, entity: &str, old: &str, new: &str) -> Result<(), String> {
        let (from, to) = ((entity.to_owned(), old.to_owned()), (entity.to_owned(), new.to_owned()));
        let known = self.projects.get(&from).ok_or_else(|| format!("project {old:?} not found"))?;
        if !known.runs.is_empty() {
            return Err("the local server does not rename projects with runs".to_owned());
        }
        if self.projects.contains_key(&to) {
            return Err(format!("project {new:?} already exists"));
        }
        if let Some(mut project) = self.projects.shift_remove(&from) {
            new.clone_into(&mut project.facts.name);
            self.projects.insert(to, project);
        }
        self.artifacts.rename_project(entity, old, new);
        Ok(())
    }

    /// Removes a project with its runs and artifacts.
    pub(crate) fn remove_project(&mut self, entity: &str, name: &str) {
        let runs = self.project(entity, name).map(|project| project.runs.keys().cloned().collect::<Vec<_>>());
        for run in runs.unwrap_or_default() {
            self.remove_run(entity, name, &run);
        }
        self.projects.shift_remove(&(entity.to_owned(), name.to_owned()));
        self.artifacts.remove_project(entity, name);
    }

    /// Stores the bytes of a run's file and adds it to the run's list. Returns false if the run does not exist.
    pub(crate) fn put_file(
        &mut self,
        entity: &str,
        project: &str,
        run: &str,
        name: &str,
        blob: impl Into<Blob>,
    ) -> bool {
        let blob = blob.into();
        let digest = blob.clone().fold(Md5::new(), |digest, chunk| digest.chain_update(&chunk)).finalize();
        let md5 = base64::engine::general_purpose::STANDARD.encode(digest);
        let facts = FileFacts {
            size: Some(blob.len() as u64),
            stored_md5: md5.clone(),
            md5,
            reference: None,
            updated_at: Timestamp::now(),
        };
        let Some(entry) = self.run_mut(entity, project, run) else { return false };
        entry.files.insert(name.to_owned(), facts);
        self.blobs.insert(blob_key(entity, project, run, name), blob);
        true
    }

    /// Returns the stored MD5 digest in base64 of a blob that is the file of a run or belongs to an artifact.
    pub(crate) fn file_digest(&self, key: &str) -> Option<&str> {
        if is_artifact_blob(key) {
            return self.artifacts.stored_md5(key);
        }
        let parts: Vec<&str> = key.splitn(5, '/').collect();
        let ["runs", entity, project, run, file] = parts[..] else { return None };
        Some(&self.run(entity, project, run)?.files.get(file)?.stored_md5)
    }

    /// Reserves a number from a recording, so that it is not assigned again.
    pub(crate) fn reserve(&mut self, number: u64) {
        self.next_number = self.next_number.max(number);
    }
}

/// Returns the MD5 digest in base64, as W&B reports it for files.
pub(crate) fn md5_base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(Md5::digest(bytes))
}
