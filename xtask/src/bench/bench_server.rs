//! The server of a workload, its counters, and commands that use it.

use std::path::Path;
use std::process::Command;
use std::rc::Rc;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::env::{BenchEnv, OutputKind, TurnResult};
use super::http::Connection;
use super::workload::{Party, Sample, blocking};
use crate::python;
use crate::server::LocalServer;

/// A server that runs as long as a workload needs it.
#[derive(Debug)]
pub(crate) struct BenchServer {
    server: LocalServer,
}

/// The output of the program, and how to check it.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    /// Name of the file or folder. Its extension selects the format.
    pub(crate) name: &'static str,
    pub(crate) kind: OutputKind,
    /// Name of the data. Outputs of the same data must have the same sum.
    pub(crate) data: String,
    pub(crate) rows: u64,
}

impl BenchServer {
    /// Starts a server.
    pub(crate) fn start(env: &BenchEnv, arguments: &[&str]) -> Result<Rc<Self>> {
        Ok(Rc::new(Self { server: LocalServer::start(&env.programs.server, arguments)? }))
    }

    pub(crate) fn url(&self) -> &str {
        &self.server.base_url
    }

    pub(crate) fn key(&self) -> &str {
        &self.server.api_key
    }

    pub(crate) fn connect(&self) -> Result<Connection> {
        Connection::open(self.url(), self.key())
    }

    /// Requests a row, so that one-time work of the server is not part of a turn.
    pub(crate) fn warm(&self, run: &str) -> Result<()> {
        self.connect()?.run(run, "history(minStep: 0, maxStep: 1, samples: 1)").map(|_| ())
    }

    /// Returns the server's counters since the last call.
    pub(crate) fn traffic(&self) -> Result<Value> {
        self.connect()?.json("DELETE", "/local/traffic", "")
    }

    /// Configures a program to use the server, without the user's own settings.
    pub(crate) fn configure(&self, command: &mut Command, home: &Path) {
        python::remove_user_settings(command, home);
        command.env("WANDB_BASE_URL", self.url()).env("WANDB_API_KEY", self.key());
    }

    /// Runs the program once, checks its output, and returns the server's counters.
    pub(crate) fn run(
        &self,
        env: &BenchEnv,
        words: &[String],
        output: &Output,
    ) -> Result<(TurnResult, Value)> {
        let has_many_files = matches!(output.kind, OutputKind::Folder) && output.rows > 1;
        let home = env.folder()?;
        let kept = has_many_files.then(|| env.kept_folder()).transpose()?;
        let path = kept.as_deref().unwrap_or(home.path()).join(output.name);
        let mut command = Command::new(&env.programs.export);
        command.args(words).arg("--no-progress").arg("--output").arg(&path);
        self.configure(&mut command, home.path());
        self.traffic()?;
        let turn = env.measure(&command)?;
        let traffic = self.traffic()?;
        env.check(output.kind, &path, &output.data, output.rows)?;
        Ok((turn, traffic))
    }

    /// The parties that run the program over each transport.
    pub(crate) fn ours(self: &Rc<Self>, label: &str, words: &[&str], output: &Output) -> [Party; 2] {
        let party = |label: &str, transport: &str| {
            let (server, output) = (Rc::clone(self), output.clone());
            let mut words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
            words.extend(["--transport".to_owned(), transport.to_owned()]);
            Party::new(label, move |env| Ok(server.run(env, &words, &output)?.0.sample))
        };
        [party(label, "async"), party(&blocking(label), "blocking")]
    }

    /// Runs the SDK. Returns the seconds of its parts, and the whole turn.
    pub(crate) fn sdk(&self, env: &BenchEnv, words: &[&str], into: &Path) -> Result<(Value, Sample)> {
        let home = env.folder()?;
        let mut command = env.script("sdk.py", home.path())?;
        command.args(words).arg(into);
        command.env("WANDB_BASE_URL", self.url()).env("WANDB_API_KEY", self.key());
        let turn = env.measure(&command)?;
        let report = turn.output.lines().last().context("the SDK's script printed nothing")?;
        Ok((serde_json::from_str(report).context("the SDK's script did not print JSON")?, turn.sample))
    }
}
