//! The mutations with which the SDK logs artifacts, as its core sends them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use serde_json::{Value, json};
use wandb_local_server::{NewRun, Options};

use super::{nodes, project, version};
use crate::client::Client;

const CREATE: &str = "mutation CreateArtifact ($input: CreateArtifactInput!) { createArtifact(input: $input) { ... CreatedArtifact } } \
    fragment CreatedArtifact on CreateArtifactPayload { artifact { id state artifactSequence { latestArtifact { id } } } }";
const MANIFEST: &str = "mutation CreateArtifactManifest ($artifactID: ID!, $baseArtifactID: ID, $name: String!, $digest: String!, \
    $entityName: String!, $projectName: String!, $runName: String!, $manifestType: ArtifactManifestType!, $includeUpload: Boolean!) { \
    createArtifactManifest(input: {artifactID:$artifactID,baseArtifactID:$baseArtifactID,name:$name,digest:$digest,entityName:$entityName,\
    projectName:$projectName,runName:$runName,type:$manifestType}) { artifactManifest { id file { id uploadUrl @include(if: $includeUpload) \
    uploadHeaders @include(if: $includeUpload) } } } }";
const UPDATE_MANIFEST: &str = "mutation UpdateArtifactManifest ($artifactManifestID: ID!, $digest: String, $baseArtifactID: ID, \
    $includeUpload: Boolean!) { updateArtifactManifest(input: {artifactManifestID:$artifactManifestID,digest:$digest,baseArtifactID:$baseArtifactID}) \
    { artifactManifest { id file { id uploadUrl @include(if: $includeUpload) } } } }";
const FILES: &str = "mutation CreateArtifactFiles ($input: CreateArtifactFilesInput!) { createArtifactFiles(input: $input) { files { edges { node { \
    storagePath uploadUrl uploadHeaders uploadMultipartUrls { uploadID uploadUrlParts { partNumber uploadUrl } } artifact { id } } } } } }";
const COMMIT: &str = "mutation CommitArtifact ($artifactID: ID!) { commitArtifact(input: {artifactID:$artifactID}) { artifact { id digest } } }";

fn md5(bytes: &[u8]) -> String {
    STANDARD.encode(Md5::digest(bytes))
}

/// A client with the run `e/p/r`, which logs versions of `data`.
fn start() -> Client {
    let client = Client::with(Options::default());
    client.server.store().add_run(NewRun::new("e", "p", "r"));
    client
}

fn create(client: &Client, changes: &Value) -> Value {
    let mut input = json!({
        "entityName": "e", "projectName": "p", "runName": "r", "artifactTypeName": "dataset",
        "artifactCollectionName": "data", "digest": "d0", "digestAlgorithm": "MANIFEST_MD5",
        "enableDigestDeduplication": true, "clientID": "c0", "sequenceClientID": "s",
        "aliases": [{ "artifactCollectionName": "data", "alias": "latest" }],
    });
    for (name, value) in changes.as_object().unwrap() {
        input[name] = value.clone();
    }
    client.data(CREATE, &json!({ "input": input }))["createArtifact"]["artifact"].clone()
}

/// Creates a manifest. Returns its id, and uploads the text if there is one.
fn manifest(client: &Client, artifact: &Value, base: &Value, kind: &str, text: Option<&str>) -> Value {
    let variables = json!({
        "artifactID": artifact, "baseArtifactID": base, "name": "wandb_manifest.json", "digest": "",
        "entityName": "e", "projectName": "p", "runName": "r", "manifestType": kind, "includeUpload": text.is_some(),
    });
    let made = &client.data(MANIFEST, &variables)["createArtifactManifest"]["artifactManifest"];
    if let Some(text) = text {
        assert_eq!(client.put(made["file"]["uploadUrl"].as_str().unwrap(), text.as_bytes()).status, 200);
    }
    made["id"].clone()
}

fn manifest_text(entries: &Value) -> String {
    json!({"version": 1, "storagePolicy": "wandb-storage-policy-v1", "storagePolicyConfig": {"storageLayout": "V2"}, "contents": entries})
        .to_string()
}

