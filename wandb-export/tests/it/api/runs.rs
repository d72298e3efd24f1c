//! Runs and projects on a server.

use serde_json::json;
use wandb_export::Api;
use wandb_local_server::{NewRun, Options, User};

use crate::support::{RUN, blocking, on_both, server, settings, team};

#[test]
fn runs_are_listed_once_over_all_pages() {
    let server = server();
    for n in 0..23 {
        server.store().add_run(NewRun::new("e", "many", &format!("run{n:02}")).config(&json!({ "n": n })));
    }
    on_both(&server, async |api| {
        let ids = async |runs: wandb_export::Runs| -> Vec<String> {
            let runs = runs.collect().await.expect("runs");
            runs.iter().map(|run| run.id.clone()).collect()
        };
        let runs = api.runs("e/many").await.expect("a path");
        let all: Vec<_> = (0..23).map(|n| format!("run{n:02}")).collect();
        for size in [1, 5, 23, 50] {
            let mut read = ids(runs.clone().page_size(size)).await;
            read.sort();
            assert_eq!(read, all, "pages of {size}");
        }
        let few = ids(runs.clone().filter(r#"{"config.n.value": {"$gte": 20}}"#).expect("a filter")).await;
        assert_eq!(few.len(), 3);
        assert_eq!(ids(runs.clone().limit(7)).await.len(), 7);
        assert_eq!(ids(runs.clone().limit(0)).await.len(), 0);
        assert!(runs.clone().filter("not JSON").is_err() && runs.order("").is_err());
    });
}

#[test]
fn path_without_entity_uses_the_viewers_entity() {
    let server = server();
    server.store().add_run(NewRun::new("local", "mine", "r1"));
    on_both(&server, async |api| {
        server.store().clear_requests();
        assert_eq!(api.run_path("mine/r1").await.expect("a path").to_string(), "local/mine/r1");
        assert_eq!(api.run("mine/r1").await.expect("a run").entity, "local");
        assert_eq!(api.runs("mine").await.expect("a path").collect().await.expect("runs").len(), 1);
        assert_eq!(api.default_entity().await.expect("an entity"), "local");
        let count = |name| {
            server
                .store()
                .requests()
                .iter()
                .filter(|request| request.operation.as_deref() == Some(name))
                .count()
        };
        assert_eq!(count("GetViewer"), 1, "the server is asked once");
    });
}

#[test]
fn settings_supply_entity_and_project() {
    let server = server();
    team(&server);
    let api = settings(&server).entity("local-team").project("vision").connect_blocking();
    let api = api.expect("a connection");
    assert_eq!(api.run("abc123").expect("a run").path().to_string(), RUN);
    assert_eq!(api.project_path("language").expect("a path").to_string(), "local-team/language");
    assert!(
        server.store().requests().iter().all(|request| request.operation.as_deref() != Some("GetViewer"))
    );
}

#[test]
fn viewer_without_entity_must_name_one() {
    let user = User { entity: String::new(), ..User::new("nobody", Options::DEFAULT_API_KEY) };
    let mut options = Options::default();
    options.users = vec![user];
    let server = wandb_local_server::LocalServer::start(options).expect("a free port");
    on_both(&server, async |api: Api| {
        let error = api.run("project/run").await.expect_err("no entity");
        assert_eq!(error.kind(), wandb_export::ErrorKind::Usage, "{error}");
        assert!(error.to_string().contains("WANDB_ENTITY"), "{error}");
    });
}

#[test]
fn missing_key_sends_no_request() {
    let server = server();
    let builder =
        Api::builder().environment(wandb_export::Environment::default()).base_url(server.base_url());
    let error = builder.connect_blocking().expect_err("no key");
    assert!(matches!(error, wandb_export::Error::NoApiKey { .. }), "{error:?}");
    assert_eq!(error.kind(), wandb_export::ErrorKind::Unauthorized);
    assert_eq!(server.store().requests(), []);
    assert!(!format!("{:?}", blocking(&server)).contains(&server.api_key()), "Debug output has no secret");
}
