//! [`Store`]: adds artifacts, changes them, and damages them on purpose.

use bytes::Bytes;
use indexmap::IndexMap;

use super::create::NewVersion;
use super::encode_id;
use super::files::{file_key, hex_id};
use super::link::LinkTarget;
use super::manifest::{Contents, Entry, Manifest, ManifestKind, StorageLayout};
use super::seed::NewArtifact;
use super::version::{Artifact, ArtifactState, Creator, Use};
use crate::store::handle::{Store, StoreError, split};
use crate::store::md5_base64;
use crate::store::state::State;

/// Name of a manifest's file.
const MANIFEST_FILE: &str = "wandb_manifest.json";

impl Store {
    /// Adds a version, and returns its path, such as `team/project/data:v0`. If the latest version has the same
    /// content, no version is added, and its path is returned.
    ///
    /// # Errors
    ///
    /// Fails if the collection exists with another type.
    ///
    /// ```
    /// use wandb_local_server::{NewArtifact, Options, Store};
    ///
    /// let store = Store::without_server(Options::default())?;
    /// let new = NewArtifact::new("team", "project", "data", "dataset").file("a.txt", "hello");
    /// assert_eq!(store.add_artifact(new.clone())?, "team/project/data:v0");
    /// assert_eq!(store.add_artifact(new)?, "team/project/data:v0");
    /// # Ok::<(), wandb_local_server::StoreError>(())
    /// ```
    pub fn add_artifact(&self, new: NewArtifact) -> Result<String, StoreError> {
        let mut state = self.0.write();
        state.project_mut(&new.entity, &new.project);
        let mut contents = unstored_contents(&new);
        let creator = match new.run {
            Some(run) => Creator::Run(new.entity.clone(), new.project.clone(), run),
            None => Creator::User(self.0.owner()),
        };
        let created = state.artifacts.create(NewVersion {
            entity: new.entity.clone(),
            project: new.project.clone(),
            collection: new.collection.clone(),
            type_name: new.type_name,
            digest: contents.digest(new.algorithm),
            algorithm: new.algorithm,
            description: new.description,
            metadata: new.metadata,
            labels: None,
            ttl: new.ttl,
            history_step: new.history_step,
            aliases: new.aliases,
            tags: new.tags,
            creator,
            client_id: None,
            distributed_id: None,
            deduplicate: true,
        });
        let number = created.map_err(StoreError::Artifact)?;
        let root = format!("{}/{}/{}", new.entity, new.project, new.collection);
        let artifact = state.artifacts.version(number).cloned();
        let artifact = artifact.ok_or_else(|| StoreError::NoSuchArtifact(root.clone()))?;
        if artifact.state == ArtifactState::Pending {
            for (path, bytes) in new.files {
                if let Some(entry) = contents.entries.get_mut(path.as_str()) {
                    store_file(&mut state, &artifact, entry, bytes, new.layout);
                }
            }
            state.commit_contents(number, contents).map_err(StoreError::Artifact)?;
        }
        let version = state.artifacts.version(number).and_then(|artifact| artifact.version());
        Ok(format!("{root}:{}", version.unwrap_or_default()))
    }

    /// Records that a run (`entity/project/run`) uses a version.
    pub fn use_artifact(&self, run: &str, artifact: &str) -> Result<(), StoreError> {
        let (entity, project, name) = split(run)?;
        let run = (entity.to_owned(), project.to_owned(), name.to_owned());
        self.with_artifact(artifact, |state, artifact| {
            state.artifacts.record_use(Use { run, artifact: artifact.number });
        })
    }

    /// Links a version into the portfolio `entity/project/name`, which is created if it does not exist. Returns the path of
    /// the linked version.
    pub fn link_artifact(
        &self,
        artifact: &str,
        portfolio: &str,
        aliases: &[&str],
    ) -> Result<String, StoreError> {
        let (entity, project, name) = split(portfolio)?;
        let target = LinkTarget {
            entity: entity.to_owned(),
            project: project.to_owned(),
            portfolio: name.to_owned(),
            aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
        };
        let linked = self.with_artifact(artifact, |state, artifact| {
            state.project_mut(&target.entity, &target.project);
            state.artifacts.link(artifact.number, &target)
        })?;
        Ok(format!("{portfolio}:{}", linked.map_err(StoreError::Artifact)?.version()))
    }

