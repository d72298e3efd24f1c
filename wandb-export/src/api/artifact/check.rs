//! Compares the manifest of an artifact with the server's data about the artifact.

use wandb_core::model::Manifest;

use super::Artifact;
use crate::issue::Issue;

/// The first line of the text that the digest of an artifact is of (`_DIGEST_HEADER` in
/// `sdk/artifacts/artifact_manifests/artifact_manifest_v1.py` of the Python SDK).
#[cfg(feature = "files")]
const DIGEST_HEADER: &str = "wandb-artifact-manifest-v1\n";

impl Artifact {
    /// Compares a manifest with the artifact: the number and the total size of the entries, and with the feature `files`
    /// the digest.
    pub fn check_manifest(&self, manifest: &Manifest) -> Vec<Issue> {
        let issue = |detail: String| Issue::ArtifactInexact { artifact: self.path().to_string(), detail };
        let mut issues = Vec::new();
        let entries = manifest.len() as u64;
        if let Some(counted) = self.file_count.filter(|counted| *counted != entries) {
            issues
                .push(issue(format!("its manifest has {entries} entries, but the server counts {counted}")));
        }
        let size = manifest.size();
        if let Some(counted) = self.size.filter(|counted| *counted != size) {
            issues.push(issue(format!(
                "the entries of its manifest have {size} bytes, but the server counts {counted}"
            )));
        }
        #[cfg(feature = "files")]
        if let Some(expected) = &self.digest {
            let found = manifest_digest(manifest, self.digest_algorithm);
            if !found.eq_ignore_ascii_case(expected) {
                let algorithm = self.digest_algorithm;
                issues.push(issue(format!(
                    "the {algorithm} digest of its manifest is {found}, but the server says {expected}"
                )));
            }
        }
        issues
    }
}

/// Returns the digest of an artifact with this manifest.
#[cfg(feature = "files")]
pub(super) fn manifest_digest(manifest: &Manifest, algorithm: wandb_core::model::DigestAlgorithm) -> String {
    let entries = manifest.entries().iter().flat_map(|entry| [entry.path(), ":", entry.digest(), "\n"]);
    wandb_storage::hex_digest(algorithm, std::iter::once(DIGEST_HEADER).chain(entries))
}

#[cfg(all(test, feature = "files"))]
mod tests {
    use proptest::prelude::*;
    use wandb_core::client::Client;
    use wandb_core::model::{self, ArtifactSource, DigestAlgorithm};
    use wandb_core::transport::NoServer;
    use wandb_core::{BaseUrl, PathDefaults};

    use super::*;
    use crate::Api;

    fn manifest(entries: &[(&str, &str)]) -> Manifest {
        let contents: serde_json::Map<String, serde_json::Value> = entries
            .iter()
            .map(|(path, digest)| ((*path).to_owned(), serde_json::json!({ "digest": digest, "size": 1 })))
            .collect();
        let text = serde_json::json!({ "version": 1, "storagePolicy": "p", "contents": contents });
        Manifest::read(text.to_string().as_bytes()).expect("a manifest")
    }

    fn artifact(change: impl FnOnce(&mut model::Artifact)) -> Artifact {
        let client = Client::builder(std::sync::Arc::new(NoServer), BaseUrl::default()).build();
        let api = Api::with_client(client, PathDefaults::default());
        let mut model = model::Artifact::new("QQ==", ArtifactSource::new("e", "p", "a", "v0"));
        change(&mut model);
        Artifact::new(api, model, Vec::new()).expect("a path")
    }

    /// The expected digests are those of `ArtifactManifestV1.digest` of the Python SDK 0.31.0.
    #[test]
    fn digests_are_those_of_the_python_sdk() {
        let empty = manifest(&[]);
        assert_eq!(manifest_digest(&empty, DigestAlgorithm::Md5), "64e7c61456b10382e2f3b571ac24b659");
        let entries = manifest(&[("b", "XUFAKrxLKna5cZ2REBfFkg=="), ("a/ü", "kAFQmDzST7DWlj99KOF/cg==")]);
        assert_eq!(manifest_digest(&entries, DigestAlgorithm::Md5), MD5_OF_ENTRIES);
        assert_eq!(manifest_digest(&entries, DigestAlgorithm::Xxh128), XXH128_OF_ENTRIES);
    }

    const MD5_OF_ENTRIES: &str = "6654948afafa5b86e59bf9e1082c8fee";
    const XXH128_OF_ENTRIES: &str = "6a35767c9da3744dec9dcfc20a5c06a9";

    #[test]
    fn differences_from_the_artifact_are_issues() {
        let manifest = manifest(&[("a", "x"), ("b", "y")]);
        let digest = manifest_digest(&manifest, DigestAlgorithm::Xxh128);
        let exact = artifact(|model| {
            (model.file_count, model.size) = (Some(2), Some(2));
            (model.digest, model.digest_algorithm) = (Some(digest.to_uppercase()), DigestAlgorithm::Xxh128);
        });
        assert_eq!(exact.check_manifest(&manifest), []);
        assert_eq!(artifact(|_| {}).check_manifest(&manifest), [], "the server says nothing");
        let other = artifact(|model| {
            (model.file_count, model.size) = (Some(3), Some(9));
            model.digest = Some(digest.clone());
        });
        let texts: Vec<_> = other.check_manifest(&manifest).iter().map(ToString::to_string).collect();
        assert_eq!(texts[0], "e/p/a:v0: its manifest has 2 entries, but the server counts 3");
        assert_eq!(texts[1], "e/p/a:v0: the entries of its manifest have 2 bytes, but the server counts 9");
        assert!(texts[2].starts_with("e/p/a:v0: the MD5 digest of its manifest is "), "{}", texts[2]);
    }

    /// A second implementation: concatenates the lines in the order of their characters.
    fn text(entries: &[(String, String)]) -> String {
        let mut entries: Vec<(Vec<char>, &String, &String)> =
            entries.iter().map(|(path, digest)| (path.chars().collect(), path, digest)).collect();
        entries.sort();
        let lines = entries.iter().map(|(_, path, digest)| format!("{path}:{digest}\n"));
        std::iter::once(DIGEST_HEADER.to_owned()).chain(lines).collect()
    }

    proptest! {
        #[test]
        fn digest_is_that_of_the_joined_text(entries in proptest::collection::btree_map("\\PC{0,6}", "[a-zA-Z0-9+/=]{0,24}", 0..8)) {
            let entries: Vec<_> = entries.into_iter().collect();
            let pairs: Vec<_> = entries.iter().map(|(path, digest)| (path.as_str(), digest.as_str())).collect();
            let manifest = manifest(&pairs);
            for algorithm in [DigestAlgorithm::Md5, DigestAlgorithm::Xxh128] {
                prop_assert_eq!(
                    manifest_digest(&manifest, algorithm),
                    wandb_storage::hex_digest(algorithm, [text(&entries)])
                );
            }
        }
    }
}
