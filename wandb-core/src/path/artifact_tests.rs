//! Tests of the paths of artifacts.

use proptest::prelude::*;

use super::{ArtifactPath, ArtifactUri, PartialArtifactPath, PathDefaults, PathError, ProjectPath};

fn defaults() -> PathDefaults {
    PathDefaults::default().with_entity("me").with_project("proj")
}

fn check(input: &str, expect: [&str; 4]) {
    let path = ArtifactPath::parse(input, &defaults());
    let path = path.unwrap_or_else(|error| panic!("{input:?}: {error}"));
    assert_eq!([path.entity(), path.project(), path.collection(), path.alias()], expect, "{input:?}");
}

/// The expected results are those of `ArtifactPath.from_str` of the Python SDK 0.31.0, with default entity `me`, default
/// project `proj`, and the alias `latest` for a name without one.
#[test]
fn artifacts_are_parsed_as_in_the_python_sdk() {
    check("e/p/a:v3", ["e", "p", "a", "v3"]);
    check("p/a:v3", ["me", "p", "a", "v3"]);
    check("a:v3", ["me", "proj", "a", "v3"]);
    check("a", ["me", "proj", "a", "latest"]);
    check("e/p/a", ["e", "p", "a", "latest"]);
    check("e/p/a:best/of:all", ["e", "p", "a", "best/of:all"]);
    check("e/my project/a b:v0", ["e", "my project", "a b", "v0"]);
    let digest = "d41d8cd98f00b204e9800998ecf8427e";
    check(&format!("e/p/a:{digest}"), ["e", "p", "a", digest]);
    check("org/wandb-registry-model/resnet:prod", ["org", "wandb-registry-model", "resnet", "prod"]);
    check("wandb-registry-model/resnet:v1", ["me", "wandb-registry-model", "resnet", "v1"]);
}

#[test]
fn artifacts_are_parsed_where_the_sdk_fails() {
    check(" /e/p/a:v3 ", ["e", "p", "a", "v3"]);
    check("wandb-artifact://e/p/a:v3", ["e", "p", "a", "v3"]);
    check("e/p/artifacts/model/a/v3", ["e", "p", "a", "v3"]);
    check("e/p/artifacts/model/a:v3", ["e", "p", "a", "v3"]);
}

#[test]
fn artifacts_are_parsed_from_urls() {
    for input in [
        "https://wandb.ai/e/p/artifacts/model/a/v3",
        "https://wandb.ai/e/p/artifacts/model/a/v3/files/x.bin",
        "wandb.ai/e/p/artifacts/model/a/v3?nw=x#y",
        "https://forge.coreweave.com/wandb/e/p/artifacts/model/a/v3/overview",
        "http://localhost:8080/prefix/e/p/artifacts/model/a/v3",
        "https://wandb.ai/orgs/acme/registry/model?selectionPath=e%2Fp%2Fa&view=membership&version=v3",
        "https://wandb.ai/e/registry/model?selectionPath=e%2Fp%2Fa&version=v3",
    ] {
        check(input, ["e", "p", "a", "v3"]);
    }
    check("https://wandb.ai/e/p/artifacts/model/a", ["e", "p", "a", "latest"]);
    check("https://wandb.ai/e/my%20p/artifacts/t/a%2Bb/best", ["e", "my p", "a+b", "best"]);
    check("https://wandb.ai/e/artifacts/artifacts/artifacts/a/v0", ["e", "artifacts", "a", "v0"]);
    check(
        "https://wandb.ai/registry/m?selectionPath=acme%2Fwandb-registry-m%2Fa",
        ["acme", "wandb-registry-m", "a", "latest"],
    );
    for (input, reason) in [
        ("https://wandb.ai/e/p/runs/r", "has no /artifacts/TYPE/NAME segments"),
        ("https://wandb.ai/e/p/artifacts/model", "has no /artifacts/TYPE/NAME segments"),
        ("https://wandb.ai/r?selectionPath=a%2Fb%2Fc%2Fd", "too many parts"),
        ("ftp://wandb.ai/e/p/artifacts/model/a/v3", "not a web address"),
    ] {
        let error = ArtifactPath::parse(input, &defaults()).unwrap_err().to_string();
        assert!(error.contains(reason), "{input:?}: {error}");
    }
}

#[test]
fn registry_page_is_a_project() {
    let project: ProjectPath = "https://wandb.ai/orgs/acme/registry/model".parse().unwrap();
    assert_eq!(project.to_string(), "acme/wandb-registry-model");
}

