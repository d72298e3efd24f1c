//! A server for one work, the program pointed at it, and the server's counters.

use std::path::Path;
use std::process::Command;
use std::rc::Rc;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::http::Connection;
use super::stage::{Kind, Stage, Turned};
use super::work::{Party, Sample, blocking};
use crate::python;
use crate::server::LocalServer;

/// A server that lives as long as a work needs it.
#[derive(Debug)]
pub(crate) struct Site {
    server: LocalServer,
}

/// What the program writes and how it is checked.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    /// Name of the file or folder; its ending says the format.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Outputs of the same data have the same sum.
    pub(crate) data: String,
    pub(crate) rows: u64,
}

impl Site {
    /// Starts a server.
    pub(crate) fn start(stage: &Stage, arguments: &[&str]) -> Result<Rc<Self>> {
        Ok(Rc::new(Self { server: LocalServer::start(&stage.programs.server, arguments)? }))
    }

    pub(crate) fn url(&self) -> &str {
        &self.server.base_url
    }

    pub(crate) fn key(&self) -> &str {
        &self.server.api_key
    }

    pub(crate) fn ask(&self) -> Result<Connection> {
        Connection::open(self.url(), self.key())
    }

    /// Asks for a row, so that nobody's turn holds what the server makes once.
    pub(crate) fn warm(&self, run: &str) -> Result<()> {
        self.ask()?.run(run, "history(minStep: 0, maxStep: 1, samples: 1)").map(|_| ())
    }

    /// What the server has counted since it was asked last.
    pub(crate) fn traffic(&self) -> Result<Value> {
        self.ask()?.json("DELETE", "/local/traffic", "")
    }

    /// Points a program at the server, with nothing of the user's own settings.
    pub(crate) fn point(&self, command: &mut Command, home: &Path) {
        python::without_settings(command, home);
        command.env("WANDB_BASE_URL", self.url()).env("WANDB_API_KEY", self.key());
    }

    /// Runs the program once, checks what it wrote, and gives back what the server counted.
    pub(crate) fn run(&self, stage: &Stage, words: &[String], output: &Output) -> Result<(Turned, Value)> {
        let has_many_files = matches!(output.kind, Kind::Folder) && output.rows > 1;
        let home = stage.folder()?;
        let lasting = has_many_files.then(|| stage.lasting_folder()).transpose()?;
        let path = lasting.as_deref().unwrap_or(home.path()).join(output.name);
        let mut command = Command::new(&stage.programs.export);
        command.args(words).arg("--no-progress").arg("--output").arg(&path);
        self.point(&mut command, home.path());
        self.traffic()?;
        let turned = stage.measure(&command)?;
        let traffic = self.traffic()?;
        stage.check(output.kind, &path, &output.data, output.rows)?;
        Ok((turned, traffic))
    }

    /// The program over both transports.
    pub(crate) fn ours(self: &Rc<Self>, label: &str, words: &[&str], output: &Output) -> [Party; 2] {
        let party = |label: &str, transport: &str| {
            let (site, output) = (Rc::clone(self), output.clone());
            let mut words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
            words.extend(["--transport".to_owned(), transport.to_owned()]);
            Party::new(label, move |stage| Ok(site.run(stage, &words, &output)?.0.sample))
        };
        [party(label, "async"), party(&blocking(label), "blocking")]
    }

    /// The SDK; what its parts took, in seconds, and the turn as a whole.
    pub(crate) fn sdk(&self, stage: &Stage, words: &[&str], into: &Path) -> Result<(Value, Sample)> {
        let home = stage.folder()?;
        let mut command = stage.script("sdk.py", home.path())?;
        command.args(words).arg(into);
        command.env("WANDB_BASE_URL", self.url()).env("WANDB_API_KEY", self.key());
        let turned = stage.measure(&command)?;
        let told = turned.output.lines().last().context("the SDK's script said nothing")?;
        Ok((serde_json::from_str(told).context("the SDK's script did not print JSON")?, turned.sample))
    }
}
