//! Artifacts as the server lists them: versions, manifests, lineage, registries.

use wandb_core::model::{CollectionKind, ManifestEntry, Registry};
use wandb_export::{Api, Error, ErrorKind};
use wandb_local_server::{LocalServer, NewArtifact, Options, Organization};

use crate::support::{PROJECT, artifacts, on_both, server};

async fn names(artifacts: wandb_export::Artifacts) -> Vec<String> {
    let (versions, issues) = artifacts.open().collect().await.expect("versions");
    assert_eq!(issues, []);
    let mut names: Vec<_> = versions.iter().map(|artifact| artifact.path().to_string()).collect();
    names.sort();
    names.iter().map(|name| name.replace("local-team/vision/", "")).collect()
}

#[test]
fn versions_are_found_by_every_kind_of_alias() {
    let server = server();
    artifacts(&server);
    let id = server.store().artifact_id("local-team/vision/data:v1").expect("a version");
    on_both(&server, async |api| {
        let newest = api.artifact("local-team/vision/data:v1").await.expect("a version");
        let digest = newest.digest.clone().expect("a digest");
        for path in [
            "local-team/vision/data".to_owned(),
            "local-team/vision/data:latest".to_owned(),
            "local-team/vision/data:best".to_owned(),
            format!("local-team/vision/data:{digest}"),
            "https://wandb.ai/local-team/vision/artifacts/dataset/data/v1/files".to_owned(),
        ] {
            let found = api.artifact(&path).await.unwrap_or_else(|error| panic!("{path}: {error}"));
            assert_eq!(found.path(), newest.path(), "{path}");
        }
        assert_eq!(api.artifact_by_id(&id).await.expect("a version").path(), newest.path());
        assert_eq!(
            (newest.kind.as_deref(), newest.file_count, newest.size),
            (Some("dataset"), Some(3), Some(18))
        );
        assert!(newest.aliases.contains(&"best".to_owned()), "{:?}", newest.aliases);
        let metadata = newest.metadata.as_ref().expect("metadata");
        assert_eq!(metadata.get("rows").and_then(wandb_export::Value::as_f64), Some(2.0));
        assert_eq!(newest.issues(), []);
        for missing in ["local-team/vision/data:v9", "local-team/vision/none", "local-team/none/data"] {
            assert_eq!(api.artifact(missing).await.unwrap_err().kind(), ErrorKind::NotFound, "{missing}");
        }
        let local = api.artifact("./data").await.unwrap_err();
        assert_eq!(local.kind(), ErrorKind::Usage, "{local}");
    });
}

#[test]
fn versions_of_a_project_are_listed_and_filtered() {
    let server = server();
    artifacts(&server);
    on_both(&server, async |api| {
        let all = api.artifacts(PROJECT).await.expect("a path");
        assert_eq!(names(all.clone().page_size(1)).await, ["data:v0", "data:v1", "resnet:v0"]);
        assert_eq!(names(all.clone().of_type("model")).await, ["resnet:v0"]);
        assert_eq!(names(all.clone().alias("best")).await, ["data:v1"]);
        assert_eq!(names(all.clone().alias("v0")).await, ["data:v0", "resnet:v0"]);
        assert_eq!(names(all.clone().tag("raw")).await, ["data:v0"]);
        assert_eq!(names(all.clone().name("d*").expect("a pattern")).await, ["data:v0", "data:v1"]);
        let (types, _) = all.types().collect().await.expect("types");
        let mut types: Vec<_> = types.into_iter().map(|of| of.name).collect();
        types.sort();
        assert_eq!(types, ["dataset", "model"]);
        let (collections, _) = all.collections().collect().await.expect("collections");
        assert_eq!(collections.len(), 2);
        assert!(
            collections.iter().all(|of| of.kind == Some(CollectionKind::Sequence) && of.type_name.is_some())
        );
        let unknown = all.of_type("none").collect().await.unwrap_err();
        assert_eq!(unknown.kind(), ErrorKind::NotFound, "{unknown}");
    });
}

#[test]
fn older_servers_are_asked_type_by_type() {
    let server = server();
    artifacts(&server);
    let lacking = [("Project", "artifactCollectionMembership"), ("Project", "artifactCollections")];
    server.store().set_missing_fields(&lacking).expect("fields of the schema");
    on_both(&server, async |api| {
        let all = api.artifacts(PROJECT).await.expect("a path");
        assert_eq!(names(all).await, ["data:v0", "data:v1", "resnet:v0"]);
    });
}

#[test]
fn runs_have_logged_and_used_artifacts() {
    let server = server();
    artifacts(&server);
    on_both(&server, async |api| {
        let run = api.run("local-team/vision/user").await.expect("a run");
        let paths = async |reader: wandb_export::ListReader<wandb_export::Artifact>| {
            let (found, issues) = reader.collect().await.expect("artifacts");
            assert_eq!(issues, []);
            found.iter().map(|artifact| artifact.path().name()).collect::<Vec<_>>()
        };
        assert_eq!(paths(run.logged_artifacts().expect("a server")).await, ["resnet:v0"]);
        assert_eq!(paths(run.used_artifacts().expect("a server")).await, ["data:v1"]);
    });
}

