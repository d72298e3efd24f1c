//! Tests of paths.

use proptest::prelude::*;

use super::*;
use crate::BaseUrl;

fn defaults() -> PathDefaults {
    PathDefaults::default().with_entity("me").with_project("proj")
}

fn check_run(input: &str, expect: [&str; 3]) {
    let path = RunPath::parse(input, &defaults());
    let path = path.unwrap_or_else(|error| panic!("{input:?}: {error}"));
    assert_eq!([path.entity(), path.project(), path.run()], expect, "{input:?}");
}

/// The expected results are those of `_parse_path` of the Python SDK 0.31.0, with default entity `me` and default
/// project `proj`.
#[test]
fn runs_are_parsed_as_in_the_python_sdk() {
    for input in [
        "e/p/r",
        "/e/p/r",
        "e/p/r/",
        "  e/p/r  ",
        "/ e/p/r /",
        "e/p/runs/r",
        "e/p/sweeps/r",
        "/e/p/runs/r",
        "e/p:r",
        " e / p / r ",
        "e/p/runs/runs/r",
    ] {
        check_run(input, ["e", "p", "r"]);
    }
    for input in ["p/r", "p:r", "p/runs/r", "/p/runs/r", "p/sweeps/r"] {
        check_run(input, ["me", "p", "r"]);
    }
    for input in ["r", "/r", "/runs/r", "/sweeps/r"] {
        check_run(input, ["me", "proj", "r"]);
    }
    check_run("runs/r", ["me", "runs", "r"]);
    check_run("runs/runs/r", ["me", "runs", "r"]);
    check_run("e/runs/r", ["me", "e", "r"]);
    check_run("e/runs/runs/r", ["e", "runs", "r"]);
    check_run("e/p/runs", ["e", "p", "runs"]);
    check_run("e/p/runs/", ["me", "e", "p"]);
    check_run("e/p:r:s", ["e", "p", "r:s"]);
    check_run("p:r:s", ["me", "p", "r:s"]);
    check_run("e/p/r:x", ["e", "p", "r:x"]);
    check_run("e/my project/r", ["e", "my project", "r"]);
    check_run("e/Проект é/r", ["e", "Проект é", "r"]);
    for input in ["", "/", " ", "e/p/r/x", "e//r", "e/ /r", ":r", "p:", "e/:r", "e/p:"] {
        assert!(RunPath::parse(input, &defaults()).is_err(), "{input:?}");
    }
}

#[test]
fn runs_are_parsed_where_the_sdk_fails() {
    check_run("e/p/runs/r/overview", ["e", "p", "r"]);
    // The SDK drops the project here and takes `e` for its name.
    check_run("e/sweeps/runs/r", ["e", "sweeps", "r"]);
    check_run("e/runs/sweeps/r", ["e", "runs", "r"]);
}

#[test]
fn runs_are_parsed_from_urls() {
    for input in [
        "https://wandb.ai/e/p/runs/r",
        "http://app.wandb.ai/e/p/runs/r/",
        "wandb.ai/e/p/runs/r",
        "WANDB.ai/e/p/runs/r#x",
        "https://forge.coreweave.com/wandb/e/p/runs/r",
        "forge.coreweave.com/wandb/e/p/runs/r/logs",
        "https://wandb.ai/e/p/runs/r/files/media/runs/x?nw=1#top",
        "https://wandb.ai/e/p/runs/r/workspace?workspace=user-x",
        "http://localhost:8080/e/p/runs/r/overview",
        "https://ml.corp.test/some/prefix/e/p/runs/r",
        "https://wandb.ai//e/p/runs/r",
        "https://wandb.ai/e/p/r",
    ] {
        check_run(input, ["e", "p", "r"]);
    }
    check_run("https://wandb.ai/e/my%20project/runs/%D0%9F%2Bx+y", ["e", "my project", "П+x+y"]);
    check_run("https://wandb.ai/e/runs/runs/r", ["e", "runs", "r"]);
    for (input, reason) in [
        ("https://wandb.ai/e/p", "has no /runs/"),
        ("https://wandb.ai/e/p/sweeps/s", "leads to \"sweeps\" of a project"),
        ("https://wandb.ai/e/p/runs", "leads to \"runs\" of a project"),
        ("https://wandb.ai/e/p/runs/%FF", "not percent-encoded UTF-8"),
        ("ftp://wandb.ai/e/p/runs/r", "ftp:// is not a web address"),
        ("https://", "empty host"),
        ("https://wandb.ai/e/a%2Fb/runs/r", "cannot be the name of a project: it holds a slash"),
    ] {
        let error = RunPath::parse(input, &defaults()).unwrap_err().to_string();
        assert!(error.contains(reason), "{input:?}: {error}");
    }
}

