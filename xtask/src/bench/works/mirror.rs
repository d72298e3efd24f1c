//! A whole project onto the disk.

use std::cell::RefCell;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::super::site::Site;
use super::super::stage::Stage;
use super::super::work::{Bound, Party, Row, Sample, Target, Work, blocking};

const OURS: &str = "ours, mirror";
const SDK: &str = "SDK, 8 threads";

/// What a server allows that limits the rate, in requests a second.
const RATE: f64 = 20.0;

/// A project on a server.
struct Project {
    path: &'static str,
    /// How many runs it has.
    runs: u64,
    site: Rc<Site>,
    /// What the first party that was through has made of it.
    seen: RefCell<Option<Value>>,
}

/// Small runs on a server that answers at once.
pub(crate) fn near(stage: &Stage) -> Result<Work> {
    let runs = stage.size(2_000, 200);
    let project = small(stage, runs, None)?;
    Ok(beside_sdk(stage, &project, format!("a mirror of {runs} small runs"), vec![Target::beside(OURS, SDK)]))
}

/// Small runs on a server that answers after 50 milliseconds.
pub(crate) fn far(stage: &Stage) -> Result<Work> {
    let runs = stage.size(2_000, 100);
    let project = small(stage, runs, Some("latency=50:1"))?;
    let title = format!("a mirror of {runs} small runs, each request 50 ms late");
    Ok(beside_sdk(stage, &project, title, vec![Target::faster(OURS, SDK, 6.0)]))
}

/// A few long runs.
pub(crate) fn long(stage: &Stage) -> Result<Work> {
    let (runs, steps) = stage.size((20, 100_000), (4, 5_000));
    let site = Site::start(stage, &["--generate-long-runs", &format!("{runs}x{steps}")])?;
    let project = Rc::new(Project { path: "local-team/long", runs, site, seen: RefCell::default() });
    let title = format!("a mirror of {runs} runs of {steps} steps");
    Ok(beside_sdk(stage, &project, title, vec![Target::beside(OURS, SDK)]))
}

/// Small runs on a server that refuses what comes too often.
pub(crate) fn limited(stage: &Stage) -> Result<Work> {
    let runs = stage.size(6_000, 600);
    let project = small(stage, runs, Some("rate=20"))?;
    let party = Party::of_several(&["requests a second", "refused"], move |stage| {
        let words = ["--exclude", "files", "--transport", "async"];
        let (sample, report) = project.ours(stage, &words)?;
        let count = |name: &str| report[name].as_f64().with_context(|| format!("a report without {name}"));
        let (requests, refused) = (count("requests")?, count("rate_limited")?);
        let with = |value| Sample { value: Some(value), ..sample };
        Ok(vec![
            ("requests a second".to_owned(), with((requests - refused) / sample.seconds / RATE)),
            ("refused".to_owned(), with(refused / requests)),
        ])
    });
    Ok(Work {
        title: format!("a mirror of {runs} small runs from a server that allows {RATE} requests a second"),
        parties: vec![party],
        rows: vec![Row::new(
            "mirror",
            [
                Target::new("requests a second", Bound::AtLeast("of what is allowed", 0.9)),
                Target::new("refused", Bound::Figure("of all requests", 0.01)),
            ],
        )],
        most_rounds: Some(3),
    })
}

fn small(stage: &Stage, runs: u64, faults: Option<&str>) -> Result<Rc<Project>> {
    let count = runs.to_string();
    let mut arguments = vec!["--generate-whole-runs", &count];
    arguments.extend(faults.into_iter().flat_map(|faults| ["--faults", faults]));
    let site = Site::start(stage, &arguments)?;
    Ok(Rc::new(Project { path: "local-team/whole", runs, site, seen: RefCell::default() }))
}

fn beside_sdk(stage: &Stage, project: &Rc<Project>, title: String, mut targets: Vec<Target>) -> Work {
    let ours = |label: &str, transport: &'static str| {
        let project = Rc::clone(project);
        Party::new(label, move |stage| Ok(project.ours(stage, &["--transport", transport])?.0))
    };
    let sdk = {
        let project = Rc::clone(project);
        Party::new(SDK, move |stage| project.sdk(stage)).needs(stage.python.is_some(), "Python")
    };
    for label in [OURS, SDK] {
        targets.push(Target::new(label, Bound::Told("requests to the API and the storage")));
    }
    Work {
        title,
        parties: vec![ours(OURS, "async"), ours(&blocking(OURS), "blocking"), sdk],
        rows: vec![Row::new("mirror", targets), Row::blocking(&[OURS])],
        most_rounds: Some(3),
    }
}

impl Project {
    /// The program's turn, and its own report.
    fn ours(&self, stage: &Stage, words: &[&str]) -> Result<(Sample, Value)> {
        let folder = stage.lasting_folder()?;
        let (mirror, report) = (folder.join("mirror"), folder.join("report.json"));
        let mut command = Command::new(&stage.programs.export);
        command.args(["mirror", self.path, "--no-progress"]).args(words);
        command.arg("--output").arg(&mirror).arg("--report").arg(&report);
        self.site.point(&mut command, &folder);
        let sample = self.measure(stage, &command)?;
        let report: Value = serde_json::from_str(&std::fs::read_to_string(&report)?)?;
        if !words.contains(&"--exclude") {
            self.look(stage, &mirror)?;
        }
        Ok((sample, report))
    }

    fn sdk(&self, stage: &Stage) -> Result<Sample> {
        let (home, folder) = (stage.folder()?, stage.lasting_folder()?);
        let mut command = stage.script("mirror.py", home.path())?;
        command.args(["download", self.path]).arg(&folder);
        self.site.point(&mut command, home.path());
        let sample = self.measure(stage, &command)?;
        self.look(stage, &folder)?;
        Ok(sample)
    }

    /// A turn, and how many requests it took.
    fn measure(&self, stage: &Stage, command: &Command) -> Result<Sample> {
        self.site.traffic()?;
        let sample = stage.measure(command)?.sample;
        let traffic = self.site.traffic()?;
        let requests = ["api", "storage"].iter().filter_map(|port| traffic[port]["requests"].as_f64()).sum();
        Ok(Sample { value: Some(requests), ..sample })
    }

    /// Looks whether what is there is all, and what the others have.
    fn look(&self, stage: &Stage, mirror: &Path) -> Result<()> {
        if stage.python.is_none() {
            return Ok(());
        }
        let output = stage.script("mirror.py", stage.home())?.arg("look").arg(mirror).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "mirror.py failed: {said}");
        let found: Value = serde_json::from_slice(&output.stdout).context("mirror.py did not print JSON")?;
        ensure!(found["runs"] == self.runs, "{} holds {found} and not {} runs", mirror.display(), self.runs);
        let mut seen = self.seen.borrow_mut();
        let expected = seen.get_or_insert_with(|| found.clone());
        ensure!(*expected == found, "{} holds {found} where others have {expected}", mirror.display());
        Ok(())
    }
}
