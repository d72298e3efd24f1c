//! Files in different kinds of storage: closed, without tags, and with outdated lists.

use std::fs;
use std::path::Path;

use wandb_export::files::{DownloadOutcome, Downloads, ExistingFilePolicy};
use wandb_export::{Api, Error, Issue, RunFile};
use wandb_local_server::{DirectUrls, Fault, FaultKind, Faults, LocalServer, NewRun, Port, StorageBehaviour};

use crate::support::{on_both, server, tree};

const PATH: &str = "local-team/vision/storages";

/// A digest that no file here has.
const WRONG: &str = "AAAAAAAAAAAAAAAAAAAAAA==";

fn run(server: &LocalServer, files: &[(&str, &[u8])]) {
    server.store().add_run(NewRun::new("local-team", "vision", "storages"));
    for (name, content) in files {
        server.store().add_file(PATH, name, content.to_vec()).expect("a run");
    }
}

fn large(bytes: usize) -> Vec<u8> {
    (0_u32..).flat_map(u32::to_le_bytes).take(bytes).collect()
}

fn behaviour(change: impl FnOnce(&mut StorageBehaviour)) -> StorageBehaviour {
    let mut behaviour = StorageBehaviour::default();
    change(&mut behaviour);
    behaviour
}

/// Bytes that the storage has sent since the requests were cleared.
fn sent_bytes(server: &LocalServer) -> u64 {
    let requests = server.store().requests();
    requests.iter().filter(|request| request.port == Port::Storage).map(|request| request.bytes).sum()
}

async fn download(api: &Api, folder: &Path, existing: ExistingFilePolicy) -> Downloads {
    let files = api.run(PATH).await.expect("a run").files().existing(existing);
    files.download(folder).await.expect("downloads")
}

async fn file(api: &Api, name: &str) -> RunFile {
    api.run(PATH).await.expect("a run").file(name).await.expect("a file")
}

/// The outcome of the only file, and whether it is inexact.
fn only(downloads: &Downloads) -> (DownloadOutcome, bool) {
    assert!(downloads.failed.is_empty(), "{:?}", downloads.failed);
    assert_eq!(downloads.files.len(), 1);
    let is_inexact = matches!(&downloads.issues[..], [Issue::FileInexact { name, .. }] if name == "a");
    assert!(is_inexact || downloads.issues.is_empty(), "{:?}", downloads.issues);
    (downloads.files[0].outcome, is_inexact)
}

#[test]
fn cut_download_is_completed_from_any_storage() {
    let server = server();
    let model = large(1_500_000);
    for bits in 0..32 {
        run(&server, &[("a", &model)]);
        let has = |bit: u32| bits & (1 << bit) > 0;
        if has(4) {
            server.store().forget_digests(PATH).expect("a run");
        }
        let behaviour = behaviour(|storage| {
            (storage.tags, storage.digests, storage.ranges, storage.lengths) =
                (has(0), has(1), has(2), has(3));
        });
        server.store().set_storage(behaviour);
        on_both(&server, async |api| {
            let faults = vec![Fault::next(2, FaultKind::CutBody).at(Port::Storage)];
            server.store().set_faults(Faults { faults, ..Faults::default() });
            let folder = tempfile::tempdir().expect("a folder");
            let downloaded = file(&api, "a").await.download(folder.path()).await.expect("the file");
            assert!(fs::read(downloaded.path).expect("the file") == model, "{behaviour:?}");
            assert_eq!(downloaded.issues, []);
            let faults = vec![Fault::next(2, FaultKind::CutBody).at(Port::Storage)];
            server.store().set_faults(Faults { faults, ..Faults::default() });
            let read = file(&api, "a").await.read(1 << 30).await.expect("the file");
            assert!(read == model, "{behaviour:?}");
        });
    }
}