/// Logs a version with these files as the SDK's core does. Returns its id, and the names of the files that it had to upload.
fn log(client: &Client, number: u32, files: &[(&str, &str)]) -> (Value, Vec<String>) {
    let made = create(client, &json!({ "digest": format!("d{number}"), "clientID": format!("c{number}") }));
    assert_eq!(made["state"], "PENDING");
    let latest = &made["artifactSequence"]["latestArtifact"];
    let base = if latest.is_null() { Value::Null } else { latest["id"].clone() };
    let empty = manifest(client, &made["id"], &base, "FULL", None);
    let specs: Vec<Value> = files
        .iter()
        .map(|(name, bytes)| json!({"artifactID": made["id"], "artifactManifestID": empty, "name": name, "md5": md5(bytes.as_bytes())}))
        .collect();
    let input = json!({ "input": { "artifactFiles": specs, "storageLayout": "V2" } });
    let answer = client.data(FILES, &input);
    let mut entries = json!({});
    let mut uploaded = Vec::new();
    for ((name, bytes), edge) in
        files.iter().zip(answer["createArtifactFiles"]["files"]["edges"].as_array().unwrap())
    {
        if let Some(url) = edge["node"]["uploadUrl"].as_str() {
            assert_eq!(client.put(url, bytes.as_bytes()).status, 200);
            uploaded.push((*name).to_owned());
        }
        entries[*name] = json!({"digest": md5(bytes.as_bytes()), "size": bytes.len(), "birthArtifactID": edge["node"]["artifact"]["id"]});
    }
    manifest(client, &made["id"], &base, "FULL", Some(&manifest_text(&entries)));
    client.data(COMMIT, &json!({ "artifactID": made["id"] }));
    (made["id"].clone(), uploaded)
}

#[test]
fn only_new_files_are_uploaded() {
    let client = start();
    let (first, uploaded) = log(&client, 0, &[("a", "one"), ("b", "two")]);
    assert_eq!(uploaded, ["a", "b"]);
    let (second, uploaded) = log(&client, 1, &[("a", "one"), ("b", "three"), ("copy", "one")]);
    assert_eq!(uploaded, ["b"], "files of the sequence are stored already");
    let read = version(
        &client,
        "latest",
        "id versionIndex size fileCount files { edges { node { name directUrl } } }",
    );
    assert_eq!(
        (&read["id"], &read["versionIndex"], &read["size"], &read["fileCount"]),
        (&second, &json!(1), &json!(11), &json!(3))
    );
    let urls = nodes(&read["files"], "directUrl");
    assert_eq!(client.get(urls[2].as_str().unwrap(), &[]).body, b"one");
    assert_eq!(version(&client, "v0", "id")["id"], first);
    let mapping = client.data("{ clientIDMapping(clientID: \"c1\") { serverID } }", &Value::Null);
    assert_eq!(mapping["clientIDMapping"]["serverID"], second);
}

#[test]
fn equal_digest_is_not_a_new_version() {
    let client = start();
    let (first, _) = log(&client, 0, &[("a", "one")]);
    let aliases = json!([{ "artifactCollectionName": "data", "alias": "again" }]);
    let same = create(&client, &json!({ "clientID": "other", "aliases": aliases }));
    assert_eq!((&same["id"], &same["state"]), (&first, &json!("COMMITTED")));
    assert_eq!(version(&client, "again", "versionIndex")["versionIndex"], 0);
    let mapping = client.data("{ clientIDMapping(clientID: \"other\") { serverID } }", &Value::Null);
    assert_eq!(mapping["clientIDMapping"]["serverID"], first);
    let (second, _) = log(&client, 1, &[("a", "two")]);
    let back = create(&client, &json!({ "clientID": "third" }));
    assert_eq!(back["state"], "PENDING", "only the latest version counts");
    let other = create(
        &client,
        &json!({ "digest": "d1", "clientID": "fourth", "digestAlgorithm": "MANIFEST_XXH128" }),
    );
    assert!(other["id"] != second, "digests of two algorithms are not compared");
    let always =
        create(&client, &json!({ "digest": "d1", "clientID": "fifth", "enableDigestDeduplication": false }));
    assert_eq!(always["state"], "PENDING");
    assert_eq!(create(&client, &json!({ "clientID": "fifth" }))["id"], always["id"], "a repeated request");
}

#[test]
fn pending_versions_have_no_index() {
    let client = start();
    let made = create(&client, &json!({}));
    let query = "query Q($id: ID!) { artifact(id: $id) { state versionIndex } }";
    let pending = client.data(query, &json!({ "id": made["id"] }));
    assert_eq!(pending["artifact"], json!({ "state": "PENDING", "versionIndex": null }));
    assert_eq!(version(&client, "latest", "id"), Value::Null);
    assert_eq!(client.run("r", "outputArtifacts { totalCount }")["outputArtifacts"]["totalCount"], 0);
    let error = client.graphql(COMMIT, &json!({ "artifactID": "QXJ0aWZhY3Q6OTk=" })).json();
    assert_eq!(error["errors"][0]["message"], "artifact \"QXJ0aWZhY3Q6OTk=\" not found");
}

