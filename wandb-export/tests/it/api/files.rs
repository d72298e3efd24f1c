//! Downloads over real connections into real folders.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use wandb_export::files::{DownloadOutcome, ExistingFilePolicy};
use wandb_export::{Api, Error, ErrorKind};
use wandb_local_server::{Fault, FaultKind, Faults, LocalServer, NewRun, Options, Port};

use crate::support::{asynchronous, blocking, on_both, server, tree};

const PATH: &str = "local-team/vision/files";

fn run(server: &LocalServer, files: &[(&str, &[u8])]) {
    server.store().add_run(NewRun::new("local-team", "vision", "files"));
    for (name, content) in files {
        server.store().add_file(PATH, name, content.to_vec()).expect("a run");
    }
}

/// Bytes without repetition, so that misplaced parts are detected.
fn large(bytes: usize) -> Vec<u8> {
    (0_u32..).flat_map(u32::to_le_bytes).take(bytes).collect()
}

fn outcomes(downloads: &wandb_export::files::Downloads) -> Vec<DownloadOutcome> {
    assert!(downloads.failed.is_empty(), "{:?}", downloads.failed);
    downloads.files.iter().map(|file| file.outcome).collect()
}

#[test]
fn files_are_listed_filtered_and_read() {
    let server = server();
    run(&server, &[("a.json", b"{}"), ("media/b.json", b"[1]"), ("media/c.png", b"png"), ("50%_x", b"")]);
    on_both(&server, async |api| {
        let run = api.run(PATH).await.expect("a run");
        let names = async |files: wandb_export::Files| {
            let files = files.page_size(1).collect().await.expect("files");
            files.iter().map(|file| file.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(names(run.files()).await.len(), 4);
        assert_eq!(
            names(run.files().pattern("*.json").expect("a pattern")).await,
            ["a.json", "media/b.json"]
        );
        assert_eq!(names(run.files().pattern("50%_?").expect("a pattern")).await, ["50%_x"]);
        assert_eq!(names(run.files().names(["media/c.png", "none"])).await, ["media/c.png"]);
        assert_eq!(names(run.files().names([""; 0])).await, [""; 0]);
        let file = run.file("media/b.json").await.expect("a file");
        assert_eq!((file.size, file.mime_type.as_deref()), (Some(3), Some("application/json")));
        assert_eq!(&file.read(3).await.expect("content")[..], b"[1]");
        assert!(matches!(file.read(2).await, Err(Error::FileTooLarge { limit: 2, .. })));
        assert_eq!(run.file("media").await.unwrap_err().kind(), ErrorKind::NotFound);
    });
}

#[test]
fn all_files_are_downloaded_once() {
    let server = server();
    let model = large(3_000_000);
    run(&server, &[("model.h5", &model), ("media/a/ü b.txt", b"text"), ("empty", b"")]);
    on_both(&server, async |api| {
        let folder = tempfile::tempdir().expect("a folder");
        let files = api.run(PATH).await.expect("a run").files();
        server.store().clear_requests();
        let progress = files.progress();
        let first = files.clone().download(folder.path().join("new")).await.expect("downloads");
        assert_eq!(outcomes(&first), [DownloadOutcome::Fetched; 3]);
        assert_eq!((progress.files_done(), progress.bytes_done()), (3, 3_000_004));
        let found = tree(&folder.path().join("new"));
        assert_eq!(found.keys().collect::<Vec<_>>(), ["empty", "media/a/ü b.txt", "model.h5"]);
        assert!(found["model.h5"] == model && found["media/a/ü b.txt"] == b"text");
        let stored = |port| server.store().requests().into_iter().filter(move |request| request.port == port);
        assert_eq!(stored(Port::Storage).count(), 3);
        assert!(stored(Port::Storage).all(|request| !request.authorization), "no key for the storage");
        let second = files.download(folder.path().join("new")).await.expect("downloads");
        assert_eq!(outcomes(&second), [DownloadOutcome::AlreadyThere; 3]);
        assert_eq!(stored(Port::Storage).count(), 3);
    });
}

#[test]
fn existing_files_are_replaced_only_on_request() {
    let server = server();
    run(&server, &[("a", b"new"), ("dir/b", b"b")]);
    on_both(&server, async |api| {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("a"), "old").expect("a file");
        fs::create_dir_all(folder.path().join("dir/b")).expect("a folder");
        let run = api.run(PATH).await.expect("a run");
        let file = run.file("a").await.expect("a file");
        let refused = file.download(folder.path()).await.unwrap_err();
        assert!(matches!(refused, Error::FileExists { .. }), "{refused}");
        assert_eq!(fs::read(folder.path().join("a")).expect("the file"), b"old");
        let kept = run
            .files()
            .names(["a"])
            .existing(ExistingFilePolicy::Keep)
            .download(folder.path())
            .await
            .expect("downloads");
        assert_eq!(outcomes(&kept), [DownloadOutcome::Kept]);
        let place =
            file.download_with(folder.path(), ExistingFilePolicy::Replace).await.expect("the file").path;
        assert_eq!(place, folder.path().join("a"));
        assert_eq!(fs::read(&place).expect("the file"), b"new");
        let all = run
            .files()
            .existing(ExistingFilePolicy::Replace)
            .download(folder.path())
            .await
            .expect("downloads");
        assert_eq!((all.files.len(), all.failed.len()), (1, 1), "a folder is not replaced by a file");
        assert!(tree(folder.path()).keys().all(|name| name == "a"));
    });
}

#[test]
fn hostile_names_stay_in_the_folder() {
    let hostile = [
        "../outside",
        "/absolute/path",
        "a/../../outside",
        r"..\outside",
        "C:/windows",
        "nul",
        "sub/CON.txt",
        "A",
        "a",
        "x/y",
        "x",
        "tab\tname",
        "wandb-export-names.json",
        ".wandb-export/notes",
        "trailing. ",
    ];
    let server = server();
    let files: Vec<_> = hostile.iter().map(|name| (*name, name.as_bytes())).collect();
    run(&server, &files);
    on_both(&server, async |api| {
        let outer = tempfile::tempdir().expect("a folder");
        let folder = outer.path().join("target");
        let files = api.run(PATH).await.expect("a run").files();
        let downloads = files.clone().download(&folder).await.expect("downloads");
        assert_eq!(outcomes(&downloads).len(), hostile.len());
        assert!(
            tree(outer.path()).keys().all(|name| name.starts_with("target/")),
            "{:?}",
            tree(outer.path()).keys()
        );
        let mapping = fs::read(folder.join("wandb-export-names.json")).expect("the mapping");
        let mapping: BTreeMap<String, String> = serde_json::from_slice(&mapping).expect("JSON");
        for file in &downloads.files {
            let here = file.path.strip_prefix(&folder).expect("inside").to_string_lossy().into_owned();
            let name = mapping.get(&here).unwrap_or(&here);
            assert_eq!(*name, file.name);
            assert_eq!(fs::read(&file.path).expect("the file"), file.name.as_bytes());
        }
        let again = files.download(&folder).await.expect("downloads");
        assert_eq!(outcomes(&again), vec![DownloadOutcome::AlreadyThere; hostile.len()]);
        assert_eq!(
            again.files.iter().map(|file| &file.path).collect::<Vec<_>>(),
            downloads.files.iter().map(|file| &file.path).collect::<Vec<_>>()
        );
    });
}

#[cfg(unix)]
#[test]
fn symlinks_in_the_folder_are_not_followed_outside() {
    let server = server();
    run(&server, &[("link/a", b"a"), ("file", b"new"), ("inside/b", b"b")]);
    on_both(&server, async |api| {
        let outer = tempfile::tempdir().expect("a folder");
        let (folder, elsewhere) = (outer.path().join("target"), outer.path().join("elsewhere"));
        fs::create_dir_all(folder.join("real")).expect("a folder");
        fs::create_dir_all(&elsewhere).expect("a folder");
        fs::write(elsewhere.join("secret"), "old").expect("a file");
        let link = |to: &Path, from: &str| std::os::unix::fs::symlink(to, folder.join(from)).expect("a link");
        link(&elsewhere, "link");
        link(&elsewhere.join("secret"), "file");
        link(Path::new("real"), "inside");
        let files = api.run(PATH).await.expect("a run").files().existing(ExistingFilePolicy::Replace);
        let downloads = files.download(&folder).await.expect("downloads");
        let failed: Vec<_> = downloads.failed.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(failed, ["link/a"]);
        assert_eq!(tree(&elsewhere), [("secret".to_owned(), b"old".to_vec())].into());
        assert!(
            !folder.join("file").symlink_metadata().expect("a file").is_symlink(),
            "the link itself is replaced"
        );
        assert_eq!(fs::read(folder.join("real/b")).expect("the file"), b"b");
    });
}

#[test]
fn broken_connections_are_resumed() {
    let server = server();
    let model = large(2_000_000);
    run(&server, &[("model.h5", &model)]);
    on_both(&server, async |api| {
        let run = api.run(PATH).await.expect("a run");
        for kind in [FaultKind::CutBody, FaultKind::Reset, FaultKind::Status(503)] {
            let faults = vec![Fault::next(3, kind).at(Port::Storage)];
            server.store().set_faults(Faults { faults, ..Faults::default() });
            let folder = tempfile::tempdir().expect("a folder");
            let file = run.file("model.h5").await.expect("a file");
            let place = file.download(folder.path()).await.expect("the file").path;
            assert!(fs::read(place).expect("the file") == model);
            assert_eq!(tree(folder.path()).len(), 1);
        }
    });
}

#[test]
fn abandoned_download_is_resumed_later() {
    let server = server();
    let model = large(4_000_000);
    run(&server, &[("model.h5", &model)]);
    on_both(&server, async |api| {
        let folder = tempfile::tempdir().expect("a folder");
        let file = api.run(PATH).await.expect("a run").file("model.h5").await.expect("a file");
        let stall = vec![Fault::next(1, FaultKind::Stall).at(Port::Storage)];
        server.store().set_faults(Faults { faults: stall, ..Faults::default() });
        abandon_after_some_bytes(&file, folder.path()).await;
        assert!(
            tree(folder.path()).keys().all(|name| name.starts_with(".wandb-export/")),
            "only temporary files exist"
        );
        server.store().clear_requests();
        let downloads =
            api.run(PATH).await.expect("a run").files().download(folder.path()).await.expect("downloads");
        assert_eq!(outcomes(&downloads), [DownloadOutcome::Resumed]);
        assert_eq!(tree(folder.path()), [("model.h5".to_owned(), model.clone())].into());
        let received: u64 =
            server.store().requests().iter().filter(|it| it.port == Port::Storage).map(|it| it.bytes).sum();
        assert!(received < 3_000_000, "only the rest is requested, not {received} bytes");
    });
}

/// Downloads until the server stalls in the middle, and then drops the download like Ctrl-C.
async fn abandon_after_some_bytes(file: &wandb_export::RunFile, folder: &Path) {
    let mut download = std::pin::pin!(file.download(folder));
    let partial = folder.join(".wandb-export");
    for _ in 0..2_000 {
        let wait = std::pin::pin!(wait(Duration::from_millis(5)));
        match futures_util::future::select(download.as_mut(), wait).await {
            futures_util::future::Either::Left((ended, _)) => panic!("it ended: {ended:?}"),
            futures_util::future::Either::Right(_) => {}
        }
        let begun = fs::read_dir(&partial).into_iter().flatten().flatten();
        let sizes = begun.filter_map(|entry| entry.metadata().ok()).map(|data| data.len());
        if sizes.max().is_some_and(|size| size >= 1_900_000) {
            return;
        }
    }
    panic!("no bytes arrived");
}

/// Waits without a runtime.
async fn wait(duration: Duration) {
    futures_timer::Delay::new(duration).await;
}

#[test]
fn expired_url_is_requested_again() {
    let mut options = Options::default();
    options.url_lifetime = Duration::ZERO;
    let expired = LocalServer::start(options).expect("a free port");
    run(&expired, &[("a", b"a")]);
    let unused = tempfile::tempdir().expect("a folder");
    let file = blocking(&expired).run(PATH).expect("a run").file("a").expect("a file");
    let error = file.download(unused.path()).unwrap_err();
    assert!(error.to_string().contains("403"), "{error}");
    assert!(
        tree(unused.path()).keys().all(|name| name.starts_with(".wandb-export/")),
        "only temporary files exist"
    );
    let server = server();
    let model = large(1_000_000);
    run(&server, &[("model.h5", &model)]);
    on_both(&server, async |api| {
        let folder = tempfile::tempdir().expect("a folder");
        let file = api.run(PATH).await.expect("a run").file("model.h5").await.expect("a file");
        // The first response breaks off. Then the URL has expired, and so has the one that the server redirects to.
        let faults = vec![
            Fault::next(1, FaultKind::CutBody).at(Port::Storage),
            Fault::next(2, FaultKind::Status(403)).at(Port::Storage),
        ];
        server.store().set_faults(Faults { faults, ..Faults::default() });
        server.store().clear_requests();
        let place = file.download(folder.path()).await.expect("the file").path;
        assert!(fs::read(place).expect("the file") == model);
        let listed =
            server.store().requests().iter().filter(|it| it.operation.as_deref() == Some("RunFiles")).count();
        assert_eq!(listed, 1, "a new URL is requested once");
    });
}

#[test]
fn file_changed_after_listing_is_downloaded() {
    let server = server();
    run(&server, &[("a", b"right")]);
    on_both(&server, async |api| {
        let folder = tempfile::tempdir().expect("a folder");
        let file = api.run(PATH).await.expect("a run").file("a").await.expect("a file");
        // The content is checked against the current list of the server.
        server.store().add_file(PATH, "a", b"other".to_vec()).expect("a run");
        let downloaded = file.download(folder.path()).await.expect("the file");
        assert_eq!(fs::read(&downloaded.path).expect("the file"), b"other");
        assert_eq!(downloaded.issues, []);
        server.store().add_file(PATH, "a", b"right".to_vec()).expect("a run");
    });
}

#[test]
fn one_bad_file_does_not_stop_the_others() {
    let server = server();
    run(&server, &[("a", b"a"), ("b", b"b"), ("c", b"c")]);
    asynchronous(&server, async |api: Api| {
        let folder = tempfile::tempdir().expect("a folder");
        server.store().set_stored_digest(PATH, "b", "AAAAAAAAAAAAAAAAAAAAAA==").expect("a file");
        server.store().set_digest(PATH, "b", "").expect("a file");
        let downloads =
            api.run(PATH).await.expect("a run").files().download(folder.path()).await.expect("downloads");
        assert_eq!(downloads.failed.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["b"]);
        let error = downloads.failed[0].error.to_string();
        assert!(error.contains("the storage has AAAA"), "{error}");
        assert_eq!(tree(folder.path()).into_keys().collect::<Vec<_>>(), ["a", "c"]);
    });
}