#[test]
fn untagged_parts_are_joined_if_a_digest_exists() {
    let server = server();
    let model = large(2_000_000);
    on_both(&server, async |api| {
        for (listed, stored, is_joined) in [(true, false, true), (false, true, true), (false, false, false)] {
            run(&server, &[("a", &model)]);
            if !listed {
                server.store().forget_digests(PATH).expect("a run");
            }
            server.store().set_storage(behaviour(|storage| {
                (storage.tags, storage.digests) = (false, stored);
            }));
            let faults = vec![Fault::next(1, FaultKind::CutBody).at(Port::Storage)];
            server.store().set_faults(Faults { faults, ..Faults::default() });
            let folder = tempfile::tempdir().expect("a folder");
            let file = file(&api, "a").await;
            server.store().clear_requests();
            file.download(folder.path()).await.expect("the file");
            // The request log counts bytes to be sent: first all, then the other half or all again.
            let expected = if is_joined { 3_000_000 } else { 4_000_000 };
            assert!(sent_bytes(&server).abs_diff(expected) < 400_000, "{} bytes", sent_bytes(&server));
        }
    });
}

#[test]
fn closed_bucket_is_bypassed() {
    let server = server();
    run(&server, &[("a", b"a"), ("b", b"b"), ("media/c", b"c")]);
    for direct in [DirectUrls::Refused, DirectUrls::Unreachable] {
        server.store().set_storage(behaviour(|storage| storage.direct = direct));
        on_both(&server, async |api| {
            let folder = tempfile::tempdir().expect("a folder");
            server.store().clear_requests();
            let downloads = download(&api, folder.path(), ExistingFilePolicy::Refuse).await;
            assert!(downloads.failed.is_empty(), "{:?}", downloads.failed);
            assert_eq!(tree(folder.path()).len(), 3);
            assert_eq!(&file(&api, "a").await.read(9).await.expect("the file")[..], b"a");
            let requests = server.store().requests();
            let refused = requests.iter().filter(|request| request.status == Some(403)).count();
            assert!(refused <= 3, "the direct URL was retried {refused} times");
            assert!(
                requests.iter().all(|it| it.port == Port::Api || !it.authorization),
                "no key for the storage"
            );
            assert_eq!(api.stats().retries, 0);
        });
    }
}

#[test]
fn reference_is_listed_and_never_requested() {
    let server = server();
    run(&server, &[("a", b"a"), ("model", b"unused")]);
    for address in ["s3://bucket/some/model?versionId=3", "gs://bucket/model", "file:///data/model"] {
        server.store().set_reference(PATH, "model", address).expect("a file");
        on_both(&server, async |api| {
            let folder = tempfile::tempdir().expect("a folder");
            let model = file(&api, "model").await;
            assert_eq!(model.reference(), Some(address));
            server.store().clear_requests();
            let downloads = download(&api, folder.path(), ExistingFilePolicy::Refuse).await;
            assert_eq!(tree(folder.path()).into_keys().collect::<Vec<_>>(), ["a"]);
            let error = &downloads.failed[0].error;
            assert!(matches!(error, Error::FileIsReference { .. }) && error.to_string().contains(address));
            model.read(100).await.expect_err("a reference");
            let requests = server.store().requests();
            assert!(requests.iter().all(|request| !request.path.contains("model")), "{requests:?}");
        });
    }
}

#[test]
fn file_that_contradicts_the_list_is_kept() {
    let server = server();
    let content = large(300_000);
    let deny_digest = |server: &LocalServer| {
        server.store().set_digest(PATH, "a", WRONG).expect("a file");
    };
    let deny_size = |server: &LocalServer| {
        server.store().set_listed_size(PATH, "a", Some(3)).expect("a file");
    };
    for (deny, tags, digests) in [
        (&deny_digest as &dyn Fn(&LocalServer), true, true),
        (&deny_digest, false, false),
        (&deny_size, true, false),
        (&deny_size, false, true),
    ] {
        server.store().set_storage(behaviour(|storage| (storage.tags, storage.digests) = (tags, digests)));
        on_both(&server, async |api| {
            run(&server, &[("a", &content)]);
            deny(&server);
            let folder = tempfile::tempdir().expect("a folder");
            server.store().clear_requests();
            let first = download(&api, folder.path(), ExistingFilePolicy::Refuse).await;
            assert_eq!(only(&first), (DownloadOutcome::Fetched, true));
            assert!(fs::read(folder.path().join("a")).expect("the file") == content);
            assert_eq!(sent_bytes(&server), 600_000, "it is downloaded twice");
            for existing in [ExistingFilePolicy::Refuse, ExistingFilePolicy::Replace] {
                server.store().clear_requests();
                let again = download(&api, folder.path(), existing).await;
                assert_eq!(only(&again), (DownloadOutcome::AlreadyThere, true));
                assert!(sent_bytes(&server) <= 1, "it is downloaded again");
            }
            // The storage has a new file, but the list is unchanged.
            let other: Vec<u8> = content.iter().rev().copied().collect();
            server.store().add_file(PATH, "a", other.clone()).expect("a run");
            deny(&server);
            let refused = download(&api, folder.path(), ExistingFilePolicy::Refuse).await;
            assert!(matches!(refused.failed[0].error, Error::FileExists { .. }), "{refused:?}");
            let replaced = download(&api, folder.path(), ExistingFilePolicy::Replace).await;
            assert_eq!(only(&replaced), (DownloadOutcome::Fetched, true));
            assert!(fs::read(folder.path().join("a")).expect("the file") == other);
            // The list is correct again.
            server.store().add_file(PATH, "a", other).expect("a run");
            let right = download(&api, folder.path(), ExistingFilePolicy::Refuse).await;
            assert_eq!(only(&right), (DownloadOutcome::AlreadyThere, false));
        });
    }
}

