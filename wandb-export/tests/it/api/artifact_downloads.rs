//! Artifacts downloaded over real connections into real folders.

use std::fs;

use wandb_export::files::{ArtifactDownloads, DownloadOutcome, ExistingFilePolicy};
use wandb_export::{Error, Issue};
use wandb_local_server::{DigestAlgorithm, LocalServer, NewArtifact, Port, StorageLayout};

use crate::support::{PROJECT, artifacts, on_both, server, tree};

const DATA: &str = "local-team/vision/data:v1";

fn outcomes(downloads: &ArtifactDownloads) -> Vec<DownloadOutcome> {
    assert!(downloads.is_complete(), "{:?} {:?}", downloads.failed, downloads.issues);
    downloads.files.iter().map(|file| file.outcome).collect()
}

fn storage_requests(server: &LocalServer) -> usize {
    server.store().requests().iter().filter(|request| request.port == Port::Storage).count()
}

#[test]
fn equal_contents_are_fetched_once() {
    let server = server();
    artifacts(&server);
    on_both(&server, async |api| {
        let folder = tempfile::tempdir().expect("a folder");
        let artifact = api.artifact(DATA).await.expect("a version");
        server.store().clear_requests();
        let files = artifact.files();
        let progress = files.progress();
        let first = files.clone().download(folder.path()).await.expect("downloads");
        assert_eq!(
            outcomes(&first),
            [DownloadOutcome::Fetched, DownloadOutcome::Copied, DownloadOutcome::Fetched]
        );
        assert_eq!(progress.files_done(), 3);
        // The manifest and two contents.
        assert_eq!(storage_requests(&server), 3);
        let found = tree(folder.path());
        assert_eq!(found.keys().collect::<Vec<_>>(), ["a.txt", "copy/a.txt", "train/b.csv"]);
        assert!(found["copy/a.txt"] == b"alpha" && found["train/b.csv"] == b"1,2\n3,4\n");
        let second = files.download(folder.path()).await.expect("downloads");
        assert_eq!(outcomes(&second), [DownloadOutcome::AlreadyThere; 3]);
    });
}

#[test]
fn versions_of_a_project_share_contents() {
    let server = server();
    artifacts(&server);
    on_both(&server, async |api| {
        let folder = tempfile::tempdir().expect("a folder");
        server.store().clear_requests();
        let all =
            api.artifacts(PROJECT).await.expect("a path").download(folder.path()).await.expect("downloads");
        assert!(all.is_complete(), "{all:?}");
        // Three manifests, and four different contents.
        assert_eq!(storage_requests(&server), 7);
        let found = tree(folder.path());
        let names = [
            "data/v0/a.txt",
            "data/v0/train/b.csv",
            "data/v1/a.txt",
            "data/v1/copy/a.txt",
            "data/v1/train/b.csv",
            "resnet/v0/model.h5",
        ];
        assert_eq!(found.keys().collect::<Vec<_>>(), names);
        assert!(found["data/v1/a.txt"] == b"alpha" && found["resnet/v0/model.h5"] == vec![7; 100_000]);
    });
}

#[test]
fn both_layouts_and_algorithms_work_without_signed_addresses() {
    let server = server();
    let store = server.store();
    let mut paths = Vec::new();
    for (number, (layout, algorithm)) in [
        (StorageLayout::V1, DigestAlgorithm::Md5),
        (StorageLayout::V2, DigestAlgorithm::Md5),
        (StorageLayout::V1, DigestAlgorithm::Xxh128),
        (StorageLayout::V2, DigestAlgorithm::Xxh128),
    ]
    .into_iter()
    .enumerate()
    {
        let artifact = NewArtifact {
            layout,
            algorithm,
            ..NewArtifact::new("local-team", "vision", &format!("a{number}"), "dataset")
        };
        let path = store
            .add_artifact(artifact.file("dir/x y.bin", vec![1; 50_000]).file("empty", ""))
            .expect("a version");
        paths.push(path);
    }
    for is_old in [false, true] {
        if is_old {
            let lacking = [("ArtifactCollectionMembership", "files")];
            store.set_missing_fields(&lacking).expect("a field of the schema");
        }
        on_both(&server, async |api| {
            for path in &paths {
                let folder = tempfile::tempdir().expect("a folder");
                let artifact = api.artifact(path).await.expect("a version");
                let downloads = artifact.download(folder.path()).await.expect("downloads");
                assert_eq!(outcomes(&downloads), [DownloadOutcome::Fetched; 2], "{path}");
                assert!(tree(folder.path())["dir/x y.bin"] == vec![1; 50_000], "{path}");
            }
        });
    }
}

