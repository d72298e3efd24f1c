//! Organizations, registries and links.

use serde_json::{Value, json};
use wandb_local_server::{NewArtifact, Quirks};

use super::{nodes, seeded, version};
use crate::client::Client;

const ENTITY: &str = "local-org-entity";

/// A server with the registry `models`, into which the versions of `e/p/data` are linked.
fn linked() -> Client {
    let client = seeded();
    let store = client.server.store();
    assert_eq!(
        store.add_registry("local-org", "models", &["dataset"]).unwrap(),
        format!("{ENTITY}/wandb-registry-models")
    );
    store.add_registry("local-org", "empty", &[]).unwrap();
    let portfolio = format!("{ENTITY}/wandb-registry-models/best data");
    assert_eq!(store.link_artifact("e/p/data:v1", &portfolio, &["prod"]).unwrap(), format!("{portfolio}:v0"));
    assert_eq!(store.link_artifact("e/p/data:v0", &portfolio, &[]).unwrap(), format!("{portfolio}:v1"));
    client
}

/// Returns these fields of the organization's entity.
fn org_entity(client: &Client, fields: &str) -> Value {
    let query = format!("{{ organization(name: \"local-org\") {{ orgEntity {{ {fields} }} }} }}");
    client.data(&query, &Value::Null)["organization"]["orgEntity"].clone()
}

#[test]
fn entities_know_their_organization() {
    let client = Client::start();
    let query = "query FetchOrgInfoFromEntity($entity: String!) { entity(name: $entity) { organization { ...OrgInfoFragment } \
        user { organizations { ...OrgInfoFragment } } entityType } } fragment OrgInfoFragment on Organization { name orgEntity { name } }";
    let organization = json!({ "name": "local-org", "orgEntity": { "name": ENTITY } });
    let entity = |name: &str| client.data(query, &json!({ "entity": name }))["entity"].clone();
    assert_eq!(
        entity("local-team"),
        json!({"organization": organization, "user": null, "entityType": "team"})
    );
    assert_eq!(
        entity("local"),
        json!({"organization": null, "user": {"organizations": [organization]}, "entityType": "user"})
    );
    assert_eq!(entity(ENTITY)["entityType"], "organization");
    let features = "{ organization(name: \"local-org\") { id featureFlags { rampKey } advancedRegistryFeatures { advancedSearch } } none: organization(name: \"x\") { id } }";
    let features = client.data(features, &Value::Null);
    assert_eq!(features["none"], Value::Null);
    assert_eq!(
        (
            &features["organization"]["featureFlags"],
            &features["organization"]["advancedRegistryFeatures"]["advancedSearch"]
        ),
        (&json!([]), &json!(true))
    );
    client.server.store().set_quirks(Quirks { advanced_registry_search: false, ..Quirks::default() });
    let features = client.data(
        "{ organization(name: \"local-org\") { advancedRegistryFeatures { advancedSearch } } }",
        &Value::Null,
    );
    assert_eq!(features["organization"]["advancedRegistryFeatures"]["advancedSearch"], false);
}

#[test]
fn registries_are_listed_and_filtered() {
    let client = linked();
    let fields = "__typename name description access allowAllArtifactTypes: allowAllArtifactTypesInRegistry entity { name organization { name } } \
        artifactTypes(includeAll: true) { edges { node { name } } }";
    let all = org_entity(&client, &format!("projects {{ edges {{ node {{ {fields} }} }} }}"));
    assert_eq!(nodes(&all["projects"], "name"), ["wandb-registry-empty", "wandb-registry-models"]);
    let models = &all["projects"]["edges"][1]["node"];
    assert_eq!((&models["allowAllArtifactTypes"], &models["access"]), (&json!(false), &json!("PRIVATE")));
    assert_eq!(models["entity"], json!({ "name": ENTITY, "organization": { "name": "local-org" } }));
    assert_eq!(nodes(&models["artifactTypes"], "name"), ["dataset"]);
    let query = "query Q($f: JSONString, $o: String) { organization(name: \"local-org\") { orgEntity { projects(filters: $f, order: $o) { edges { node { name } } } } } }";
    let list = |filter: Value, order: &str| {
        let found = client.data(query, &json!({ "f": filter.to_string(), "o": order }));
        nodes(&found["organization"]["orgEntity"]["projects"], "name")
    };
    assert_eq!(list(json!({ "name": { "$regex": "mod" } }), ""), ["wandb-registry-models"]);
    assert_eq!(list(json!({ "name": "wandb-registry-empty" }), ""), ["wandb-registry-empty"]);
    assert_eq!(list(json!({}), "-name"), ["wandb-registry-models", "wandb-registry-empty"]);
    let one = client.data("{ entity(name: \"local-org-entity\") { project(name: \"wandb-registry-models\") { name internalId } } }", &Value::Null);
    assert_eq!(one["entity"]["project"]["name"], "wandb-registry-models");
    assert!(one["entity"]["project"]["internalId"].as_str().unwrap().starts_with("UHJvamVjdEludGVybmFsSWQ6"));
}