#[test]
fn lineage_names_runs_and_collections() {
    let server = server();
    artifacts(&server);
    server
        .store()
        .link_artifact("local-team/vision/data:v1", "local-team/vision/golden", &["prod"])
        .expect("a link");
    on_both(&server, async |api| {
        let artifact = api.artifact("local-team/vision/data:v1").await.expect("a version");
        let maker = artifact.logged_by().await.expect("an answer").expect("a run");
        assert_eq!(maker.to_string(), "local-team/vision/maker");
        let users = artifact.used_by().await.expect("an answer");
        assert_eq!(users.iter().map(ToString::to_string).collect::<Vec<_>>(), ["local-team/vision/user"]);
        let linked = artifact.linked().await.expect("an answer");
        let golden = linked.iter().find(|link| link.collection == "golden").expect("a link");
        assert_eq!((golden.version.as_str(), golden.kind), ("v0", Some(CollectionKind::Portfolio)));
        assert!(golden.aliases.contains(&"prod".to_owned()), "{:?}", golden.aliases);
        let link = api.artifact("local-team/vision/golden:prod").await.expect("a link");
        assert!(link.is_link());
        assert_eq!(link.source.path().expect("a path"), *artifact.path());
    });
}

#[test]
fn manifest_agrees_with_the_artifact() {
    let server = server();
    artifacts(&server);
    let path = "local-team/vision/data:v1";
    on_both(&server, async |api| {
        let artifact = api.artifact(path).await.expect("a version");
        let manifest = artifact.manifest().await.expect("a manifest");
        let paths: Vec<_> = manifest.entries().iter().map(ManifestEntry::path).collect();
        assert_eq!(paths, ["a.txt", "copy/a.txt", "train/b.csv"]);
        assert_eq!(artifact.check_manifest(&manifest), []);
        let files = artifact.files().prefix("train/").collect().await.expect("files");
        assert_eq!(files.iter().map(|file| file.path()).collect::<Vec<_>>(), ["train/b.csv"]);
        let files = artifact.files().pattern("*.txt").expect("a pattern").collect().await.expect("files");
        assert_eq!(files.len(), 2);
    });
    server.store().set_artifact_digest(path, "0123").expect("a version");
    server.store().set_artifact_size(path, 99, 4).expect("a version");
    on_both(&server, async |api| {
        let artifact = api.artifact(path).await.expect("a version");
        let (_, issues) = artifact.files().open().collect().await.expect("files");
        assert_eq!(issues.len(), 3, "{issues:?}");
    });
}

#[test]
fn invalid_manifests_are_errors() {
    let server = server();
    artifacts(&server);
    let path = "local-team/vision/data:v0";
    for (text, expected) in [
        ("", "cannot be read"),
        ("[]", "cannot be read"),
        (r#"{"version": 2, "storagePolicy": "p", "contents": {}}"#, "has version 2"),
        (r#"{"version": 1, "storagePolicy": "p", "contents": {"a": {"digest": 7}}}"#, "cannot be read"),
    ] {
        server.store().set_manifest(path, text).expect("a version");
        on_both(&server, async |api| {
            let error = api.artifact(path).await.expect("a version").manifest().await.unwrap_err();
            assert!(
                matches!(error, Error::File { .. }) && error.to_string().contains(expected),
                "{text}: {error}"
            );
        });
    }
}

fn with_registry() -> LocalServer {
    let organization = Organization {
        name: "Acme Inc".to_owned(),
        entity: "acme".to_owned(),
        teams: vec!["local-team".to_owned()],
        members: vec!["local".to_owned()],
    };
    let mut options = Options::default();
    options.organizations = vec![organization];
    let server = LocalServer::start(options).expect("a free port");
    artifacts(&server);
    let registry = server.store().add_registry("Acme Inc", "model", &["model"]).expect("a registry");
    server
        .store()
        .link_artifact("local-team/vision/resnet:v0", &format!("{registry}/best"), &["prod"])
        .expect("a link");
    server
}

#[test]
fn registries_are_found_by_the_name_of_the_organization() {
    let server = with_registry();
    on_both(&server, async |api: Api| {
        for organization in ["Acme Inc", "acme", ""] {
            let registries = api.registries(organization).await.expect("an organization");
            assert_eq!(registries.organization(), "Acme Inc");
            let found = registries.clone().collect().await.expect("registries");
            assert_eq!(found.iter().map(Registry::name).collect::<Vec<_>>(), ["model"]);
            let (collections, issues) = registries.collections().collect().await.expect("collections");
            assert_eq!((collections.len(), issues), (1, vec![]));
            let (versions, issues) = registries.versions().collect().await.expect("versions");
            assert_eq!(versions[0].path().to_string(), "acme/wandb-registry-model/best:v0");
            assert_eq!((versions.len(), issues), (1, vec![]));
            assert_eq!(registries.name("x*").expect("a pattern").collect().await.expect("registries"), []);
        }
        for path in [
            "Acme Inc/wandb-registry-model/best:prod",
            "acme/wandb-registry-model/best",
            "wandb-registry-model/best",
        ] {
            let artifact = api.artifact(path).await.unwrap_or_else(|error| panic!("{path}: {error}"));
            assert_eq!(artifact.path().to_string(), "acme/wandb-registry-model/best:v0");
            assert_eq!(artifact.source.path().expect("a path").to_string(), "local-team/vision/resnet:v0");
        }
        let listed = api.artifacts("Acme Inc/wandb-registry-model").await.expect("a path");
        let listed = listed.collect().await.expect("versions");
        assert_eq!(
            listed.iter().map(|of| of.path().to_string()).collect::<Vec<_>>(),
            ["acme/wandb-registry-model/best:v0"]
        );
    });
}

#[test]
fn deleted_and_pending_versions_are_not_listed() {
    let server = server();
    artifacts(&server);
    server.store().delete_artifact("local-team/vision/data:v0").expect("a version");
    server
        .store()
        .set_artifact_state("local-team/vision/data:v1", wandb_local_server::ArtifactState::Pending)
        .expect("a version");
    server
        .store()
        .add_artifact(NewArtifact::new("local-team", "vision", "empty", "dataset"))
        .expect("a version");
    on_both(&server, async |api| {
        assert_eq!(names(api.artifacts(PROJECT).await.expect("a path")).await, ["empty:v0", "resnet:v0"]);
    });
}