#[test]
fn content_that_fails_the_storage_digest_is_rejected() {
    let server = server();
    run(&server, &[("a", b"content")]);
    server.store().set_digest(PATH, "a", WRONG).expect("a file");
    server.store().set_stored_digest(PATH, "a", WRONG).expect("a file");
    on_both(&server, async |api| {
        let folder = tempfile::tempdir().expect("a folder");
        let downloads = download(&api, folder.path(), ExistingFilePolicy::Refuse).await;
        let error = downloads.failed[0].error.to_string();
        assert!(error.contains("MD5 digest"), "{error}");
        assert!(tree(folder.path()).is_empty(), "{:?}", tree(folder.path()).keys());
    });
}

#[test]
fn file_without_digest_is_not_downloaded_again() {
    let server = server();
    let content = large(300_000);
    for (tags, digests, size) in
        [(true, true, true), (true, false, false), (false, true, false), (false, false, false)]
    {
        server.store().set_storage(behaviour(|storage| (storage.tags, storage.digests) = (tags, digests)));
        on_both(&server, async |api| {
            run(&server, &[("a", &content)]);
            server.store().forget_digests(PATH).expect("a run");
            if !size {
                server.store().set_listed_size(PATH, "a", None).expect("a file");
            }
            let folder = tempfile::tempdir().expect("a folder");
            let first = download(&api, folder.path(), ExistingFilePolicy::Refuse).await;
            assert_eq!(only(&first), (DownloadOutcome::Fetched, false));
            server.store().clear_requests();
            let second = download(&api, folder.path(), ExistingFilePolicy::Refuse).await;
            assert_eq!(only(&second), (DownloadOutcome::AlreadyThere, false));
            assert!(sent_bytes(&server) <= 1, "it is downloaded again");
            if digests {
                fs::remove_dir_all(folder.path().join(".wandb-export")).expect("a folder");
                let third = download(&api, folder.path(), ExistingFilePolicy::Refuse).await;
                assert_eq!(only(&third), (DownloadOutcome::AlreadyThere, false), "the storage has a digest");
            }
            fs::write(folder.path().join("a"), vec![7; 300_000]).expect("a file");
            let refused = download(&api, folder.path(), ExistingFilePolicy::Refuse).await;
            assert!(matches!(refused.failed[0].error, Error::FileExists { .. }), "{refused:?}");
        });
    }
}

#[test]
fn empty_file_without_digest_is_not_downloaded_again() {
    let server = server();
    run(&server, &[("a", b"")]);
    server.store().forget_digests(PATH).expect("a run");
    on_both(&server, async |api| {
        let folder = tempfile::tempdir().expect("a folder");
        let first = download(&api, folder.path(), ExistingFilePolicy::Refuse).await;
        assert_eq!(only(&first), (DownloadOutcome::Fetched, false));
        let second = download(&api, folder.path(), ExistingFilePolicy::Refuse).await;
        assert_eq!(only(&second), (DownloadOutcome::AlreadyThere, false));
    });
}