    /// Adds the registry `wandb-registry-NAME` of an organization, which accepts these types of artifacts, or all if there
    /// are none. Returns its path, `entity/project`.
    pub fn add_registry(&self, organization: &str, name: &str, types: &[&str]) -> Result<String, StoreError> {
        let organizations = &self.0.options.organizations;
        let owner = organizations.iter().find(|known| known.name == organization);
        let owner = owner.ok_or_else(|| StoreError::NoSuchOrganization(organization.to_owned()))?;
        let project = format!("wandb-registry-{name}");
        let mut state = self.0.write();
        state.project_mut(&owner.entity, &project).facts.accepts_all_types = Some(types.is_empty());
        for accepted in types {
            state.artifacts.ensure_type(&owner.entity, &project, accepted);
        }
        Ok(format!("{}/{project}", owner.entity))
    }

    /// Moves an alias to a version.
    pub fn set_alias(&self, artifact: &str, alias: &str) -> Result<(), StoreError> {
        self.with_member(artifact, |state, collection, artifact| {
            if let Some(collection) = state.artifacts.collection_mut(collection) {
                collection.assign_alias(artifact.number, alias);
            }
        })
    }

    /// Sets the tags and the description of a collection, `entity/project/name`.
    pub fn describe_collection(
        &self,
        collection: &str,
        description: &str,
        tags: &[&str],
    ) -> Result<(), StoreError> {
        let (entity, project, name) = split(collection)?;
        let mut state = self.0.write();
        let number = state.artifacts.collection_named(entity, project, name).map(|known| known.number);
        let known = number.and_then(|number| state.artifacts.collection_mut(number));
        let known = known.ok_or_else(|| StoreError::NoSuchArtifact(collection.to_owned()))?;
        known.description = Some(description.to_owned());
        known.tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        Ok(())
    }

    /// Deletes a version.
    pub fn delete_artifact(&self, artifact: &str) -> Result<(), StoreError> {
        self.with_artifact(artifact, |state, artifact| state.artifacts.delete_version(artifact.number))
    }

    /// Returns the id of a version.
    pub fn artifact_id(&self, artifact: &str) -> Result<String, StoreError> {
        self.with_artifact(artifact, |_, artifact| artifact.id())
    }

    /// Sets the reported state of a version.
    pub fn set_artifact_state(&self, artifact: &str, reported: ArtifactState) -> Result<(), StoreError> {
        self.change_version(artifact, |version| version.state = reported)
    }

    /// Sets the digest of a version, which then differs from that of its manifest.
    pub fn set_artifact_digest(&self, artifact: &str, digest: &str) -> Result<(), StoreError> {
        self.change_version(artifact, |version| digest.clone_into(&mut version.digest))
    }

    /// Sets the reported size and number of files of a version.
    pub fn set_artifact_size(&self, artifact: &str, size: u64, file_count: u64) -> Result<(), StoreError> {
        self.change_version(artifact, |version| (version.size, version.file_count) = (size, file_count))
    }

    /// Returns the text of a version's manifest.
    pub fn artifact_manifest(&self, artifact: &str) -> Result<Bytes, StoreError> {
        let text = self.with_artifact(artifact, |state, artifact| {
            let key = state.artifacts.current_manifest(artifact).map(Manifest::blob_key)?;
            Some(Bytes::from(state.blobs.get(&key)?.to_vec()))
        })?;
        text.ok_or_else(|| StoreError::NoSuchArtifact(artifact.to_owned()))
    }

    /// Replaces the text of a version's manifest, which need not be valid. The digest and the size of the version stay.
    pub fn set_manifest(&self, artifact: &str, text: impl Into<Bytes>) -> Result<(), StoreError> {
        let text = text.into();
        self.with_artifact(artifact, |state, artifact| {
            let Some(manifest) = state.artifacts.current_manifest(artifact) else { return };
            let (number, key) = (manifest.number, manifest.blob_key());
            state.put_artifact_blob(&key, text);
            let contents = state.parse_manifest(number).ok();
            if let Some(manifest) = state.artifacts.manifest_mut(number) {
                manifest.contents = contents;
            }
        })
    }

    /// Replaces the stored bytes of an entry, which then differ from its digest and size. All versions with that file
    /// are affected.
    pub fn set_artifact_file(
        &self,
        artifact: &str,
        path: &str,
        bytes: impl Into<Bytes>,
    ) -> Result<(), StoreError> {
        let bytes = bytes.into();
        self.with_entry(artifact, path, |state, key| state.put_artifact_blob(key, bytes))
    }