#[test]
fn wrong_type_is_rejected() {
    let client = start();
    create(&client, &json!({}));
    let input = json!({"entityName": "e", "projectName": "p", "artifactTypeName": "model", "artifactCollectionName": "data", "digest": "x",
                       "digestAlgorithm": "MANIFEST_MD5"});
    let reply = client.graphql(CREATE, &json!({ "input": input })).json();
    assert_eq!(reply["errors"][0]["message"], "collection \"data\" is of type \"dataset\", not \"model\"");
}

#[test]
fn incremental_manifests_add_to_the_base() {
    let client = start();
    let (first, _) = log(&client, 0, &[("a", "one"), ("b", "two")]);
    let made = create(&client, &json!({ "digest": "part", "clientID": "c1" }));
    let id = manifest(&client, &made["id"], &first, "INCREMENTAL", None);
    let variables = json!({ "artifactManifestID": id, "digest": "x", "includeUpload": true });
    let file = client.data(UPDATE_MANIFEST, &variables)["updateArtifactManifest"]["artifactManifest"]["file"]
        .clone();
    let text = manifest_text(
        &json!({"b": {"digest": md5(b"new"), "size": 3}, "c": {"digest": md5(b"c"), "size": 1}}),
    );
    client.put(file["uploadUrl"].as_str().unwrap(), text.as_bytes());
    client.data(COMMIT, &json!({ "artifactID": made["id"] }));
    let read = version(
        &client,
        "latest",
        "digest size fileCount currentManifest { type } files { edges { node { name } } }",
    );
    assert_eq!(
        (nodes(&read["files"], "name"), &read["size"]),
        (vec![json!("a"), json!("b"), json!("c")], &json!(7))
    );
    assert_eq!(read["currentManifest"]["type"], "FULL");
    let lines =
        format!("wandb-artifact-manifest-v1\na:{}\nb:{}\nc:{}\n", md5(b"one"), md5(b"new"), md5(b"c"));
    let digest: String = Md5::digest(lines).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(read["digest"], digest, "the digest covers all entries");
}

#[test]
fn processes_create_one_version_together() {
    let client = start();
    let mut id = Value::Null;
    for (number, name) in ["a", "b"].into_iter().enumerate() {
        let made = create(&client, &json!({ "distributedID": "together", "clientID": format!("c{number}") }));
        assert!(id.is_null() || id == made["id"]);
        id = made["id"].clone();
        let text = manifest_text(&json!({ name: { "digest": md5(name.as_bytes()), "size": 1 } }));
        manifest(&client, &id, &Value::Null, "PATCH", Some(&text));
    }
    client.data(COMMIT, &json!({ "artifactID": id }));
    let read = version(&client, "v0", "fileCount files { edges { node { name } } }");
    assert_eq!(
        (nodes(&read["files"], "name"), &read["fileCount"]),
        (vec![json!("a"), json!("b")], &json!(2))
    );
}

#[test]
fn large_files_are_uploaded_in_parts() {
    let client = start();
    let made = create(&client, &json!({}));
    let parts = json!([{ "partNumber": 1, "hexMD5": "x" }, { "partNumber": 2, "hexMD5": "y" }]);
    let spec = json!({"artifactID": made["id"], "name": "big", "md5": md5(b"first second"), "uploadPartsInput": parts});
    let answer = client.data(FILES, &json!({ "input": { "artifactFiles": [spec], "storageLayout": "V2" } }));
    let file = &answer["createArtifactFiles"]["files"]["edges"][0]["node"];
    let urls = file["uploadMultipartUrls"]["uploadUrlParts"].as_array().unwrap();
    // The parts may arrive in any order.
    for (number, bytes) in [(1, "second"), (0, "first ")] {
        let reply = client.put(urls[number]["uploadUrl"].as_str().unwrap(), bytes.as_bytes());
        assert!(reply.headers.contains_key("etag"));
    }
    let complete = "mutation CompleteMultipartUploadArtifact ($completeMultipartAction: CompleteMultipartAction!, $completedParts: [UploadPartsInput!]!, \
        $artifactID: ID!, $storagePath: String!, $uploadID: String!) { completeMultipartUploadArtifact(input: {completeMultipartAction:$completeMultipartAction,\
        completedParts:$completedParts,artifactID:$artifactID,storagePath:$storagePath,uploadID:$uploadID}) { digest } }";
    let variables = |parts: Value| {
        json!({"completeMultipartAction": "Complete", "completedParts": parts, "artifactID": file["artifact"]["id"],
               "storagePath": file["storagePath"], "uploadID": file["uploadMultipartUrls"]["uploadID"]})
    };
    let missing = client.graphql(complete, &variables(json!([{ "partNumber": 9, "hexMD5": "" }]))).json();
    assert_eq!(missing["errors"][0]["message"], "part 9 was not uploaded");
    let parts = json!([{ "partNumber": 2, "hexMD5": "" }, { "partNumber": 1, "hexMD5": "" }]);
    let done = client.data(complete, &variables(parts));
    assert_eq!(done["completeMultipartUploadArtifact"]["digest"], md5(b"first second"));
}