#[test]
fn sweeps_are_parsed() {
    for input in
        ["e/p/s", "e/p/sweeps/s", "e/p:s", "https://wandb.ai/e/p/sweeps/s?x", "https://h/x/e/p/sweeps/s"]
    {
        let path: SweepPath = input.parse().unwrap();
        assert_eq!([path.entity(), path.project(), path.sweep()], ["e", "p", "s"], "{input:?}");
    }
    assert!("https://wandb.ai/e/p/runs/r".parse::<SweepPath>().is_err());
}

#[test]
fn projects_are_parsed() {
    for input in [
        "e/p",
        "/e/p/",
        " e / p ",
        "e/p/workspace",
        "e/p/runs/r",
        "https://wandb.ai/e/p",
        "https://wandb.ai/e/p?x",
        "https://wandb.ai/e/p/runs/r/overview",
        "https://forge.coreweave.com/wandb/e/p/table",
        "https://ml.corp.test/prefix/e/p/workspace",
    ] {
        let path: ProjectPath = input.parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!([path.entity(), path.project()], ["e", "p"], "{input:?}");
    }
    let project = |input: &str| ProjectPath::parse(input, &defaults()).map(|path| path.to_string());
    assert_eq!(project("p").unwrap(), "me/p");
    assert_eq!(project(" p /").unwrap(), "me/p");
    assert_eq!(project("").unwrap(), "me/proj");
    for input in [
        "e/p/r",
        "e//p",
        "e/ /workspace",
        "https://wandb.ai/e",
        "https://wandb.ai/e/projects",
        "https://h/a/b/c",
    ] {
        match project(input) {
            Err(PathError::Invalid { .. }) => {}
            other => panic!("{input:?}: {other:?}"),
        }
    }
}

#[test]
fn missing_parts_are_known_before_completion() {
    let missing = |input: &str| {
        let partial = PartialRunPath::parse(input).unwrap();
        (partial.needs_entity(), partial.needs_project())
    };
    assert_eq!(missing("e/p/r"), (false, false));
    assert_eq!(missing("p/r"), (true, false));
    assert_eq!(missing("r"), (true, true));
    let error = |defaults: &PathDefaults| RunPath::parse("r", defaults).unwrap_err().to_string();
    assert_eq!(
        error(&PathDefaults::default().with_entity("")),
        "\"r\" names no entity; write entity/project/… or set WANDB_ENTITY"
    );
    assert_eq!(
        error(&PathDefaults::default().with_entity("e")),
        "\"r\" names no project; write entity/project/… or set WANDB_PROJECT"
    );
}

#[test]
fn errors_show_the_text_and_notations() {
    let error = "a/b/c/d".parse::<RunPath>().unwrap_err().to_string();
    assert_eq!(
        error,
        "\"a/b/c/d\" is not the path of a run: it has too many parts (expected entity/project/run, \
         entity/project/runs/run, entity/project:run, project/run, project:run, run, or the run's web address)"
    );
}

#[test]
fn names_that_do_not_round_trip_are_rejected() {
    for (name, reason) in [
        ("", "it is empty"),
        ("a/b", "it holds a slash"),
        ("a\nb", "it holds a control character"),
        (" a", "it begins or ends with a space"),
        ("a\u{a0}", "it begins or ends with a space"),
    ] {
        for error in [
            RunPath::new(name, "p", "r").unwrap_err(),
            RunPath::new("e", name, "r").unwrap_err(),
            RunPath::new("e", "p", name).unwrap_err(),
            SweepPath::new("e", "p", name).unwrap_err(),
        ] {
            assert!(error.to_string().ends_with(reason), "{error}");
        }
    }
    assert!(RunPath::new("wandb.ai", "p", "r").is_err());
}

#[test]
fn app_urls_have_encoded_names() {
    let base = BaseUrl::parse("http://localhost:8080/prefix").unwrap();
    let run = RunPath::new("e", "my проект?#%", "..").unwrap();
    assert_eq!(
        run.app_url(&BaseUrl::parse("http://h").unwrap()).as_str(),
        "http://h/e/my%20%D0%BF%D1%80%D0%BE%D0%B5%D0%BA%D1%82%3F%23%25/runs"
    );
    let project = ProjectPath::new("e", "p").unwrap();
    assert_eq!(project.app_url(&base).as_str(), "http://localhost:8080/prefix/e/p/workspace");
    let sweep = SweepPath::new("e", "p", "s").unwrap();
    assert_eq!(sweep.app_url(&BaseUrl::default()).as_str(), "https://forge.coreweave.com/wandb/e/p/sweeps/s");
}