    /// Removes the stored bytes of an entry. All versions with that file are affected.
    pub fn remove_artifact_file(&self, artifact: &str, path: &str) -> Result<(), StoreError> {
        self.with_entry(artifact, path, |state, key| {
            state.blobs.remove(key);
        })
    }

    fn with_entry(
        &self,
        artifact: &str,
        path: &str,
        change: impl FnOnce(&mut State, &str),
    ) -> Result<(), StoreError> {
        let found = self.with_artifact(artifact, |state, version| {
            let contents = state.artifacts.contents(version);
            let key = contents.entries.get(path).map(|entry| state.artifacts.entry_key(version, entry));
            key.map(|key| change(state, &key)).is_some()
        })?;
        if found { Ok(()) } else { Err(StoreError::NoSuchArtifact(format!("{artifact}/{path}"))) }
    }

    fn change_version(&self, path: &str, change: impl FnOnce(&mut Artifact)) -> Result<(), StoreError> {
        self.with_artifact(path, |state, artifact| {
            if let Some(version) = state.artifacts.version_mut(artifact.number) {
                change(version);
            }
        })
    }

    fn with_artifact<T>(
        &self,
        path: &str,
        action: impl FnOnce(&mut State, &Artifact) -> T,
    ) -> Result<T, StoreError> {
        self.with_member(path, |state, _, artifact| action(state, artifact))
    }

    /// Passes the collection and the version at a path `entity/project/collection:alias`.
    fn with_member<T>(
        &self,
        path: &str,
        action: impl FnOnce(&mut State, u64, &Artifact) -> T,
    ) -> Result<T, StoreError> {
        let none = || StoreError::NoSuchArtifact(path.to_owned());
        let (root, alias) = path.rsplit_once(':').ok_or_else(none)?;
        let (entity, project, name) = split(root)?;
        let mut state = self.0.write();
        let collection = state.artifacts.collection_named(entity, project, name).ok_or_else(none)?;
        let member = state.artifacts.find_member(collection, alias).ok_or_else(none)?;
        let artifact = state.artifacts.version(member.artifact).cloned().ok_or_else(none)?;
        let number = collection.number;
        Ok(action(&mut state, number, &artifact))
    }
}

/// Returns the entries of a version before its files are stored.
fn unstored_contents(new: &NewArtifact) -> Contents {
    let mut entries = IndexMap::new();
    for (path, bytes) in &new.files {
        let entry = Entry {
            digest: new.algorithm.file_digest(bytes).into(),
            size: Some(bytes.len() as u64),
            algorithm: new.algorithm,
            ..Entry::default()
        };
        entries.insert(path.as_str().into(), entry);
    }
    for reference in &new.references {
        let entry = Entry {
            digest: reference.digest.as_str().into(),
            size: reference.size,
            reference: Some(reference.address.as_str().into()),
            ..Entry::default()
        };
        entries.insert(reference.path.as_str().into(), entry);
    }
    Contents::new(new.layout, entries)
}

/// Stores the bytes of an entry, unless an earlier version has them.
fn store_file(
    state: &mut State,
    artifact: &Artifact,
    entry: &mut Entry,
    bytes: Bytes,
    layout: StorageLayout,
) {
    let digest = hex_id(&entry.digest);
    let known = state.artifacts.birth_of(artifact, &digest);
    let birth = known.unwrap_or(artifact.number);
    if layout == StorageLayout::V2 {
        entry.birth = Some(encode_id("Artifact", birth).into());
    }
    if known.is_none() {
        state.put_artifact_blob(&file_key(birth, &digest), bytes);
    }
}

impl State {
    /// Commits a version with these entries, whose files are stored.
    pub(super) fn commit_contents(&mut self, number: u64, contents: Contents) -> Result<(), String> {
        let text = contents.to_text();
        let digest = md5_base64(text.as_bytes());
        let manifest =
            self.artifacts.create_manifest(number, MANIFEST_FILE, ManifestKind::Full, &digest, None);
        let key = self.artifacts.manifest(manifest).map(Manifest::blob_key).unwrap_or_default();
        self.put_artifact_blob(&key, text);
        if let Some(manifest) = self.artifacts.manifest_mut(manifest) {
            manifest.contents = Some(contents.into());
        }
        self.commit_artifact(number)
    }
}
