//! The bytes of artifacts: signed URLs, routes of the API, closed buckets and damage.

use serde_json::{Value, json};
use wandb_local_server::{DirectUrls, NewArtifact, StorageBehaviour, StorageLayout};

use super::{project, seeded, version};
use crate::client::{Client, Reply};

/// Returns the files of a version with these fields, in the order of the manifest.
fn files(client: &Client, alias: &str, fields: &str) -> Vec<Value> {
    let field = format!("files {{ edges {{ node {{ {fields} }} }} }}");
    let list = version(client, alias, &field);
    list["files"]["edges"].as_array().unwrap().iter().map(|edge| edge["node"].clone()).collect()
}

fn fetch(client: &Client, url: &Value) -> Reply {
    client.get(url.as_str().unwrap(), &[])
}

/// Follows a URL on the API port.
fn through_api(client: &Client, url: &str) -> Reply {
    let redirect = client.get(url, &[("Authorization", &client.authorization())]);
    match redirect.headers.get("location") {
        Some(location) => client.get(location.to_str().unwrap(), &[]),
        None => redirect,
    }
}

#[test]
fn files_are_listed_with_urls_and_digests() {
    let client = seeded();
    let listed =
        files(&client, "v1", "name displayName sizeBytes digest md5 mimetype url directUrl storagePath");
    assert_eq!(listed.iter().map(|file| &file["name"]).collect::<Vec<_>>(), ["a.txt", "b/ü c.txt", "ref"]);
    assert_eq!(listed[0]["displayName"], "a.txt");
    assert_eq!((&listed[0]["sizeBytes"], &listed[0]["mimetype"]), (&json!(7), &json!("text/plain")));
    assert_eq!(listed[0]["digest"], listed[0]["md5"]);
    assert_eq!(fetch(&client, &listed[1]["directUrl"]).body, b"two");
    let hash = fetch(&client, &listed[1]["directUrl"]).headers["x-goog-hash"].to_str().unwrap().to_owned();
    assert_eq!(hash, format!("md5={}", listed[1]["digest"].as_str().unwrap()));
    let reference = &listed[2];
    assert_eq!(
        (&reference["url"], &reference["directUrl"]),
        (&json!("s3://bucket/key"), &json!("s3://bucket/key"))
    );
    assert_eq!((&reference["digest"], &reference["md5"]), (&json!("etag"), &Value::Null));
    assert_eq!(reference["sizeBytes"], 7);
}

#[test]
fn versions_share_the_blob_of_an_equal_file() {
    let client = seeded();
    let (old, new) = (files(&client, "v0", "storagePath"), files(&client, "v1", "storagePath"));
    assert_ne!(old[0], new[0]);
    assert_eq!(old[1], new[1]);
    let manifest = client.server.store().artifact_manifest("e/p/data:v1").unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let first = client.server.store().artifact_id("e/p/data:v0").unwrap();
    assert_eq!(manifest["contents"]["b/ü c.txt"]["birthArtifactID"], first);
}

#[test]
fn api_routes_need_the_key_and_redirect() {
    let client = seeded();
    let url = files(&client, "v1", "url")[1]["url"].as_str().unwrap().to_owned();
    assert!(url.contains("/artifactsV2/default/e/p/data/"), "{url}");
    assert_eq!(client.get(&url, &[]).status, 401);
    assert_eq!(through_api(&client, &url).body, b"two");
    let store = client.server.store();
    store.set_feature("ARTIFACT_V2_DOWNLOAD_HANDLER_SUPPORTS_ARTIFACT_ID", false);
    assert_eq!(through_api(&client, &url).status, 404, "older servers know no artifact id in the path");
    let short = files(&client, "v1", "url")[1]["url"].as_str().unwrap().to_owned();
    assert_eq!(short.split('/').count() + 1, url.split('/').count());
    assert_eq!(through_api(&client, &short).body, b"two");
    let other = short.replace("/p/data/", "/p/other/");
    assert_eq!(through_api(&client, &other).status, 404, "the collection has no such file");
}

#[test]
fn old_layout_finds_files_by_entity_and_digest() {
    let client = Client::start();
    let store = client.server.store();
    let new = |collection: &str| NewArtifact {
        layout: StorageLayout::V1,
        ..NewArtifact::new("e", "p", collection, "dataset").file("a.txt", "same")
    };
    store.add_artifact(new("data")).unwrap();
    store.add_artifact(new("data").file("b.txt", "more")).unwrap();
    let files = files(&client, "v1", "url directUrl");
    let url = files[0]["url"].as_str().unwrap();
    assert!(url.ends_with("/artifacts/e/51037a4a37730f52c8732586d3aaa316"), "{url}");
    assert_eq!(
        (through_api(&client, url).body, fetch(&client, &files[0]["directUrl"]).body),
        (b"same".to_vec(), b"same".to_vec())
    );
    assert_eq!(through_api(&client, &url.replace("/e/", "/f/")).status, 404);
    let manifest: Value = serde_json::from_slice(&store.artifact_manifest("e/p/data:v1").unwrap()).unwrap();
    assert_eq!(manifest["storagePolicyConfig"]["storageLayout"], "V1");
    assert_eq!(manifest["contents"]["a.txt"].get("birthArtifactID"), None);
}

