//! Artifacts: seeds, queries, storage and recordings. The mutations are in `log`.

mod log;
mod registries;
mod storage;

use serde_json::{Value, json};
use wandb_local_server::{
    ArtifactState, DigestAlgorithm, GeneratedArtifact, NewArtifact, NewRun, Options, Quirks, StorageLayout,
};

use crate::client::Client;

/// A server with two versions of the dataset `e/p/data`, which the run `r` has created.
pub(crate) fn seeded() -> Client {
    let client = Client::start();
    let store = client.server.store();
    store.add_run(NewRun::new("e", "p", "r"));
    store.add_run(NewRun::new("e", "p", "reader"));
    let first =
        NewArtifact::new("e", "p", "data", "dataset").run("r").file("a.txt", "one").file("b/ü c.txt", "two");
    store.add_artifact(first.alias("old")).unwrap();
    let second = NewArtifact::new("e", "p", "data", "dataset")
        .run("r")
        .file("a.txt", "changed")
        .file("b/ü c.txt", "two")
        .reference("ref", "s3://bucket/key", "etag", Some(7))
        .alias("best")
        .tag("checked")
        .metadata(&json!({ "rows": 3, "nested": { "ok": true } }));
    assert_eq!(store.add_artifact(second).unwrap(), "e/p/data:v1");
    client
}

/// Returns these fields of the project `e/p`.
pub(crate) fn project(client: &Client, fields: &str) -> Value {
    let query = format!("{{ project(name: \"p\", entityName: \"e\") {{ {fields} }} }}");
    client.data(&query, &Value::Null)["project"].clone()
}

/// Returns these fields of the version with an alias in the collection `e/p/data`.
pub(crate) fn version(client: &Client, alias: &str, fields: &str) -> Value {
    let field = format!("artifactCollectionMembership(name: \"data:{alias}\") {{ artifact {{ {fields} }} }}");
    project(client, &field)["artifactCollectionMembership"]["artifact"].clone()
}

/// Returns a field of each node in a list.
pub(crate) fn nodes(list: &Value, field: &str) -> Vec<Value> {
    list["edges"].as_array().unwrap().iter().map(|edge| edge["node"][field].clone()).collect()
}

#[test]
fn versions_are_found_by_alias_version_and_digest() {
    let client = seeded();
    let digest = version(&client, "v0", "digest")["digest"].as_str().unwrap().to_owned();
    let hash = version(&client, "v1", "commitHash")["commitHash"].as_str().unwrap().to_owned();
    let found = [("old", 0), ("v0", 0), (&*digest, 0), ("latest", 1), ("best", 1), ("v1", 1), (&*hash, 1)];
    for (alias, index) in found {
        assert_eq!(version(&client, alias, "versionIndex")["versionIndex"], index, "{alias}");
    }
    assert_eq!(project(&client, "artifact(name: \"data\") { versionIndex }")["artifact"]["versionIndex"], 1);
    let missing = "a: artifactCollectionMembership(name: \"data:v9\") { id } \
                   b: artifactCollectionMembership(name: \"none:v0\") { id } artifactCollection(name: \"none\") { id }";
    assert_eq!(project(&client, missing), json!({ "a": null, "b": null, "artifactCollection": null }));
}

