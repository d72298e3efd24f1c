//! Many small files, and a large one.

use std::process::Command;
use std::rc::Rc;

use anyhow::{Context as _, Result};

use super::super::machine;
use super::super::site::{Output, Site};
use super::super::stage::{Kind, Stage};
use super::super::work::{Party, Row, Target, Work};

const OURS: &str = "ours, files --download";
const UNDIGESTED: &str = "ours, no digest known";
const SDK: &str = "SDK, file.download()";
const CURL: &str = "curl -o";
const CURL_AND_DIGEST: &str = "curl -o, then md5sum";

/// Small files from a server that answers after 20 milliseconds.
pub(crate) fn many(stage: &Stage) -> Result<Work> {
    let count: u64 = stage.size(2_000, 200);
    let name = format!("{count}x50000");
    let run = format!("local-team/files/{name}");
    let site = Site::start(stage, &["--generate-files", &name, "--faults", "latency=20:1"])?;
    let output = Output { name: "files", kind: Kind::Folder, data: name.clone(), rows: count };
    let mut parties: Vec<Party> =
        site.ours(OURS, &["files", &run, "--all", "--download", "--format", "csv"], &output).into();
    let there = Rc::clone(&site);
    let party = Party::new(SDK, move |stage| {
        let folder = stage.lasting_folder()?;
        let (_, sample) = there.sdk(stage, &["files", &run], &folder)?;
        stage.check(Kind::Folder, &folder, &name, count)?;
        Ok(sample)
    });
    parties.push(party.needs(stage.python.is_some(), "Python"));
    Ok(Work {
        title: format!("{count} files of 50 kB, each request 20 ms late"),
        parties,
        rows: vec![Row::new("files", [Target::faster(OURS, SDK, 8.0)]), Row::blocking(&[OURS])],
        most_rounds: None,
    })
}

/// A file of two gigabytes.
pub(crate) fn large(stage: &Stage) -> Result<Work> {
    let bytes: u64 = stage.size(2_000_000_000, 200_000_000);
    let name = format!("1x{bytes}");
    let run = format!("local-team/files/{name}");
    let site = Site::start(stage, &["--generate-files", &name])?;
    let output = Output { name: "files", kind: Kind::Folder, data: name.clone(), rows: 1 };
    let words = ["files", run.as_str(), "--all", "--download", "--format", "csv"];
    let mut parties: Vec<Party> = site.ours(OURS, &words, &output).into();
    // What is left of the time where nothing is to be hashed.
    let undigested = Site::start(stage, &["--generate-files", &name, "--without-digests"])?;
    parties.extend(undigested.ours(UNDIGESTED, &words, &output));
    for (label, script) in [
        (CURL, r#"exec curl --silent --fail --output "$1" "$2""#),
        (CURL_AND_DIGEST, r#"curl --silent --fail --output "$1" "$2" && md5sum "$1""#),
    ] {
        let (site, run, data) = (Rc::clone(&site), run.clone(), name.clone());
        let party = Party::new(label, move |stage| {
            let folder = stage.folder()?;
            let answer = site.ask()?.run(&run, "files(first: 1) { edges { node { directUrl } } }")?;
            let url = answer["files"]["edges"][0]["node"]["directUrl"].as_str().context("no URL")?;
            let mut command = Command::new("sh");
            command.args(["-c", script, "sh"]).arg(folder.path().join("large.bin")).arg(url);
            site.point(&mut command, folder.path());
            let turned = stage.measure(&command)?;
            stage.check(Kind::Folder, folder.path(), &data, 1)?;
            Ok(turned.sample)
        });
        parties.push(party.needs(machine::has("curl"), "curl"));
    }
    Ok(Work {
        title: format!("a file of {bytes} bytes"),
        parties,
        rows: vec![
            Row::new(
                "large-file",
                [
                    Target::within(OURS, 1.1, CURL),
                    Target::within(UNDIGESTED, 1.1, CURL),
                    Target::beside(OURS, CURL_AND_DIGEST),
                ],
            ),
            Row::blocking(&[OURS, UNDIGESTED]),
        ],
        most_rounds: None,
    })
}
