//! Mirrors a whole project.

use std::cell::RefCell;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::super::bench_server::BenchServer;
use super::super::env::BenchEnv;
use super::super::workload::{Bound, Party, Row, Sample, Target, Workload, blocking};

const OURS: &str = "ours, mirror";
const SDK: &str = "SDK, 8 threads";

/// The rate that the rate-limited server allows, in requests per second.
const RATE: f64 = 20.0;

/// A project on a server.
struct Project {
    path: &'static str,
    /// Number of runs.
    runs: u64,
    server: Rc<BenchServer>,
    /// The content of the first mirror, which the others must equal.
    first_content: RefCell<Option<Value>>,
}

/// Small runs on a server without latency.
pub(crate) fn near(env: &BenchEnv) -> Result<Workload> {
    let runs = env.size(2_000, 200);
    let project = small(env, runs, None)?;
    Ok(beside_sdk(env, &project, format!("a mirror of {runs} small runs"), vec![Target::ratio_to(OURS, SDK)]))
}

/// Small runs on a server with a latency of 50 milliseconds.
pub(crate) fn far(env: &BenchEnv) -> Result<Workload> {
    let runs = env.size(2_000, 100);
    let project = small(env, runs, Some("latency=50:1"))?;
    let title = format!("a mirror of {runs} small runs, each request 50 ms late");
    Ok(beside_sdk(env, &project, title, vec![Target::faster(OURS, SDK, 15.0)]))
}

/// A few long runs.
pub(crate) fn long(env: &BenchEnv) -> Result<Workload> {
    let (runs, steps) = env.size((20, 100_000), (4, 5_000));
    let server = BenchServer::start(env, &["--generate-long-runs", &format!("{runs}x{steps}")])?;
    let project =
        Rc::new(Project { path: "local-team/long", runs, server, first_content: RefCell::default() });
    let title = format!("a mirror of {runs} runs of {steps} steps");
    Ok(beside_sdk(env, &project, title, vec![Target::ratio_to(OURS, SDK)]))
}

/// Small runs on a rate-limited server.
pub(crate) fn limited(env: &BenchEnv) -> Result<Workload> {
    let runs = env.size(6_000, 600);
    let project = small(env, runs, Some("rate=20"))?;
    let party = Party::with_samples(&["requests a second", "refused"], move |env| {
        let words = ["--exclude", "files", "--transport", "async"];
        let (sample, report) = project.ours(env, &words)?;
        let count = |name: &str| report[name].as_f64().with_context(|| format!("the report has no {name}"));
        let (requests, refused) = (count("requests")?, count("rate_limited")?);
        let with = |value| Sample { value: Some(value), ..sample };
        Ok(vec![
            ("requests a second".to_owned(), with((requests - refused) / sample.seconds / RATE)),
            ("refused".to_owned(), with(refused / requests)),
        ])
    });
    Ok(Workload {
        title: format!("a mirror of {runs} small runs from a server that allows {RATE} requests a second"),
        parties: vec![party],
        rows: vec![Row::new(
            "mirror",
            [
                Target::new("requests a second", Bound::AtLeast("of what is allowed", 0.9)),
                Target::new("refused", Bound::Figure("of all requests", 0.01)),
            ],
        )],
        max_rounds: Some(3),
    })
}

fn small(env: &BenchEnv, runs: u64, faults: Option<&str>) -> Result<Rc<Project>> {
    let count = runs.to_string();
    let mut arguments = vec!["--generate-whole-runs", &count];
    arguments.extend(faults.into_iter().flat_map(|faults| ["--faults", faults]));
    let server = BenchServer::start(env, &arguments)?;
    Ok(Rc::new(Project { path: "local-team/whole", runs, server, first_content: RefCell::default() }))
}

fn beside_sdk(env: &BenchEnv, project: &Rc<Project>, title: String, mut targets: Vec<Target>) -> Workload {
    let ours = |label: &str, transport: &'static str| {
        let project = Rc::clone(project);
        Party::new(label, move |env| Ok(project.ours(env, &["--transport", transport])?.0))
    };
    let sdk = {
        let project = Rc::clone(project);
        Party::new(SDK, move |env| project.sdk(env)).needs(env.python.is_some(), "Python")
    };
    for label in [OURS, SDK] {
        targets.push(Target::new(label, Bound::Informational("requests to the API and the storage")));
    }
    Workload {
        title,
        parties: vec![ours(OURS, "async"), ours(&blocking(OURS), "blocking"), sdk],
        rows: vec![Row::new("mirror", targets), Row::blocking(&[OURS])],
        max_rounds: Some(3),
    }
}

impl Project {
    /// Runs the program. Returns its sample and its own report.
    fn ours(&self, env: &BenchEnv, words: &[&str]) -> Result<(Sample, Value)> {
        let folder = env.kept_folder()?;
        let (mirror, report) = (folder.join("mirror"), folder.join("report.json"));
        let mut command = Command::new(&env.programs.export);
        command.args(["mirror", self.path, "--no-progress"]).args(words);
        command.arg("--output").arg(&mirror).arg("--report").arg(&report);
        self.server.configure(&mut command, &folder);
        let sample = self.measure(env, &command)?;
        let report: Value = serde_json::from_str(&std::fs::read_to_string(&report)?)?;
        if !words.contains(&"--exclude") {
            self.check_content(env, &mirror)?;
        }
        Ok((sample, report))
    }

    fn sdk(&self, env: &BenchEnv) -> Result<Sample> {
        let (home, folder) = (env.folder()?, env.kept_folder()?);
        let mut command = env.script("mirror.py", home.path())?;
        command.args(["download", self.path]).arg(&folder);
        self.server.configure(&mut command, home.path());
        let sample = self.measure(env, &command)?;
        self.check_content(env, &folder)?;
        Ok(sample)
    }

    /// Measures a turn, with the number of requests as its figure.
    fn measure(&self, env: &BenchEnv, command: &Command) -> Result<Sample> {
        self.server.traffic()?;
        let sample = env.measure(command)?.sample;
        let traffic = self.server.traffic()?;
        let requests = ["api", "storage"].iter().filter_map(|port| traffic[port]["requests"].as_f64()).sum();
        Ok(Sample { value: Some(requests), ..sample })
    }

    /// Checks that the mirror is complete and equals those of the other parties.
    fn check_content(&self, env: &BenchEnv, mirror: &Path) -> Result<()> {
        if env.python.is_none() {
            return Ok(());
        }
        let output = env.script("mirror.py", env.home())?.arg("look").arg(mirror).output()?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "mirror.py failed: {stderr}");
        let found: Value = serde_json::from_slice(&output.stdout).context("mirror.py did not print JSON")?;
        ensure!(found["runs"] == self.runs, "{} has {found} instead of {} runs", mirror.display(), self.runs);
        let mut first_content = self.first_content.borrow_mut();
        let expected = first_content.get_or_insert_with(|| found.clone());
        ensure!(*expected == found, "{} has {found} instead of {expected}", mirror.display());
        Ok(())
    }
}
