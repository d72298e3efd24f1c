//! The routes of artifacts' files on the API port, which redirect to signed URLs.
//!
//! `/artifacts/ENTITY/DIGEST` finds the file of any artifact of the entity. `/artifactsV2/REGION/ENTITY/PROJECT/COLLECTION/`
//! `[ARTIFACT/]BIRTH/DIGEST/NAME` requires that a version of the collection has it. BIRTH is the version that the file came
//! with, ARTIFACT the version to read, and DIGEST is hexadecimal. Source: `WandbStoragePolicy._file_url` of the SDK.

use percent_encoding::percent_decode_str;

use crate::store::{Shared, State, decode_id, file_key};

/// Returns the key of the file at a path without the server's prefix.
pub(super) fn find(shared: &Shared, path: &str) -> Option<String> {
    let parts: Option<Vec<String>> = path
        .trim_start_matches('/')
        .split('/')
        .map(|part| percent_decode_str(part).decode_utf8().ok().map(std::borrow::Cow::into_owned))
        .collect();
    let parts = parts?;
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let state = shared.read();
    match parts[..] {
        ["artifacts", entity, digest] => state.artifacts.key_of_entity(entity, digest),
        ["artifactsV2", _, entity, project, collection, artifact, birth, digest, _] => {
            let supported = shared.has_artifact_ids_in_urls();
            let found = Requested { entity, project, collection, artifact: Some(artifact), birth, digest };
            found.key(&state).filter(|_| supported)
        }
        ["artifactsV2", _, entity, project, collection, birth, digest, _] => {
            Requested { entity, project, collection, artifact: None, birth, digest }.key(&state)
        }
        _ => None,
    }
}

struct Requested<'a> {
    entity: &'a str,
    project: &'a str,
    collection: &'a str,
    artifact: Option<&'a str>,
    birth: &'a str,
    digest: &'a str,
}

impl Requested<'_> {
    fn key(&self, state: &State) -> Option<String> {
        let artifacts = &state.artifacts;
        let collection = artifacts.collection_named(self.entity, self.project, self.collection)?;
        let has_file = |number: &u64| {
            let version = artifacts.version(*number);
            version.is_some_and(|version| artifacts.contents(version).has_file(self.digest))
        };
        let is_member = match self.artifact {
            Some(id) => {
                let number = decode_id("Artifact", id)?;
                collection.members.contains_key(&number) && has_file(&number)
            }
            None => collection.members.keys().any(has_file),
        };
        if !is_member {
            return None;
        }
        match self.birth {
            "" => artifacts.key_of_entity(self.entity, self.digest),
            birth => Some(file_key(decode_id("Artifact", birth)?, self.digest)),
        }
    }
}
