//! Artifacts, as far as needed to log tables, images and models.

use indexmap::IndexMap;

/// All artifacts by id.
#[derive(Debug, Default)]
pub(crate) struct Artifacts {
    by_id: IndexMap<String, Artifact>,
    manifests: IndexMap<String, Manifest>,
}

/// A version of an artifact.
#[derive(Debug, Clone)]
pub(crate) struct Artifact {
    pub(crate) id: String,
    pub(crate) entity: String,
    pub(crate) project: String,
    pub(crate) collection: String,
    pub(crate) digest: String,
    pub(crate) client_id: Option<String>,
    pub(crate) committed: bool,
}

/// The list of an artifact's files. Its bytes are in the blob store.
#[derive(Debug, Clone)]
pub(crate) struct Manifest {
    pub(crate) id: String,
    pub(crate) artifact: String,
    pub(crate) name: String,
}

impl Artifacts {
    /// Returns the artifact with that collection and digest, and creates it if it does not exist.
    pub(crate) fn create(
        &mut self,
        entity: &str,
        project: &str,
        collection: &str,
        digest: &str,
        client_id: Option<&str>,
    ) -> Artifact {
        let same = |artifact: &&Artifact| {
            (artifact.entity.as_str(), artifact.project.as_str()) == (entity, project)
                && (artifact.collection.as_str(), artifact.digest.as_str()) == (collection, digest)
        };
        if let Some(artifact) = self.by_id.values().find(same) {
            return artifact.clone();
        }
        let artifact = Artifact {
            id: super::run::storage_id("Artifact", &(self.by_id.len() + 1).to_string()),
            entity: entity.to_owned(),
            project: project.to_owned(),
            collection: collection.to_owned(),
            digest: digest.to_owned(),
            client_id: client_id.map(str::to_owned),
            committed: false,
        };
        self.by_id.insert(artifact.id.clone(), artifact.clone());
        artifact
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Artifact> {
        self.by_id.get(id)
    }

    pub(crate) fn by_client_id(&self, client_id: &str) -> Option<&Artifact> {
        self.by_id.values().find(|artifact| artifact.client_id.as_deref() == Some(client_id))
    }

    pub(crate) fn commit(&mut self, id: &str) -> Option<Artifact> {
        let artifact = self.by_id.get_mut(id)?;
        artifact.committed = true;
        Some(artifact.clone())
    }

    /// Returns the newest committed version of a collection.
    pub(crate) fn latest(&self, entity: &str, project: &str, collection: &str) -> Option<&Artifact> {
        self.by_id.values().rev().find(|artifact| {
            artifact.committed
                && (artifact.entity.as_str(), artifact.project.as_str()) == (entity, project)
                && artifact.collection == collection
        })
    }

    pub(crate) fn create_manifest(&mut self, artifact: &str, name: &str) -> Manifest {
        let manifest = Manifest {
            id: super::run::storage_id("ArtifactManifest", &(self.manifests.len() + 1).to_string()),
            artifact: artifact.to_owned(),
            name: name.to_owned(),
        };
        self.manifests.insert(manifest.id.clone(), manifest.clone());
        manifest
    }

    pub(crate) fn manifest(&self, id: &str) -> Option<&Manifest> {
        self.manifests.get(id)
    }

    /// Returns the newest manifest of an artifact.
    pub(crate) fn manifest_of(&self, artifact: &str) -> Option<&Manifest> {
        self.manifests.values().rev().find(|manifest| manifest.artifact == artifact)
    }
}

impl Manifest {
    /// The key of the manifest's bytes in the blob store.
    pub(crate) fn blob_key(&self) -> String {
        format!("manifests/{}/{}", self.id, self.name)
    }
}

impl Artifact {
    /// The key of a file's bytes in the blob store.
    pub(crate) fn blob_key(&self, name: &str) -> String {
        format!("artifacts/{}/{name}", self.id)
    }
}