#[test]
fn versions_are_changed_used_and_deleted() {
    let client = start();
    let (first, _) = log(&client, 0, &[("a", "one")]);
    let update = "mutation UpdateArtifact($input: UpdateArtifactInput!, $includeAliases: Boolean = true) { result: updateArtifact(input: $input) { \
        artifact { description metadata ttlDurationSeconds ttlIsInherited tags { name } updatedAt aliases @include(if: $includeAliases) { alias } } } }";
    let tags = json!([{ "tagName": "x" }, { "tagName": "y" }]);
    let input = json!({"artifactID": first, "description": "text", "metadata": "{\"a\":1}", "ttlDurationSeconds": 60, "tagsToAdd": tags, "tagsToDelete": []});
    let changed = client.data(update, &json!({ "input": input }))["result"]["artifact"].clone();
    assert_eq!((&changed["description"], &changed["metadata"]), (&json!("text"), &json!("{\"a\":1}")));
    assert_eq!((&changed["ttlDurationSeconds"], &changed["ttlIsInherited"]), (&json!(60), &json!(false)));
    assert!(changed["updatedAt"].is_string());
    let input = json!({"artifactID": first, "ttlDurationSeconds": -1, "tagsToDelete": [{ "tagName": "x" }], "description": null});
    let changed = client.data(update, &json!({ "input": input }))["result"]["artifact"].clone();
    assert_eq!((&changed["tags"], &changed["description"]), (&json!([{ "name": "y" }]), &json!("text")));
    assert_eq!((&changed["ttlDurationSeconds"], &changed["ttlIsInherited"]), (&json!(-1), &json!(true)));

    let used =
        "mutation UseArtifact ($input: UseArtifactInput!) { useArtifact(input: $input) { artifact { id } } }";
    let input = json!({"artifactID": first, "entityName": "e", "projectName": "p", "runName": "r", "artifactEntityName": "e", "artifactProjectName": "p"});
    assert_eq!(client.data(used, &json!({ "input": input }))["useArtifact"]["artifact"]["id"], first);
    assert_eq!(nodes(&version(&client, "v0", "usedBy { edges { node { name } } }")["usedBy"], "name"), ["r"]);

    let delete = "mutation DeleteArtifact($input: DeleteArtifactInput!) { result: deleteArtifact(input: $input) { artifact { id } } }";
    let refused =
        client.graphql(delete, &json!({ "input": { "artifactID": first, "deleteAliases": false } })).json();
    assert!(refused["errors"][0]["message"].as_str().unwrap().contains("has aliases"), "{refused}");
    client.data(delete, &json!({ "input": { "artifactID": first, "deleteAliases": true } }));
    assert_eq!(version(&client, "v0", "id"), Value::Null);
}

#[test]
fn aliases_move_between_versions() {
    let client = start();
    let (first, _) = log(&client, 0, &[("a", "one")]);
    let (second, _) = log(&client, 1, &[("a", "two")]);
    let change = |mutation: &str, id: &Value, alias: &str| {
        let text = format!(
            "mutation M($input: {mutation}Input!) {{ result: {}{}(input: $input) {{ success }} }}",
            mutation[..1].to_lowercase(),
            &mutation[1..]
        );
        let target =
            json!({"entityName": "e", "projectName": "p", "artifactCollectionName": "data", "alias": alias});
        client.graphql(&text, &json!({ "input": { "artifactID": id, "aliases": [target] } })).json()
    };
    change("AddAliases", &first, "best");
    assert_eq!(version(&client, "best", "id")["id"], first);
    change("AddAliases", &second, "best");
    assert_eq!(version(&client, "best", "id")["id"], second);
    change("AddAliases", &first, "latest");
    assert_eq!(version(&client, "latest", "id")["id"], first);
    change("AddAliases", &first, "v1");
    assert_eq!(version(&client, "v1", "id")["id"], second, "the server assigns such aliases");
    change("DeleteAliases", &second, "best");
    assert_eq!(version(&client, "best", "id"), Value::Null);
    let all =
        project(&client, "artifactCollection(name: \"data\") { id }")["artifactCollection"]["id"].clone();
    let query = "query ArtifactCollectionAliases($id: ID!) { artifactCollection(id: $id) { __typename aliases(first: 1000) { edges { node { alias } } } } }";
    let all = client.data(query, &json!({ "id": all }));
    assert_eq!(nodes(&all["artifactCollection"]["aliases"], "alias"), ["latest", "v0", "v1"]);
}