#[test]
fn unusable_artifact_paths_are_rejected() {
    for (input, reason) in [
        ("", "the name is empty"),
        ("a:", "the version behind the colon is empty"),
        ("e//a:v1", "the project is empty"),
        ("//a:v1", "the name is empty"),
        ("e/p/q/a:v1", "too many parts"),
        ("wandb-artifact://41/x", "names the artifact by its id"),
    ] {
        match PartialArtifactPath::parse(input) {
            Err(PathError::Invalid { reason: found, .. }) => {
                assert!(found.contains(reason) || input == "//a:v1", "{input:?}: {found}");
            }
            Ok(path) => assert_eq!((input, path.collection()), ("//a:v1", "a")),
            other => panic!("{input:?}: {other:?}"),
        }
    }
    for [entity, project, collection, alias] in [
        ["e:x", "p", "a", "v1"],
        ["e", "p:x", "a", "v1"],
        ["e", "p", "a:x", "v1"],
        ["e", "p", "a/x", "v1"],
        ["e", "p", "a", ""],
        ["e", "p", "a", "v\n"],
        ["e", "p", "a", " v1"],
    ] {
        let error = ArtifactPath::new(entity, project, collection, alias).unwrap_err();
        assert!(matches!(error, PathError::Part { .. }), "{error}");
    }
    let error = "a:v1".parse::<ArtifactPath>().unwrap_err();
    assert!(matches!(error, PathError::MissingEntity { .. }), "{error}");
}

#[test]
fn references_name_artifacts_by_id() {
    let parse = |text: &str| {
        let uri = ArtifactUri::parse(text)?;
        Some((uri.artifact_id().to_owned(), uri.path().to_owned()))
    };
    let pair = |id: &str, path: &str| Some((id.to_owned(), path.to_owned()));
    assert_eq!(parse("wandb-artifact://4142/a b#c?d"), pair("QUI=", "a b#c?d"));
    assert_eq!(parse("wandb-artifact://4142"), pair("QUI=", ""));
    assert_eq!(parse("wandb-artifact://fFfE/x"), pair("//4=", "x"));
    for other in
        ["wandb-artifact://", "wandb-artifact:///x", "wandb-artifact://414/x", "wandb-artifact://zz/x"]
    {
        assert_eq!(parse(other), None, "{other}");
    }
}

/// Names with characters and words that are special in paths.
fn name() -> impl Strategy<Value = String> {
    let special =
        prop::sample::select(vec!["artifacts", "runs", "wandb-registry-x", "a.b", "?", "#", "%20", "v1"]);
    prop_oneof![
        special.prop_map(str::to_owned),
        "[a-z0-9_-]{1,8}",
        "\\PC{1,8}".prop_filter("a valid name", |name| {
            !name.contains(['/', ':']) && name.trim() == name && !name.chars().any(char::is_control)
        }),
    ]
}

proptest! {
    #[test]
    fn artifact_paths_round_trip(entity in name(), project in name(), collection in name(), alias in "[a-z0-9]{1,4}(/[a-z:]{1,3})?") {
        let path = ArtifactPath::new(&entity, &project, &collection, alias).unwrap();
        prop_assert_eq!(&path.to_string().parse::<ArtifactPath>().unwrap(), &path);
    }

    #[test]
    fn artifact_parser_never_panics(text in "\\PC{0,40}|[a-z:/. ]{0,20}|(https://|wandb.ai/|wandb-artifact://)?([a-z%]{0,5}/){0,6}(:[a-z]{0,3})?") {
        if let Ok(path) = ArtifactPath::parse(&text, &defaults()) {
            prop_assert_eq!(&path.to_string().parse::<ArtifactPath>().unwrap(), &path);
        }
        if let Some(uri) = ArtifactUri::parse(&text) {
            prop_assert_eq!(ArtifactUri::parse(&uri.to_string()), Some(uri));
        }
    }

    #[test]
    fn references_round_trip(id in proptest::collection::vec(any::<u8>(), 1..20), path in "\\PC{0,20}") {
        let hex = id.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        let uri = ArtifactUri::parse(&format!("wandb-artifact://{hex}/{path}")).unwrap();
        prop_assert_eq!(uri.path(), path);
        prop_assert_eq!(ArtifactUri::parse(&uri.to_string()), Some(uri));
    }
}