#[test]
fn closed_bucket_keeps_the_manifest_and_the_api() {
    let client = seeded();
    let mut behaviour = StorageBehaviour::default();
    behaviour.direct = DirectUrls::Refused;
    client.server.store().set_storage(behaviour);
    let manifest = version(&client, "v1", "currentManifest { file { directUrl } }");
    let manifest = manifest["currentManifest"]["file"]["directUrl"].clone();
    assert_eq!(fetch(&client, &manifest).status, 200);
    let file = &files(&client, "v1", "url directUrl")[0];
    assert_eq!(fetch(&client, &file["directUrl"]).status, 403);
    assert_eq!(through_api(&client, file["url"].as_str().unwrap()).body, b"changed");
    behaviour.manifests = DirectUrls::Refused;
    client.server.store().set_storage(behaviour);
    let manifest = version(&client, "v1", "currentManifest { file { directUrl } }");
    assert_eq!(fetch(&client, &manifest["currentManifest"]["file"]["directUrl"]).status, 403);
}

#[test]
fn stored_bytes_and_manifests_can_be_damaged() {
    let client = seeded();
    let store = client.server.store();
    let mut behaviour = StorageBehaviour::default();
    behaviour.damaged = true;
    store.set_storage(behaviour);
    let body = fetch(&client, &files(&client, "v1", "directUrl")[0]["directUrl"]).body;
    assert_eq!(body, b"bhanged");
    store.set_storage(StorageBehaviour::default());
    store.set_artifact_file("e/p/data:v1", "a.txt", "longer than before").unwrap();
    let listed = &files(&client, "v1", "directUrl digest sizeBytes")[0];
    assert_eq!(listed["sizeBytes"], 7);
    let reply = fetch(&client, &listed["directUrl"]);
    assert_eq!(reply.body, b"longer than before");
    assert_ne!(reply.headers["x-goog-hash"], format!("md5={}", listed["digest"].as_str().unwrap()));
    store.remove_artifact_file("e/p/data:v1", "a.txt").unwrap();
    assert_eq!(fetch(&client, &listed["directUrl"]).status, 404);
    let digest = version(&client, "v1", "digest fileCount size");
    let text = r#"{"version":1,"storagePolicy":"wandb-storage-policy-v1","storagePolicyConfig":{},"contents":{"../out":{"digest":"x","size":1}}}"#;
    store.set_manifest("e/p/data:v1", text).unwrap();
    assert_eq!(store.artifact_manifest("e/p/data:v1").unwrap(), text);
    assert_eq!(version(&client, "v1", "digest fileCount size"), digest, "only the manifest has changed");
    assert_eq!(files(&client, "v1", "name"), [json!({ "name": "../out" })]);
    store.set_manifest("e/p/data:v1", "not JSON").unwrap();
    assert_eq!(files(&client, "v1", "name"), [] as [Value; 0]);
    store.set_artifact_digest("e/p/data:v1", "wrong").unwrap();
    store.set_artifact_size("e/p/data:v1", 1, 2).unwrap();
    assert_eq!(
        version(&client, "v1", "digest fileCount size"),
        json!({"digest": "wrong", "fileCount": 2, "size": 1})
    );
    let missing = store.set_artifact_file("e/p/data:v0", "none", "").unwrap_err().to_string();
    assert!(missing.contains("e/p/data:v0/none"), "{missing}");
}

#[test]
fn membership_lists_selected_files() {
    let client = seeded();
    let fields = "artifactCollection(name: \"data\") { __typename artifactMembership(aliasName: \"v1\") { \
        files(names: [\"ref\", \"none\"]) { totalCount edges { node { name } } } all: files(first: 2) { totalCount pageInfo { hasNextPage } } } }";
    let member = &project(&client, fields)["artifactCollection"]["artifactMembership"];
    assert_eq!(member["files"], json!({"totalCount": 1, "edges": [{"node": {"name": "ref"}}]}));
    assert_eq!(member["all"], json!({"totalCount": 3, "pageInfo": {"hasNextPage": true}}));
    let query = "query Q($id: ID!, $entries: [ArtifactManifestEntryInput!]) { artifact(id: $id) { \
        filesByManifestEntries(entries: $entries, storageLayout: \"V2\", manifestVersion: \"1\") { edges { node { name directUrl } } } } }";
    let id = client.server.store().artifact_id("e/p/data:v1").unwrap();
    let entries = json!([{ "name": "b/ü c.txt", "digest": "" }]);
    let found = client.data(query, &json!({ "id": id, "entries": entries }));
    let node = &found["artifact"]["filesByManifestEntries"]["edges"][0]["node"];
    assert_eq!(
        (&node["name"], fetch(&client, &node["directUrl"]).body),
        (&json!("b/ü c.txt"), b"two".to_vec())
    );
}