#[test]
fn registry_lists_collections_and_versions() {
    let client = linked();
    let fields = "artifactCollections(projectFilters: \"{\\\"name\\\": \\\"wandb-registry-models\\\"}\", collectionTypes: [PORTFOLIO]) \
        { totalCount edges { node { __typename name type: defaultArtifactType { name } project { name } } } } \
        none: artifactCollections(projectFilters: \"{\\\"name\\\": \\\"wandb-registry-empty\\\"}\") { totalCount } \
        sequences: artifactCollections(collectionTypes: [SEQUENCE]) { totalCount }";
    let found = org_entity(&client, fields);
    assert_eq!(
        found["artifactCollections"]["edges"][0]["node"],
        json!({"__typename": "ArtifactPortfolio", "name": "best data", "type": {"name": "dataset"}, "project": {"name": "wandb-registry-models"}})
    );
    assert_eq!(
        (
            &found["artifactCollections"]["totalCount"],
            &found["none"]["totalCount"],
            &found["sequences"]["totalCount"]
        ),
        (&json!(1), &json!(0), &json!(0))
    );
    let query = "query Q($f: JSONString, $o: String) { organization(name: \"local-org\") { orgEntity { artifactMemberships(filters: $f, order: $o) \
        { edges { node { versionIndex aliases { alias } artifactCollection { name } artifact { versionIndex artifactSequence { name } } } } } } } }";
    let list = |filter: Value, order: &str| {
        let found = client.data(query, &json!({ "f": filter.to_string(), "o": order }));
        nodes(&found["organization"]["orgEntity"]["artifactMemberships"], "versionIndex")
    };
    assert_eq!(list(json!({}), ""), [1, 0], "the newest links first");
    assert_eq!(list(json!({}), "+acm_created_at"), [0, 1]);
    assert_eq!(list(json!({}), "+artifact_size"), [1, 0]);
    assert_eq!(list(json!({ "alias": "prod" }), ""), [0]);
    assert_eq!(
        list(json!({ "alias": "best" }), ""),
        [] as [Value; 0],
        "aliases of the sequence are not the portfolio's"
    );
    assert_eq!(list(json!({ "$or": [{ "tag": "checked" }, { "alias": "latest" }] }), ""), [1, 0]);
    assert_eq!(list(json!({ "metadata.nested.ok": true }), ""), [0]);
}

#[test]
fn links_are_memberships_beside_the_sequence() {
    let client = linked();
    let fields = "artifactMemberships { edges { node { versionIndex aliases { alias } artifactCollection { __typename name project { name } } } } }";
    let memberships = version(&client, "v1", fields);
    let kinds = nodes(&memberships["artifactMemberships"], "artifactCollection");
    assert_eq!(
        (&kinds[0]["__typename"], &kinds[1]["__typename"]),
        (&json!("ArtifactSequence"), &json!("ArtifactPortfolio"))
    );
    assert_eq!(nodes(&memberships["artifactMemberships"], "versionIndex"), [1, 0]);
    let own = &memberships["artifactMemberships"]["edges"][1]["node"]["aliases"];
    assert_eq!(*own, json!([{ "alias": "prod" }, { "alias": "v0" }]), "latest has moved to the newer link");
    let query = "{ project(name: \"wandb-registry-models\", entityName: \"local-org-entity\") { artifactCollectionMembership(name: \"best data:prod\") \
        { versionIndex artifact { artifactSequence { name } } files { edges { node { name url } } } } } }";
    let member = client.data(query, &Value::Null)["project"]["artifactCollectionMembership"].clone();
    assert_eq!(
        (&member["versionIndex"], &member["artifact"]["artifactSequence"]["name"]),
        (&json!(0), &json!("data"))
    );
    let url = member["files"]["edges"][0]["node"]["url"].as_str().unwrap();
    assert!(url.contains("/wandb-registry-models/best%20data/"), "{url}");
    let redirect = client.get(url, &[("Authorization", &client.authorization())]);
    assert_eq!(client.get(redirect.headers["location"].to_str().unwrap(), &[]).body, b"changed");
}

