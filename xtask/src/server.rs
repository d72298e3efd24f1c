//! The local W&B-compatible server as a child process.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

/// How long the server may take to end once it is told to.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server; dropping it ends it.
#[derive(Debug)]
pub(crate) struct LocalServer {
    child: Child,
    /// Where it listens.
    pub(crate) base_url: String,
    /// A key that it accepts.
    pub(crate) api_key: String,
}

impl LocalServer {
    /// Starts the program on a free port and waits until it listens.
    pub(crate) fn start<I: AsRef<OsStr>>(
        program: &Path,
        arguments: impl IntoIterator<Item = I>,
    ) -> Result<Self> {
        // The server ends when its standard input does, also when this program is killed.
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let mut lines = BufReader::new(child.stdout.take().context("the server has no output")?).lines();
        let mut line = || lines.next().transpose().map(Option::unwrap_or_default);
        let (base_url, api_key) = (line()?, line()?);
        let server = Self { child, base_url, api_key };
        ensure!(!server.api_key.is_empty(), "the local server ended before it listened");
        Ok(server)
    }
}

impl Drop for LocalServer {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            match self.child.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(10)),
                Ok(Some(_)) | Err(_) => return,
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
