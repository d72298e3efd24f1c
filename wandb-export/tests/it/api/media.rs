//! Media that runs have logged.

use std::fs;

use serde_json::json;
use wandb_export::model::MediaKind;
use wandb_export::{Error, Media};
use wandb_local_server::NewRun;

use crate::support::{LOGGED, blocking, logged, on_both, server, tree};

/// Returns step, key, kind and path of each item.
async fn summary(media: Media) -> Vec<String> {
    let items = media.collect().await.expect("media");
    let text = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    items
        .iter()
        .map(|item| {
            let step = text(item.step.map(|step| step.to_string()));
            format!("{step} {} {} {}", item.key, item.kind, text(item.path.clone()))
        })
        .collect()
}

#[test]
fn media_of_all_steps_are_listed() {
    let server = server();
    logged(&server);
    on_both(&server, async |api| {
        let run = api.run(LOGGED).await.expect("a run");
        assert_eq!(
            summary(run.media()).await,
            [
                "0 inc table media/table/inc_0.table.json",
                "0 predictions table media/table/t_0.table.json",
                "0 weights histogram -",
                "1 eval.image image media/images/one.png",
                "5 inc table media/table/inc_1.table.json",
                "5 predictions table media/table/t_1.table.json",
                "5 samples image media/images/one.png",
                "5 samples image media/images/two.png",
                "5 samples mask media/images/mask/m.mask.png",
                "5 sound audio media/audio/s.wav",
                "5 weights histogram -",
            ]
        );
        assert_eq!(summary(run.media().key("eval")).await, ["1 eval.image image media/images/one.png"]);
        assert_eq!(summary(run.media().key("eval.image")).await.len(), 1);
        assert_eq!(summary(run.media().step(0)).await.len(), 3);
        assert_eq!(summary(run.media().kind("image").kind("mask")).await.len(), 4);
        assert_eq!(summary(run.media().kind("images/separated")).await.len(), 2);
        assert_eq!(summary(run.tables().key("predictions").step(5)).await.len(), 1);
        assert_eq!(
            summary(run.media().summary().kind("table")).await,
            ["- inc table media/table/inc_1.table.json", "- predictions table media/table/t_1.table.json"]
        );
        assert_eq!(summary(run.media().key("loss")).await, [""; 0]);
    });
}

#[test]
fn items_have_the_facts_that_were_logged() {
    let server = server();
    logged(&server);
    let run = blocking(&server).run(LOGGED).expect("a run");
    let items = run.media().step(5).collect().expect("media");
    let dog = items.iter().find(|item| item.caption.as_deref() == Some("dog")).expect("an image");
    assert_eq!((dog.kind, dog.index, dog.width), (MediaKind::Image, Some(1), Some(4)));
    let table = run.tables().key("predictions").step(0).iter().next().expect("a table").expect("a table");
    assert_eq!((table.rows, table.columns), (Some(1), Some(3)));
    assert_eq!(table.artifact_path.as_deref(), Some("wandb-client-artifact://abc/predictions.table.json"));
}

#[test]
fn each_file_is_downloaded_once() {
    let server = server();
    logged(&server);
    on_both(&server, async |api| {
        let run = api.run(LOGGED).await.expect("a run");
        let folder = tempfile::tempdir().expect("a folder");
        let media = run.media().kind("image");
        let progress = media.progress();
        let downloads = media.download(folder.path()).await.expect("downloads");
        assert!(downloads.failed.is_empty(), "{:?}", downloads.failed);
        assert_eq!((downloads.files.len(), progress.files_done()), (2, 2));
        let found = tree(folder.path());
        assert_eq!(found.keys().collect::<Vec<_>>(), ["media/images/one.png", "media/images/two.png"]);
        assert_eq!(fs::read(folder.path().join("media/images/two.png")).expect("a file"), b"two");
        let none = run.media().key("loss").download(folder.path()).await.expect("downloads");
        assert_eq!((none.files.len(), none.failed.len()), (0, 0));
    });
}

#[test]
fn files_that_are_not_there_are_reported() {
    let server = server();
    let rows = [json!({
        "_step": 0,
        "gone": {"_type": "html-file", "path": "media/html/gone.html"},
        "elsewhere": {"_type": "image-file", "artifact_path": "wandb-client-artifact://x/i.png"},
        "unknown": {"_type": "images", "count": 3},
        "here": {"_type": "html-file", "path": "media/html/here.html"},
    })];
    server.store().add_run(NewRun::new("local-team", "vision", "media").rows(rows));
    server
        .store()
        .add_file("local-team/vision/media", "media/html/here.html", "html".to_owned())
        .expect("a run");
    on_both(&server, async |api| {
        let run = api.run("local-team/vision/media").await.expect("a run");
        let folder = tempfile::tempdir().expect("a folder");
        let downloads = run.media().download(folder.path()).await.expect("downloads");
        assert_eq!(downloads.files.len(), 1);
        let failed: Vec<_> = downloads.failed.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(failed, ["media/html/gone.html", "elsewhere", "unknown"]);
        assert!(matches!(downloads.failed[0].error, Error::NoSuchFile { .. }));
        assert!(matches!(downloads.failed[1].error, Error::OnlyInArtifact { .. }));
    });
}