#[test]
fn collections_are_renamed_moved_and_deleted() {
    let client = start();
    let (first, _) = log(&client, 0, &[("a", "one")]);
    let id =
        project(&client, "artifactCollection(name: \"data\") { id }")["artifactCollection"]["id"].clone();
    let fields = "{ artifactCollection { __typename name description type: defaultArtifactType { name } } }";
    let run = |mutation: &str, kind: &str, input: Value| {
        let text = format!("mutation M($input: {kind}!) {{ result: {mutation}(input: $input) {fields} }}");
        client.graphql(&text, &json!({ "input": input })).json()
    };
    let renamed = run(
        "updateArtifactSequence",
        "UpdateArtifactSequenceInput",
        json!({"artifactSequenceID": id, "name": "rows", "description": "all"}),
    );
    let renamed = &renamed["data"]["result"]["artifactCollection"];
    assert_eq!((&renamed["name"], &renamed["description"]), (&json!("rows"), &json!("all")));
    let moved = run(
        "moveArtifactSequence",
        "MoveArtifactSequenceInput",
        json!({"artifactSequenceID": id, "destinationArtifactTypeName": "table"}),
    );
    assert_eq!(moved["data"]["result"]["artifactCollection"]["type"]["name"], "table");
    let tags = "mutation T($input: CreateArtifactCollectionTagAssignmentsInput!) { result: createArtifactCollectionTagAssignments(input: $input) { tags { name } } }";
    let input = json!({"entityName": "e", "projectName": "p", "artifactCollectionName": "rows", "tags": [{ "tagName": "t" }]});
    assert_eq!(client.data(tags, &json!({ "input": input }))["result"]["tags"], json!([{ "name": "t" }]));
    let untag = "mutation T($input: DeleteArtifactCollectionTagAssignmentsInput!) { result: deleteArtifactCollectionTagAssignments(input: $input) { success } }";
    client.data(untag, &json!({ "input": input }));
    let tags = project(&client, "artifactCollection(name: \"rows\") { tags { edges { node { name } } } }");
    assert_eq!(tags["artifactCollection"]["tags"]["edges"], json!([]));
    let wrong = run(
        "updateArtifactPortfolio",
        "UpdateArtifactPortfolioInput",
        json!({"artifactPortfolioID": id, "name": "x"}),
    );
    assert!(wrong["errors"][0]["message"].as_str().unwrap().contains("not found"));
    let delete = "mutation DeleteArtifactSequence($id: ID!) { result: deleteArtifactSequence(input: {artifactSequenceID: $id}) { artifactCollection { __typename state } } }";
    let deleted = client.data(delete, &json!({ "id": id }));
    assert_eq!(
        deleted["result"]["artifactCollection"],
        json!({ "__typename": "ArtifactSequence", "state": "DELETED" })
    );
    assert_eq!(
        project(&client, "artifactCollections { totalCount }")["artifactCollections"]["totalCount"],
        0
    );
    let state = client.data("query Q($id: ID!) { artifact(id: $id) { state } }", &json!({ "id": first }));
    assert_eq!(state["artifact"]["state"], "DELETED");
}

#[test]
fn deleted_run_can_take_its_artifacts_along() {
    let client = start();
    let (first, _) = log(&client, 0, &[("a", "one")]);
    let id = client.run("r", "id")["id"].clone();
    let delete =
        "mutation D($id: ID!) { deleteRun(input: {id: $id, deleteArtifacts: true}) { clientMutationId } }";
    client.data(delete, &json!({ "id": id }));
    let state = client.data(
        "query Q($id: ID!) { artifact(id: $id) { state createdBy { __typename } } }",
        &json!({ "id": first }),
    );
    assert_eq!(state["artifact"], json!({ "state": "DELETED", "createdBy": null }));
}