#[test]
fn wrong_contents_are_reported() {
    let server = server();
    let artifact = |algorithm, name: &str| NewArtifact {
        algorithm,
        ..NewArtifact::new("local-team", "vision", name, "dataset")
    };
    for (algorithm, name) in [(DigestAlgorithm::Md5, "md5"), (DigestAlgorithm::Xxh128, "xxh128")] {
        let path = server
            .store()
            .add_artifact(artifact(algorithm, name).file("a", "right").file("b", "other"))
            .expect("a version");
        server.store().set_artifact_file(&path, "a", "wrong").expect("a file");
        server.store().remove_artifact_file(&path, "b").expect("a file");
        on_both(&server, async |api| {
            let folder = tempfile::tempdir().expect("a folder");
            let artifact = api.artifact(&path).await.expect("a version");
            let downloads = artifact.download(folder.path()).await.expect("downloads");
            let [Issue::ArtifactFileInexact { file, detail, .. }] = &downloads.issues[..] else {
                panic!("{downloads:?}")
            };
            assert_eq!(*file, format!("a of {path}"));
            assert!(detail.to_ascii_lowercase().contains(&format!("its {name} digest is")), "{detail}");
            assert_eq!(downloads.failed.len(), 1);
            assert_eq!(downloads.failed[0].name, "b");
            assert!(!downloads.is_complete());
        });
    }
}

#[test]
fn existing_files_are_replaced_only_on_request() {
    let server = server();
    artifacts(&server);
    on_both(&server, async |api| {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("a.txt"), "mine").expect("a file");
        let files = api.artifact(DATA).await.expect("a version").files().prefix("a.txt");
        let refused = files.clone().download(folder.path()).await.expect("downloads");
        assert!(matches!(refused.failed[0].error, Error::FileExists { .. }), "{:?}", refused.failed);
        assert_eq!(fs::read(folder.path().join("a.txt")).expect("the file"), b"mine");
        let replaced =
            files.existing(ExistingFilePolicy::Replace).download(folder.path()).await.expect("downloads");
        assert_eq!(outcomes(&replaced), [DownloadOutcome::Fetched]);
        assert_eq!(fs::read(folder.path().join("a.txt")).expect("the file"), b"alpha");
    });
}

#[test]
fn hostile_names_stay_in_the_folder() {
    let server = server();
    let mut artifact = NewArtifact::new("local-team", "vision", "evil", "dataset");
    let names = [
        "../out",
        "/etc/passwd",
        "a/../../b",
        "CON",
        "x\\..\\y",
        "A",
        "a",
        ".wandb-export/z",
        "wandb-export-names.json",
    ];
    for (number, name) in names.iter().enumerate() {
        artifact = artifact.file(name, format!("content {number}"));
    }
    let path = server.store().add_artifact(artifact).expect("a version");
    on_both(&server, async |api| {
        let outer = tempfile::tempdir().expect("a folder");
        let folder = outer.path().join("in");
        let downloads =
            api.artifact(&path).await.expect("a version").download(&folder).await.expect("downloads");
        assert!(downloads.failed.is_empty(), "{:?}", downloads.failed);
        assert_eq!(downloads.files.len(), names.len());
        for file in &downloads.files {
            assert!(file.path.starts_with(&folder), "{:?}", file.path);
            let number = names.iter().position(|name| *name == file.name).expect("a name");
            let content = fs::read_to_string(&file.path).expect("a file");
            assert_eq!(content, format!("content {number}"), "{}", file.name);
        }
        assert_eq!(fs::read_dir(outer.path()).expect("a folder").count(), 1);
    });
}

#[test]
fn lying_sizes_are_reported() {
    let server = server();
    artifacts(&server);
    let text = server.store().artifact_manifest(DATA).expect("a manifest");
    let text = String::from_utf8(text.to_vec()).expect("UTF-8");
    let mut manifest: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    manifest["contents"]["a.txt"]["size"] = (1_u64 << 60).into();
    server.store().set_manifest(DATA, manifest.to_string()).expect("a version");
    on_both(&server, async |api| {
        let folder = tempfile::tempdir().expect("a folder");
        let files = api.artifact(DATA).await.expect("a version").files().prefix("a.txt");
        let downloads = files.download(folder.path()).await.expect("downloads");
        assert!(!downloads.is_complete());
        let texts: Vec<_> = downloads.issues.iter().map(ToString::to_string).collect();
        assert!(texts.iter().any(|text| text.contains("a.txt") && text.contains("bytes")), "{texts:?}");
    });
}

#[test]
fn unreadable_manifest_does_not_stop_other_versions() {
    let server = server();
    artifacts(&server);
    server.store().set_manifest("local-team/vision/data:v0", "{").expect("a version");
    on_both(&server, async |api| {
        let folder = tempfile::tempdir().expect("a folder");
        let all =
            api.artifacts(PROJECT).await.expect("a path").download(folder.path()).await.expect("downloads");
        assert_eq!(
            all.failed.iter().map(|failed| failed.name.as_str()).collect::<Vec<_>>(),
            ["local-team/vision/data:v0"]
        );
        assert_eq!(all.files.len(), 4);
    });
}
