//! Downloads many small files, and a large one.

use std::process::Command;
use std::rc::Rc;

use anyhow::{Context as _, Result};

use super::super::bench_server::{BenchServer, Output};
use super::super::env::{BenchEnv, OutputKind};
use super::super::machine;
use super::super::workload::{Party, Row, Target, Workload};

const OURS: &str = "ours, files --download";
const UNDIGESTED: &str = "ours, no digest known";
const SDK: &str = "SDK, file.download()";
const CURL: &str = "curl -o";
const CURL_AND_DIGEST: &str = "curl -o, then md5sum";

/// Small files from a server with a latency of 20 milliseconds.
pub(crate) fn many(env: &BenchEnv) -> Result<Workload> {
    let count: u64 = env.size(2_000, 200);
    let name = format!("{count}x50000");
    let run = format!("local-team/files/{name}");
    let server = BenchServer::start(env, &["--generate-files", &name, "--faults", "latency=20:1"])?;
    let output = Output { name: "files", kind: OutputKind::Folder, data: name.clone(), rows: count };
    let mut parties: Vec<Party> =
        server.ours(OURS, &["files", &run, "--all", "--download", "--format", "csv"], &output).into();
    let there = Rc::clone(&server);
    let party = Party::new(SDK, move |env| {
        let folder = env.kept_folder()?;
        let (_, sample) = there.sdk(env, &["files", &run], &folder)?;
        env.check(OutputKind::Folder, &folder, &name, count)?;
        Ok(sample)
    });
    parties.push(party.needs(env.python.is_some(), "Python"));
    Ok(Workload {
        title: format!("{count} files of 50 kB, each request 20 ms late"),
        parties,
        rows: vec![Row::new("files", [Target::faster(OURS, SDK, 40.0)]), Row::blocking(&[OURS])],
        max_rounds: None,
    })
}

/// A file of two gigabytes.
pub(crate) fn large(env: &BenchEnv) -> Result<Workload> {
    let bytes: u64 = env.size(2_000_000_000, 200_000_000);
    let name = format!("1x{bytes}");
    let run = format!("local-team/files/{name}");
    let server = BenchServer::start(env, &["--generate-files", &name])?;
    let output = Output { name: "files", kind: OutputKind::Folder, data: name.clone(), rows: 1 };
    let words = ["files", run.as_str(), "--all", "--download", "--format", "csv"];
    let mut parties: Vec<Party> = server.ours(OURS, &words, &output).into();
    // Shows the time without hashing.
    let undigested = BenchServer::start(env, &["--generate-files", &name, "--without-digests"])?;
    parties.extend(undigested.ours(UNDIGESTED, &words, &output));
    for (label, script) in [
        (CURL, r#"exec curl --silent --fail --output "$1" "$2""#),
        (CURL_AND_DIGEST, r#"curl --silent --fail --output "$1" "$2" && md5sum "$1""#),
    ] {
        let (server, run, data) = (Rc::clone(&server), run.clone(), name.clone());
        let party = Party::new(label, move |env| {
            let folder = env.folder()?;
            let answer = server.connect()?.run(&run, "files(first: 1) { edges { node { directUrl } } }")?;
            let url =
                answer["files"]["edges"][0]["node"]["directUrl"].as_str().context("the file has no URL")?;
            let mut command = Command::new("sh");
            command.args(["-c", script, "sh"]).arg(folder.path().join("large.bin")).arg(url);
            server.configure(&mut command, folder.path());
            let turn = env.measure(&command)?;
            env.check(OutputKind::Folder, folder.path(), &data, 1)?;
            Ok(turn.sample)
        });
        parties.push(party.needs(machine::has("curl"), "curl"));
    }
    Ok(Workload {
        title: format!("a file of {bytes} bytes"),
        parties,
        rows: vec![
            Row::new(
                "large-file",
                [
                    Target::within(OURS, 1.1, CURL),
                    Target::within(UNDIGESTED, 1.1, CURL),
                    Target::ratio_to(OURS, CURL_AND_DIGEST),
                ],
            ),
            Row::blocking(&[OURS, UNDIGESTED]),
        ],
        max_rounds: None,
    })
}
