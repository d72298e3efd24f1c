//! A minimal source behind the public interface.

use std::fs;

use wandb_core::blocking::block_on;

use crate::api::{Api, HistorySource, Run};
use crate::error::{Error, ErrorKind};

/// Creates a folder of two runs, and returns its path in the source's syntax.
fn folder() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let rows = "{\"_step\":0,\"loss\":2}\n{\"_step\":1,\"loss\":1}\n{\"_step\":2}\n";
    fs::write(folder.path().join("a.jsonl"), rows).expect("a file");
    fs::write(folder.path().join("b.jsonl"), "").expect("a file");
    let path = format!("jsonl:{}", folder.path().display());
    (folder, path)
}

async fn run(path: &str) -> Result<Run, Error> {
    Api::offline().run(&format!("{path}/a")).await
}

#[test]
fn minimal_source_has_runs_and_rows() {
    let (_folder, path) = folder();
    let api = Api::offline();
    block_on(async {
        let run = run(&path).await?;
        assert_eq!((run.path().to_string().as_str(), run.is_on_disk()), ("e/p/a", true));
        assert_eq!(run.scan_history().rows().await?.len(), 3);
        assert_eq!(run.history().samples(2).rows().await?.len(), 2);
        let losses = run.scan_history().keys(["loss"]).min_step(1).rows().await?;
        assert_eq!(
            losses.iter().map(wandb_core::Row::to_json_line).collect::<String>(),
            "{\"_step\":1,\"loss\":1}\n"
        );
        let mut reader = run.scan_history().keys(["acc", "loss"]).open().await?;
        assert_eq!(reader.next_batch().await?, None);
        assert_eq!(reader.finish().await?.unlogged, ["acc"]);
        assert_eq!(api.scan_history(&format!("{path}/a")).await?.rows().await?.len(), 3);
        let runs = api.runs(&path).await?.order("-name")?.filter(r#"{"name": "b"}"#)?;
        let ids: Vec<_> = runs.collect().await?.iter().map(|run| run.id.clone()).collect();
        assert_eq!(ids, ["b"]);
        Ok::<_, Error>(())
    })
    .unwrap();
}

#[test]
fn minimal_source_lacks_the_rest() {
    let (_folder, path) = folder();
    let api = Api::offline();
    block_on(async {
        let run = run(&path).await?;
        assert_eq!(run.console().next_lines().await?, None);
        assert!(run.files().collect().await?.is_empty());
        assert_eq!(run.metadata().await?, None);
        assert_eq!(run.file("x").await.unwrap_err().kind(), ErrorKind::NotFound);
        let system = run.system_metrics().rows().await.unwrap_err();
        assert!(system.to_string().contains("no system metrics"), "{system}");
        let exported = run.scan_history().source(HistorySource::Exported).rows().await.unwrap_err();
        assert!(exported.to_string().contains("no exported history"), "{exported}");
        let followed = run.scan_history().follow().await.unwrap_err();
        assert!(followed.to_string().contains("cannot be followed"), "{followed}");
        let update = run.update().name("x").save().await.unwrap_err();
        assert!(update.to_string().contains("is on disk"), "{update}");
        let update = api.update(&path).await.unwrap_err();
        assert!(update.to_string().starts_with(&format!("{path} is on disk")), "{update}");
        let sweep = api.sweep(&format!("{path}/s")).await.unwrap_err();
        assert_eq!(sweep.kind(), ErrorKind::NotFound);
        let which = api.run(&path).await.unwrap_err();
        assert!(which.to_string().contains(&format!("{path}/b")), "{which}");
        Ok::<_, Error>(())
    })
    .unwrap();
}
