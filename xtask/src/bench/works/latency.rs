//! Requests in flight against a server that is far away.

use std::rc::Rc;

use anyhow::{Context as _, Result};

use super::super::site::{Output, Site};
use super::super::stage::{Kind, Stage};
use super::super::work::{Bound, Party, Row, Sample, Target, Work};

const MANY: &str = "ours, 32 at once";
const ONE: &str = "ours, one at a time";

pub(crate) fn work(stage: &Stage) -> Result<Work> {
    let steps: u64 = stage.size(100_000, 32_000);
    let site = Site::start(stage, &["--generate", &steps.to_string(), "--faults", "latency=50:1"])?;
    let run = format!("local-team/synthetic/{steps}");
    site.warm(&run)?;
    let output = Output { name: "history.csv", kind: Kind::History, data: run.clone(), rows: steps };
    let party = |label: &str, concurrency: &str| {
        let (site, output) = (Rc::clone(&site), output.clone());
        let words = ["history", &run, "--all", "--page-size", "1000", "--concurrency", concurrency];
        let words: Vec<String> = words.map(str::to_owned).into();
        Party::new(label, move |stage| {
            let (turned, traffic) = site.run(stage, &words, &output)?;
            let peak = traffic["peak"].as_f64().context("the server told no peak")?;
            Ok(Sample { value: Some(peak), ..turned.sample })
        })
    };
    let bound = |most| Bound::Figure("requests that the server saw at once", most);
    Ok(Work {
        title: format!("{steps} steps in pages of 1000, each request 50 ms late"),
        parties: vec![party(MANY, "32"), party(ONE, "1")],
        rows: vec![Row::new(
            "latency",
            [Target::faster(MANY, ONE, 12.0), Target::new(MANY, bound(32.0)), Target::new(ONE, bound(1.0))],
        )],
        most_rounds: None,
    })
}