#[test]
fn sdk_links_and_unlinks() {
    let client = linked();
    let store = client.server.store();
    store.add_artifact(NewArtifact::new("e", "p", "net", "model").file("w", "weights")).unwrap();
    let link = "mutation LinkArtifact($input: LinkArtifactInput!) { result: linkArtifact(input: $input) { versionIndex artifactMembership { id aliases { alias } \
        artifactCollection { id name } } } }";
    let input = |artifact: &str, project: &str| {
        json!({ "input": {"artifactID": store.artifact_id(artifact).unwrap(), "artifactPortfolioName": "nets", "entityName": ENTITY,
                "projectName": project, "aliases": [{ "artifactCollectionName": "nets", "alias": "a" }]} })
    };
    let refused = client.graphql(link, &input("e/p/net:v0", "wandb-registry-models")).json();
    assert_eq!(refused["errors"][0]["message"], "the registry does not accept artifacts of type \"model\"");
    let missing = client.graphql(link, &input("e/p/net:v0", "wandb-registry-none")).json();
    assert_eq!(missing["errors"][0]["message"], "registry \"wandb-registry-none\" not found");
    let made = client.data(link, &input("e/p/net:v0", "wandb-registry-empty"))["result"].clone();
    assert_eq!(
        (&made["versionIndex"], &made["artifactMembership"]["artifactCollection"]["name"]),
        (&json!(0), &json!("nets"))
    );
    let again = client.data(link, &input("e/p/net:v0", "wandb-registry-empty"))["result"].clone();
    assert_eq!(again, made, "a second link of a version changes nothing");
    let mixed = client.graphql(link, &input("e/p/data:v0", "wandb-registry-empty")).json();
    assert_eq!(mixed["errors"][0]["message"], "collection \"nets\" is of type \"model\", not \"dataset\"");
    let unlink = "mutation UnlinkArtifact($input: UnlinkArtifactInput!) { result: unlinkArtifact(input: $input) { success } }";
    let variables = json!({ "input": {"artifactID": store.artifact_id("e/p/net:v0").unwrap(),
                            "artifactPortfolioID": made["artifactMembership"]["artifactCollection"]["id"]} });
    assert_eq!(client.data(unlink, &variables)["result"]["success"], true);
    let twice = client.graphql(unlink, &variables).json();
    assert!(twice["errors"][0]["message"].as_str().unwrap().contains("not linked"), "{twice}");
}

#[test]
fn registries_are_created_renamed_and_deleted() {
    let client = Client::start();
    let upsert = "mutation UpsertRegistry($input: UpsertModelInput!) { upsertModel(input: $input) { inserted project { id name description access \
        allowAllArtifactTypesInRegistry artifactTypes(includeAll: true) { edges { node { name } } } } } }";
    let input = json!({"entityName": ENTITY, "name": "wandb-registry-a", "description": "d", "access": "RESTRICTED",
                       "allowAllArtifactTypesInRegistry": false, "artifactTypes": [{ "name": "model" }]});
    let made = client.data(upsert, &json!({ "input": input }))["upsertModel"].clone();
    assert_eq!((&made["inserted"], &made["project"]["access"]), (&json!(true), &json!("RESTRICTED")));
    assert_eq!(
        (
            nodes(&made["project"]["artifactTypes"], "name"),
            &made["project"]["allowAllArtifactTypesInRegistry"]
        ),
        (vec![json!("model")], &json!(false))
    );
    let rename = "mutation RenameRegistry($input: RenameProjectInput!) { renameProject(input: $input) { inserted project { id name artifactTypes(includeAll: true) { edges { node { name } } } } } }";
    let input = json!({"entityName": ENTITY, "oldProjectName": "wandb-registry-a", "newProjectName": "wandb-registry-b"});
    let renamed = client.data(rename, &json!({ "input": input }))["renameProject"]["project"].clone();
    assert_eq!(
        (&renamed["name"], nodes(&renamed["artifactTypes"], "name")),
        (&json!("wandb-registry-b"), vec![json!("model")])
    );
    client.data(
        "mutation DeleteRegistry($id: String!) { deleteModel(input: {id: $id}) { success } }",
        &json!({ "id": renamed["id"] }),
    );
    assert_eq!(org_entity(&client, "projects { edges { node { name } } }")["projects"]["edges"], json!([]));
}