/// Names with characters and words that are special in paths.
fn name() -> impl Strategy<Value = String> {
    let special =
        prop::sample::select(vec!["runs", "sweeps", "workspace", "http:", "a.b", ":", "?", "#", "%20", ".x"]);
    prop_oneof![
        special.prop_map(str::to_owned),
        "[a-z0-9_-]{1,8}",
        "\\PC{1,8}".prop_filter("a valid name", |name| {
            !name.contains('/') && name.trim() == name && !name.chars().any(char::is_control)
        }),
    ]
}

proptest! {
    #[test]
    fn paths_round_trip(entity in name(), project in name(), run in name()) {
        let path = RunPath::new(&entity, &project, &run).unwrap();
        prop_assert_eq!(&path.to_string().parse::<RunPath>().unwrap(), &path);
        prop_assert_eq!(&path.to_string().parse::<RunPath>().unwrap().to_string(), &path.to_string());
        let sweep = SweepPath::new(&entity, &project, &run).unwrap();
        prop_assert_eq!(&sweep.to_string().parse::<SweepPath>().unwrap(), &sweep);
        let project = path.project_path();
        prop_assert_eq!(&project.to_string().parse::<ProjectPath>().unwrap(), project);
    }

    #[test]
    fn urls_round_trip(entity in "[a-z0-9_-]{1,8}", project in name(), run in "[^/\\pC\\pZ.]{1,8}", prefix in "(/x|/wandb)?") {
        let base = BaseUrl::parse(&format!("http://h:1{prefix}")).unwrap();
        let path = RunPath::new(entity, project, run).unwrap();
        // A prefix before a project with the name of a page is ambiguous.
        prop_assume!(prefix.is_empty() || path.project() != "runs");
        prop_assume!(path.project() != "." && path.project() != "..");
        prop_assert_eq!(&path.app_url(&base).as_str().parse::<RunPath>().unwrap(), &path);
        prop_assert_eq!(&path.app_url(&BaseUrl::default()).as_str().parse::<RunPath>().unwrap(), &path);
    }

    #[test]
    fn parser_never_panics(text in "\\PC{0,40}|[a-z:/. ]{0,20}|(https://|wandb.ai/)?([a-z%]{0,5}/){0,6}") {
        if let Ok(path) = RunPath::parse(&text, &defaults()) {
            prop_assert_eq!(&path.to_string().parse::<RunPath>().unwrap(), &path);
        }
        if let Ok(path) = ProjectPath::parse(&text, &defaults()) {
            prop_assert_eq!(&path.to_string().parse::<ProjectPath>().unwrap(), &path);
        }
    }
}

#[test]
fn pages_with_a_run_filter_are_recognized() {
    let page = |input: &str| PartialProjectPath::parse(input).unwrap().page().cloned();
    let group = Some(ProjectPage::Group("a b".to_owned()));
    for address in [
        "https://wandb.ai/e/p/groups/a%20b",
        "https://wandb.ai/e/p/groups/a%20b/workspace?nw=nwuserx",
        "https://ml.corp.test/prefix/e/p/groups/a%20b/files",
        "e/p/groups/a b",
    ] {
        assert_eq!(page(address), group, "{address}");
    }
    for address in ["https://wandb.ai/e/p/sweeps/s1", "e/p/sweeps/s1", "wandb.ai/e/p/sweeps/s1/workspace"] {
        assert_eq!(page(address), Some(ProjectPage::Sweep("s1".to_owned())), "{address}");
    }
    assert_eq!(page("https://wandb.ai/e/p/runs/r/files"), Some(ProjectPage::Run("r".to_owned())));
    for address in ["https://wandb.ai/e/p/workspace?nw=x1", "https://wandb.ai/e/p?nw=x1"] {
        assert_eq!(page(address), Some(ProjectPage::Workspace("x1".to_owned())), "{address}");
    }
    for address in ["e/p", "p", "e/p/workspace", "https://wandb.ai/e/p/table", "https://wandb.ai/e/p/sweeps"]
    {
        assert_eq!(page(address), None, "{address}");
    }
}
