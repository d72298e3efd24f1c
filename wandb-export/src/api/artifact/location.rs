//! Where the server hands out the files of an artifact.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::TryStreamExt;
use url::Url;
use wandb_core::ArtifactPath;
use wandb_core::client::{Client, ListedFile};
use wandb_core::model::{File, Manifest, ManifestEntry, StorageLayout};
use wandb_graphql::ops::{GetServer, ListArtifactFiles};

use super::Artifact;
use crate::download::{FileListing, FileSource, RemoteFile};
use crate::error::Error;
use crate::source::list_reader::{ListReader, read_pages};

/// The region of a manifest that names none (`_file_url` in `sdk/artifacts/storage_policies/wandb_storage_policy.py` of the
/// Python SDK).
const DEFAULT_REGION: &str = "default";

/// The feature of servers whose addresses of the second layout have the id of the artifact.
const HAS_ARTIFACT_ID: &str = "ARTIFACT_V2_DOWNLOAD_HANDLER_SUPPORTS_ARTIFACT_ID";

/// An artifact whose files can be fetched.
#[derive(Debug)]
pub(super) struct ArtifactLocation {
    client: Client,
    path: ArtifactPath,
    id: String,
    layout: StorageLayout,
    region: Option<String>,
    /// Whether addresses of the second layout have the id of the artifact.
    has_id: bool,
}

impl ArtifactLocation {
    /// Describes where the files of `artifact` are.
    ///
    /// # Errors
    /// If the server's features are needed and cannot be requested.
    pub(super) async fn find(artifact: &Artifact, manifest: &Manifest) -> Result<Self, Error> {
        let client = artifact.api.client.clone();
        let has_id = match manifest.layout {
            StorageLayout::V2 => client.call(GetServer::new()).await?.answer.has(HAS_ARTIFACT_ID),
            _ => false,
        };
        Ok(Self {
            client,
            path: artifact.path().clone(),
            id: artifact.id.clone(),
            layout: manifest.layout,
            region: manifest.region.clone(),
            has_id,
        })
    }

    /// Lists the signed addresses of all files.
    pub(super) fn list_addresses(&self) -> ListReader<File> {
        self.read(ListArtifactFiles::new(self.path.clone()))
    }

    /// Lists the signed addresses of the files with these names.
    pub(super) fn list_addresses_of(&self, names: Vec<String>) -> ListReader<File> {
        self.read(ListArtifactFiles::new(self.path.clone()).names(names))
    }

    fn read(&self, request: ListArtifactFiles) -> ListReader<File> {
        read_pages(&self.client, vec![request], format!("files of {}", self.path))
    }

    /// Returns the file to fetch for an entry: from the signed address if there is one, or else from the server. `name` is
    /// its name in the folder.
    pub(super) fn remote_file(
        self: &Arc<Self>,
        name: String,
        entry: &ManifestEntry,
        signed: Option<&str>,
    ) -> RemoteFile {
        let signed = signed.and_then(|address| self.client.base_url().resolve(address));
        let mut urls: Vec<Url> = signed.into_iter().chain(self.server_url(entry)).collect();
        urls.dedup();
        let listing = EntryListing { location: Arc::clone(self), entry: entry.clone() };
        RemoteFile {
            name,
            subject: self.subject(entry),
            listed: ListedFile::of_entry(entry),
            source: FileSource::Urls(urls),
            list: Arc::new(listing),
        }
    }

    /// Returns the name of an entry for messages.
    pub(super) fn subject(&self, entry: &ManifestEntry) -> String {
        format!("{} of {}", entry.path(), self.path)
    }

