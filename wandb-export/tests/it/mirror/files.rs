//! Files that contradict the server's list, and references.

use std::path::Path;

use wandb_export::Api;
use wandb_export::mirror::MirrorReport;
use wandb_local_server::{DirectUrls, LocalServer, NewRun, Port, StorageBehaviour};

use crate::support::{on_both, server, tree};

const PROJECT: &str = "local-team/denied";
const PATH: &str = "local-team/denied/run";
const WRONG: &str = "AAAAAAAAAAAAAAAAAAAAAA==";

fn fill(server: &LocalServer) {
    let store = server.store();
    store.add_run(NewRun::new("local-team", "denied", "run"));
    for name in ["denied", "plain", "reference", "undigested"] {
        store.add_file(PATH, name, name.repeat(1_000)).expect("a run");
    }
    store.set_digest(PATH, "denied", WRONG).expect("a file");
    store.set_reference(PATH, "reference", "s3://bucket/reference").expect("a file");
    store.set_digest(PATH, "undigested", "").expect("a file");
    store.set_listed_size(PATH, "undigested", None).expect("a file");
}

async fn mirror(api: &Api, folder: &Path) -> MirrorReport {
    api.mirror(PROJECT).await.expect("a path").sync(folder).await.expect("a mirror")
}

fn missing(report: &MirrorReport) -> Vec<String> {
    report.projects[0].missing.iter().map(|missing| missing.what.clone()).collect()
}

fn sent_bytes(server: &LocalServer) -> u64 {
    let requests = server.store().requests();
    requests.iter().filter(|request| request.port == Port::Storage).map(|request| request.bytes).sum()
}

#[test]
fn files_with_wrong_or_no_digest_are_fetched_once() {
    let server = server();
    let mut closed = StorageBehaviour::default();
    closed.direct = DirectUrls::Refused;
    for behaviour in [StorageBehaviour::default(), closed] {
        server.store().set_storage(behaviour);
        on_both(&server, async |api| {
            fill(&server);
            let folder = tempfile::tempdir().expect("a folder");
            let first = mirror(&api, folder.path()).await;
            let what = missing(&first);
            assert_eq!(what.len(), 2, "{what:?}");
            assert!(what.iter().any(|what| what.contains("denied") && what.contains(WRONG)), "{what:?}");
            assert!(what.iter().any(|what| what.contains("s3://bucket/reference")), "{what:?}");
            let files = tree(&folder.path().join("files/run"));
            assert_eq!(files.keys().collect::<Vec<_>>(), ["denied", "plain", "undigested"]);
            assert!(files["denied"] == "denied".repeat(1_000).into_bytes());
            let manifest = std::fs::read(folder.path().join("manifest.jsonl")).expect("the manifest");
            server.store().clear_requests();
            let unchanged = mirror(&api, folder.path()).await;
            assert!(!unchanged.is_complete(), "it is still inexact");
            assert_eq!(sent_bytes(&server), 0);
            server.store().rename_run(PATH, "other").expect("a run");
            let changed = mirror(&api, folder.path()).await;
            assert_eq!(missing(&changed), what);
            assert!(
                sent_bytes(&server) < 300,
                "only single bytes and error bodies are sent, not {}",
                sent_bytes(&server)
            );
            let verified = api.mirror(PROJECT).await.expect("a path").verify(true);
            let verified = verified.sync(folder.path()).await.expect("a mirror");
            assert!(verified.projects[0].damaged.is_empty(), "{verified:?}");
            server.store().rename_run(PATH, "run").expect("a run");
            assert!(String::from_utf8(manifest).expect("text").contains(r#""origin":{"listed""#));
        });
    }
}
