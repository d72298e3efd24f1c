//! A project of many runs to a table of their configs and summaries.

use std::rc::Rc;

use anyhow::Result;

use super::super::site::{Output, Site};
use super::super::stage::{Kind, Stage};
use super::super::work::{Party, Row, Target, Work};

const SDK: &str = "SDK, api.runs()";
const OURS: &str = "ours, project";

/// With a server that answers at once.
pub(crate) fn near(stage: &Stage) -> Result<Work> {
    work(stage, stage.size(2_000, 200), None, "runs", 10.0)
}

/// With a server that answers after 50 milliseconds.
pub(crate) fn far(stage: &Stage) -> Result<Work> {
    work(stage, stage.size(2_000, 100), Some("latency=50:1"), "runs-latency", 40.0)
}

fn work(stage: &Stage, runs: u64, faults: Option<&str>, row: &'static str, times: f64) -> Result<Work> {
    let count = runs.to_string();
    let mut arguments = vec!["--generate-runs", &count];
    arguments.extend(faults.into_iter().flat_map(|faults| ["--faults", faults]));
    let site = Site::start(stage, &arguments)?;
    let data = format!("{runs} runs");
    let output = Output { name: "runs.csv", kind: Kind::Runs, data: data.clone(), rows: runs };
    let mut parties: Vec<Party> = site.ours(OURS, &["project", "local-team/many"], &output).into();
    let there = Rc::clone(&site);
    let party = Party::new(SDK, move |stage| {
        let folder = stage.folder()?;
        let (_, sample) = there.sdk(stage, &["runs", "local-team/many"], folder.path())?;
        stage.check(Kind::Runs, &folder.path().join("runs.csv"), &data, runs)?;
        Ok(sample)
    });
    parties.push(party.needs(stage.python.is_some(), "Python"));
    let late = if faults.is_some() { ", each request 50 ms late" } else { "" };
    Ok(Work {
        title: format!("name, config and summary of {runs} runs{late}"),
        parties,
        rows: vec![Row::new(row, [Target::faster(OURS, SDK, times)]), Row::blocking(&[OURS])],
        most_rounds: None,
    })
}