    /// Returns the address at the server, which requires the key. `None` if the digest of the entry is none.
    fn server_url(&self, entry: &ManifestEntry) -> Option<Url> {
        let digest = entry.hex_digest()?;
        let (entity, project) = (self.path.entity(), self.path.project());
        let mut url = Url::parse(&self.client.base_url().to_string()).ok()?;
        let mut segments = url.path_segments_mut().ok()?;
        segments.pop_if_empty();
        match self.layout {
            StorageLayout::V2 => {
                let region = self.region.as_deref().unwrap_or(DEFAULT_REGION);
                let id = self.has_id.then_some(self.id.as_str());
                let birth = entry.birth_artifact_id().unwrap_or_default();
                let name = entry.path().rsplit('/').next().unwrap_or_default();
                segments
                    .extend(["artifactsV2", region, entity, project, self.path.collection()])
                    .extend(id)
                    .extend([birth, &digest, name]);
            }
            _ => {
                segments.extend(["artifacts", entity, &digest]);
            }
        }
        drop(segments);
        Some(url)
    }
}

/// The list of an artifact's files, to be asked for one of them again.
#[derive(Debug)]
struct EntryListing {
    location: Arc<ArtifactLocation>,
    entry: ManifestEntry,
}

impl FileListing for EntryListing {
    fn fetch_entry<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<RemoteFile, Error>> {
        async move {
            let path = self.entry.path();
            let mut files = self.location.list_addresses_of(vec![path.to_owned()]).into_stream();
            let mut signed = None;
            while let Some(file) = files.try_next().await? {
                // A server may ignore the names.
                if file.name == path {
                    signed = file.direct_url;
                    break;
                }
            }
            Ok(self.location.remote_file(name.to_owned(), &self.entry, signed.as_deref()))
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use wandb_core::transport::NoServer;

    use super::*;

    fn location(layout: StorageLayout, has_id: bool) -> ArtifactLocation {
        let base = "https://wandb.example.org/prefix".parse().expect("a URL");
        ArtifactLocation {
            client: Client::builder(Arc::new(NoServer), base).build(),
            path: "my team/p?/a#b:v3".parse().expect("a path"),
            id: "QXJ0aWZhY3Q6MQ==".to_owned(),
            layout,
            region: None,
            has_id,
        }
    }

    fn entry(json: &str) -> ManifestEntry {
        let text =
            format!(r#"{{"version": 1, "storagePolicy": "p", "contents": {{"dir/x y.bin": {json}}}}}"#);
        let manifest = Manifest::read(text.as_bytes()).expect("a manifest");
        manifest.entries()[0].clone()
    }

    #[test]
    fn addresses_follow_the_layout() {
        let entry = entry(r#"{"digest": "XUFAKrxLKna5cZ2REBfFkg==", "birthArtifactID": "QQ=="}"#);
        let url = |layout, has_id| location(layout, has_id).server_url(&entry).expect("a URL").to_string();
        assert_eq!(
            url(StorageLayout::V1, true),
            "https://wandb.example.org/prefix/artifacts/my%20team/5d41402abc4b2a76b9719d911017c592"
        );
        assert_eq!(
            url(StorageLayout::V2, false),
            "https://wandb.example.org/prefix/artifactsV2/default/my%20team/p%3F/a%23b/QQ==/\
             5d41402abc4b2a76b9719d911017c592/x%20y.bin"
        );
        assert_eq!(
            url(StorageLayout::V2, true),
            "https://wandb.example.org/prefix/artifactsV2/default/my%20team/p%3F/a%23b/QXJ0aWZhY3Q6MQ==/QQ==/\
             5d41402abc4b2a76b9719d911017c592/x%20y.bin"
        );
    }

    #[test]
    fn signed_address_comes_first() {
        let entry = entry(r#"{"digest": "not base64", "size": 4}"#);
        let location = Arc::new(location(StorageLayout::V1, false));
        let file = location.remote_file("v3/x".to_owned(), &entry, Some("https://s/1"));
        let FileSource::Urls(urls) = &file.source else { panic!("addresses") };
        assert_eq!(urls.iter().map(Url::as_str).collect::<Vec<_>>(), ["https://s/1"], "the digest is none");
        assert_eq!(file.subject, "dir/x y.bin of my team/p?/a#b:v3");
        let hidden = location.remote_file("x".to_owned(), &entry, None);
        assert!(matches!(hidden.source, FileSource::Urls(urls) if urls.is_empty()));
    }
}
