//! A long history, page by page as JSON, to CSV and Parquet.

use std::process::Command;
use std::rc::Rc;

use anyhow::{Context as _, Result};

use super::super::site::{Output, Site};
use super::super::stage::{Kind, Stage};
use super::super::work::{Party, Row, Samples, Target, Work};

/// Requests in flight, of ours by default and of the floor.
const CONCURRENCY: u64 = 8;

/// The widest page that the program asks for.
const WIDTH: u64 = 10_000;

pub(crate) const SDK: [&str; 2] = ["SDK, pandas to CSV", "SDK, pandas to Parquet"];

pub(crate) fn work(stage: &Stage) -> Result<Work> {
    let steps: u64 = stage.size(1_000_000, 50_000);
    let run = format!("local-team/synthetic/{steps}");
    let site = Site::start(stage, &["--generate", &steps.to_string()])?;
    site.warm(&run)?;
    let output = |name| Output { name, kind: Kind::History, data: run.clone(), rows: steps };
    let words = ["history", &run, "--all"];
    let mut parties = Vec::new();
    parties.extend(site.ours("ours to CSV", &words, &output("history.csv")));
    parties.extend(site.ours("ours to Parquet", &words, &output("history.parquet")));
    let (floor, path) = (Rc::clone(&site), run.clone());
    parties.push(Party::new("fetch and discard", move |stage| {
        let mut command = Command::new(&stage.own);
        command.args(["bench-discard", "--url", floor.url(), "--key", floor.key(), "--run", &path]);
        for (option, value) in [("--steps", steps), ("--width", WIDTH), ("--concurrency", CONCURRENCY)] {
            command.args([option, &value.to_string()]);
        }
        let turned = stage.measure(&command)?;
        let bytes: u64 = turned.output.trim().parse().context("bench-discard told no bytes")?;
        anyhow::ensure!(bytes > steps * 100, "only {bytes} bytes were fetched");
        Ok(turned.sample)
    }));
    parties.push(sdk(stage, &site, "history", SDK, &run, steps));
    Ok(Work {
        title: format!("{steps} steps of 13 columns, pages of JSON"),
        parties,
        rows: vec![
            Row::new(
                "json-csv",
                [
                    Target::faster("ours to CSV", SDK[0], 40.0),
                    Target::within("ours to CSV", 3.0, "fetch and discard"),
                ],
            ),
            Row::new("json-parquet", [Target::faster("ours to Parquet", SDK[1], 40.0)]),
            Row::blocking(&["ours to CSV", "ours to Parquet"]),
        ],
        most_rounds: None,
    })
}

/// The SDK reads once, which takes long, and writes both.
pub(crate) fn sdk(
    stage: &Stage,
    site: &Rc<Site>,
    how: &'static str,
    labels: [&'static str; 2],
    run: &str,
    steps: u64,
) -> Party {
    let (site, run) = (Rc::clone(site), run.to_owned());
    let party = Party::of_several(&labels, move |stage| {
        let folder = stage.folder()?;
        let (told, whole) = site.sdk(stage, &[how, &run], folder.path())?;
        let part = |name: &str| told[name].as_f64().with_context(|| format!("the SDK told no {name}"));
        let read = part("setup")? + part("read")?;
        let mut samples = Samples::new();
        for (label, format) in labels.into_iter().zip(["csv", "parquet"]) {
            stage.check(Kind::History, &folder.path().join(format!("history.{format}")), &run, steps)?;
            let seconds = read + part(format)?;
            samples
                .push((label.to_owned(), super::super::work::Sample { seconds, cpu_seconds: None, ..whole }));
        }
        Ok(samples)
    });
    party.needs(stage.python.is_some(), "Python")
}
