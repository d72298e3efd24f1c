//! References in artifacts: into other artifacts, in cycles, and to other places.

use std::collections::BTreeMap;

use wandb_export::Issue;
use wandb_export::files::DownloadOutcome;
use wandb_local_server::{LocalServer, NewArtifact};

use crate::support::{artifacts, on_both, server, tree};

/// The reference to an entry of a version.
fn reference(server: &LocalServer, artifact: &str, path: &str) -> String {
    let id = server.store().artifact_id(artifact).expect("a version");
    let hex = decode(&id).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    format!("wandb-artifact://{hex}/{path}")
}

/// Decodes base64, which ids are in.
fn decode(id: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bits = 0_u32;
    let (mut held, mut bytes) = (0, Vec::new());
    for digit in id.bytes().filter(|digit| *digit != b'=') {
        let value = DIGITS.iter().position(|known| *known == digit).expect("a digit");
        bits = bits << 6 | u32::try_from(value).expect("small");
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).expect("a byte"));
        }
    }
    bytes
}

fn digest(server: &LocalServer, artifact: &str, path: &str) -> String {
    let text = server.store().artifact_manifest(artifact).expect("a manifest");
    let manifest: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    manifest["contents"][path]["digest"].as_str().expect("a digest").to_owned()
}

fn derived(name: &str) -> NewArtifact {
    NewArtifact::new("local-team", "vision", name, "dataset")
}

#[test]
fn references_into_artifacts_are_followed() {
    let server = server();
    artifacts(&server);
    let data = "local-team/vision/data:v0";
    let right = digest(&server, data, "a.txt");
    let first = derived("first").reference("link.txt", &reference(&server, data, "a.txt"), &right, Some(0));
    let first = server.store().add_artifact(first).expect("a version");
    let second = derived("second")
        .file("own", "own")
        .reference("far.txt", &reference(&server, &first, "link.txt"), &right, Some(0))
        .reference("none.txt", &reference(&server, data, "none"), &right, Some(0))
        .reference("other.txt", &reference(&server, data, "train/b.csv"), "another digest", Some(0))
        .reference("lost.txt", "wandb-artifact://4142434445/x", &right, Some(0));
    let second = server.store().add_artifact(second).expect("a version");
    on_both(&server, async |api| {
        let folder = tempfile::tempdir().expect("a folder");
        let downloads =
            api.artifact(&second).await.expect("a version").download(folder.path()).await.expect("downloads");
        let found = tree(folder.path());
        assert_eq!(found.keys().collect::<Vec<_>>(), ["far.txt", "other.txt", "own"]);
        assert!(found["far.txt"] == b"alpha" && found["other.txt"] == b"1,2\n");
        let failed: BTreeMap<_, _> =
            downloads.failed.iter().map(|file| (file.name.as_str(), file.error.to_string())).collect();
        assert!(failed["none.txt"].contains("has no entry \"none\""), "{failed:?}");
        assert!(failed["lost.txt"].contains("cannot be followed"), "{failed:?}");
        let [Issue::ArtifactFileInexact { file, .. }] = &downloads.issues[..] else {
            panic!("{downloads:?}")
        };
        assert_eq!(*file, format!("other.txt of {second}"));
    });
}

#[test]
fn cycles_of_references_end() {
    let server = server();
    let loops = ["a", "b"].map(|name| {
        server
            .store()
            .add_artifact(derived(name).reference("x", "s3://soon/x", "d", None))
            .expect("a version")
    });
    for (from, to) in [(0, 1), (1, 0)] {
        let text = server.store().artifact_manifest(&loops[from]).expect("a manifest");
        let text = String::from_utf8(text.to_vec()).expect("UTF-8");
        let text = text.replace("s3://soon/x", &reference(&server, &loops[to], "x"));
        server.store().set_manifest(&loops[from], text).expect("a version");
    }
    on_both(&server, async |api| {
        let folder = tempfile::tempdir().expect("a folder");
        let before = api.stats().requests;
        let downloads = api
            .artifact(&loops[0])
            .await
            .expect("a version")
            .download(folder.path())
            .await
            .expect("downloads");
        assert!(downloads.failed[0].error.to_string().contains("in a cycle"), "{:?}", downloads.failed);
        assert!(api.stats().requests - before < 100, "{}", api.stats().requests);
    });
}

#[test]
fn other_references_are_listed_and_not_fetched() {
    let server = server();
    let artifact = derived("refs")
        .file("a", "a")
        .reference("s3.bin", "s3://bucket/key", "etag", Some(7))
        .reference("web.html", "https://example.org/x", "etag", None);
    let path = server.store().add_artifact(artifact).expect("a version");
    on_both(&server, async |api| {
        let folder = tempfile::tempdir().expect("a folder");
        let downloads =
            api.artifact(&path).await.expect("a version").download(folder.path()).await.expect("downloads");
        assert_eq!(
            downloads.files.iter().map(|file| file.outcome).collect::<Vec<_>>(),
            [DownloadOutcome::Fetched]
        );
        let listed: Vec<_> =
            downloads.references.iter().map(|of| (of.name.as_str(), of.address.as_str(), of.size)).collect();
        assert_eq!(
            listed,
            [("s3.bin", "s3://bucket/key", Some(7)), ("web.html", "https://example.org/x", None)]
        );
        let [Issue::ReferencesNotFetched { count: 2, schemes, .. }] = &downloads.issues[..] else {
            panic!("{:?}", downloads.issues)
        };
        assert_eq!(schemes, &["https", "s3"]);
        assert!(downloads.failed.is_empty() && !downloads.is_complete());
    });
}