#[test]
fn version_has_all_fields() {
    let client = seeded();
    let fields = "__typename state versionIndex size fileCount digestAlgorithm metadata description historyStep \
        ttlDurationSeconds ttlIsInherited artifactType { name } tags { name } \
        artifactSequence { __typename name project { name entity { name } } } \
        aliases { alias artifactCollection { __typename name } } \
        createdBy { __typename ... on Run { name } ... on User { username } } usedBy { edges { node { name } } }";
    client.server.store().use_artifact("e/p/reader", "e/p/data:v1").unwrap();
    let own = version(&client, "v1", fields);
    let aliases = own["aliases"].as_array().unwrap().iter().map(|alias| alias["alias"].as_str().unwrap());
    assert_eq!(aliases.collect::<Vec<_>>(), ["latest", "best", "v1"]);
    assert_eq!(
        own["aliases"][0]["artifactCollection"],
        json!({"__typename": "ArtifactSequence", "name": "data"})
    );
    assert_eq!(
        (&own["state"], &own["size"], &own["fileCount"]),
        (&json!("COMMITTED"), &json!(17), &json!(3))
    );
    assert_eq!(own["digestAlgorithm"], "MANIFEST_MD5");
    assert_eq!(own["metadata"], r#"{"nested":{"ok":true},"rows":3}"#);
    assert_eq!((&own["ttlDurationSeconds"], &own["ttlIsInherited"]), (&json!(-1), &json!(true)));
    assert_eq!(own["artifactType"]["name"], "dataset");
    assert_eq!(own["tags"], json!([{ "name": "checked" }]));
    assert_eq!(own["artifactSequence"]["project"], json!({"name": "p", "entity": {"name": "e"}}));
    assert_eq!(own["createdBy"], json!({ "__typename": "Run", "name": "r" }));
    assert_eq!(nodes(&own["usedBy"], "name"), ["reader"]);
    let by_user = NewArtifact::new("e", "p", "other", "dataset");
    client.server.store().add_artifact(by_user).unwrap();
    let id = client.server.store().artifact_id("e/p/other:latest").unwrap();
    let query = "query Q($id: ID!) { artifact(id: $id) { createdBy { ... on Run { name } ... on User { username } } } }";
    assert_eq!(
        client.data(query, &json!({ "id": id }))["artifact"]["createdBy"],
        json!({ "username": "local" }),
        "fields of another type of creator are left out"
    );
}

#[test]
fn lists_are_counted_filtered_ordered_and_paged() {
    let client = seeded();
    let query = |arguments: &str| {
        let fields = format!(
            "artifactType(name: \"dataset\") {{ artifactCollection(name: \"data\") {{ artifacts({arguments}) \
             {{ totalCount pageInfo {{ hasNextPage endCursor }} edges {{ version node {{ versionIndex }} }} }} }} }}"
        );
        project(&client, &fields)["artifactType"]["artifactCollection"]["artifacts"].clone()
    };
    let versions = |list: &Value| {
        let edges = list["edges"].as_array().unwrap().iter();
        edges.map(|edge| edge["version"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let first = query("first: 1");
    assert_eq!((versions(&first), &first["totalCount"]), (vec!["v1".to_owned()], &json!(2)), "newest first");
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    let cursor = first["pageInfo"]["endCursor"].as_str().unwrap();
    assert_eq!(versions(&query(&format!("first: 1, after: \"{cursor}\""))), ["v0"]);
    assert_eq!(versions(&query("order: \"+createdAt\"")), ["v0", "v1"]);
    for (filter, expected) in [
        (json!({"state": "COMMITTED"}), vec!["v1", "v0"]),
        (json!({"state": "DELETED"}), vec![]),
        (json!({"alias": "old"}), vec!["v0"]),
        (json!({"tags": {"$in": ["checked"]}}), vec!["v1"]),
        (json!({"metadata.rows": {"$gte": 3}}), vec!["v1"]),
        (json!({"version": "v0"}), vec!["v0"]),
        (json!({"$or": [{"size": {"$lt": 10}}, {"alias": "best"}]}), vec!["v1", "v0"]),
    ] {
        let list = query(&format!("filters: {}", Value::from(filter.to_string())));
        assert_eq!(versions(&list), expected, "{filter}");
        assert_eq!(list["totalCount"], expected.len());
    }
}

#[test]
fn types_and_collections_are_listed() {
    let client = seeded();
    let store = client.server.store();
    store.add_artifact(NewArtifact::new("e", "p", "net", "model").file("w", "weights")).unwrap();
    store.describe_collection("e/p/data", "all rows", &["raw"]).unwrap();
    let lists = project(
        &client,
        "artifactTypes { edges { node { name } } } artifactCollections { totalCount edges { node { __typename name \
         description defaultArtifactType { name } tags { edges { node { name } } } } } } \
         tagged: artifactCollections(filters: \"{\\\"tag\\\": \\\"raw\\\"}\") { totalCount edges { node { name } } }",
    );
    assert_eq!(nodes(&lists["artifactTypes"], "name"), ["dataset", "model"]);
    assert_eq!(nodes(&lists["artifactCollections"], "name"), ["net", "data"], "newest first");
    let data = &lists["artifactCollections"]["edges"][1]["node"];
    assert_eq!(
        (&data["description"], &data["defaultArtifactType"]["name"]),
        (&json!("all rows"), &json!("dataset"))
    );
    assert_eq!(nodes(&data["tags"], "name"), ["raw"]);
    assert_eq!(
        (nodes(&lists["tagged"], "name"), &lists["tagged"]["totalCount"]),
        (vec![json!("data")], &json!(1))
    );
}

#[test]
fn run_lists_logged_and_used_versions() {
    let client = seeded();
    client.server.store().use_artifact("e/p/reader", "e/p/data:old").unwrap();
    client.server.store().use_artifact("e/p/reader", "e/p/data:old").unwrap();
    let fields = "outputArtifacts { totalCount edges { node { versionIndex } } } inputArtifacts { totalCount edges { node { versionIndex } } }";
    let run = client.run("r", fields);
    assert_eq!(nodes(&run["outputArtifacts"], "versionIndex"), [0, 1]);
    assert_eq!(run["inputArtifacts"]["totalCount"], 0);
    let reader = client.run("reader", fields);
    assert_eq!(
        (nodes(&reader["inputArtifacts"], "versionIndex"), &reader["outputArtifacts"]["totalCount"]),
        (vec![json!(0)], &json!(0))
    );
}

#[test]
fn deleted_versions_leave_their_collections() {
    let client = seeded();
    let store = client.server.store();
    let id = store.artifact_id("e/p/data:best").unwrap();
    store.delete_artifact("e/p/data:best").unwrap();
    assert_eq!(version(&client, "latest", "versionIndex")["versionIndex"], 0);
    assert_eq!(version(&client, "best", "id"), Value::Null);
    let query = "query Q($id: ID!) { artifact(id: $id) { state versionIndex aliases { alias } } }";
    assert_eq!(
        client.data(query, &json!({ "id": id }))["artifact"],
        json!({ "state": "DELETED", "versionIndex": 1, "aliases": [] })
    );
    let next = NewArtifact::new("e", "p", "data", "dataset").file("x", "y");
    assert_eq!(store.add_artifact(next).unwrap(), "e/p/data:v2", "an index is not used again");
}

#[test]
fn older_servers_lack_fields_and_aliases() {
    let client = seeded();
    let store = client.server.store();
    store.set_missing_fields(&[("Project", "artifactCollections"), ("ArtifactCollection", "tags")]).unwrap();
    for field in [
        "artifactCollections { totalCount }",
        "artifactCollection(name: \"data\") { tags { edges { node { name } } } }",
    ] {
        let query = format!("{{ project(name: \"p\", entityName: \"e\") {{ {field} }} }}");
        let reply = client.graphql(&query, &Value::Null);
        assert_eq!(reply.status, 400, "{}", reply.json());
    }
    store.set_quirks(Quirks { version_aliases: false, ..Quirks::default() });
    assert_eq!(version(&client, "v0", "aliases { alias }")["aliases"], json!([{ "alias": "old" }]));
    store.set_artifact_state("e/p/data:v0", ArtifactState::Pending).unwrap();
    assert_eq!(version(&client, "v0", "state")["state"], "PENDING");
}

#[test]
fn generated_versions_share_entries() {
    let client = Client::start();
    let store = client.server.store();
    for (name, layout, algorithm) in [
        ("new", StorageLayout::V2, DigestAlgorithm::Xxh128),
        ("old", StorageLayout::V1, DigestAlgorithm::Md5),
    ] {
        let mut size = GeneratedArtifact::new(1_500, 2_000).versions(3, 80);
        (size.layout, size.algorithm) = (layout, algorithm);
        store.generate_artifact("e", "p", name, &size).unwrap();
        let manifest = |version: u32| -> Value {
            let text = store.artifact_manifest(&format!("e/p/{name}:v{version}")).unwrap();
            serde_json::from_slice(&text).unwrap()
        };
        let (first, last) = (manifest(0), manifest(2));
        let (first, last) = (first["contents"].as_object().unwrap(), last["contents"].as_object().unwrap());
        let shared = last.iter().filter(|(path, entry)| first.get(*path) == Some(entry)).count();
        assert_eq!((first.len(), last.len(), shared), (1_500, 1_500, 1_200));
        let files = "artifactMembership(aliasName: \"v2\") { artifact { size } \
                     files(names: [\"data/000/file_000000.bin\", \"data/001/file_001499.bin\"]) { totalCount edges { node { name directUrl url digest } } } }";
        let member = &project(&client, &format!("artifactCollection(name: \"{name}\") {{ {files} }}"))["artifactCollection"]
            ["artifactMembership"];
        assert_eq!(
            (&member["artifact"]["size"], &member["files"]["totalCount"]),
            (&json!(3_000_000), &json!(2))
        );
        for edge in member["files"]["edges"].as_array().unwrap() {
            let body = client.get(edge["node"]["directUrl"].as_str().unwrap(), &[]).body;
            assert_eq!(
                (body.len(), algorithm.file_digest(&body)),
                (2_000, edge["node"]["digest"].as_str().unwrap().to_owned())
            );
            let url = edge["node"]["url"].as_str().unwrap();
            let redirect = client.get(url, &[("Authorization", &client.authorization())]);
            assert_eq!(client.get(redirect.headers["location"].to_str().unwrap(), &[]).body, body, "{url}");
        }
    }
}

#[test]
fn artifacts_survive_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let archive = directory.path().join("a.tar.zst");
    let client = seeded();
    let store = client.server.store();
    store.add_registry("local-org", "models", &["dataset"]).unwrap();
    store.link_artifact("e/p/data:v1", "local-org-entity/wandb-registry-models/linked", &["prod"]).unwrap();
    store.use_artifact("e/p/reader", "e/p/data:v1").unwrap();
    let fields = "id digest metadata size fileCount createdAt aliases { alias artifactCollection { name } } tags { name } \
        usedBy { edges { node { name } } } createdBy { ... on Run { name } } \
        files { edges { node { name sizeBytes digest md5 storagePath } } }";
    let before = version(&client, "v1", fields);
    assert_eq!(before["aliases"].as_array().unwrap().len(), 6);
    store.pack(&archive).unwrap();
    let mut options = Options::default();
    options.fixtures = Some(archive.clone());
    let loaded = Client::with(options);
    assert_eq!(version(&loaded, "v1", fields), before);
    let url = version(&loaded, "v1", "files { edges { node { directUrl } } }")["files"]["edges"][0]["node"]["directUrl"].clone();
    assert_eq!(loaded.get(url.as_str().unwrap(), &[]).body, b"changed");
    let again = directory.path().join("b.tar.zst");
    loaded.server.store().pack(&again).unwrap();
    assert_eq!(std::fs::read(&archive).unwrap(), std::fs::read(&again).unwrap());
    let next = NewArtifact::new("e", "p", "data", "dataset").file("x", "y");
    assert_eq!(loaded.server.store().add_artifact(next).unwrap(), "e/p/data:v2");
    // Another recording with artifacts has the same numbers.
    let mut options = Options::default();
    options.fixtures = Some(archive);
    let other = seeded();
    let error = other.server.store().load(&options.fixtures.unwrap()).unwrap_err().to_string();
    assert!(error.contains("cannot read or write the recording"), "{error}");
}
