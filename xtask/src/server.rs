//! Runs the local W&B-compatible server as a child process.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

/// Time that the server has to stop before it is killed.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// A running server. Stops when dropped.
#[derive(Debug)]
pub(crate) struct LocalServer {
    child: Child,
    /// Base URL of the API.
    pub(crate) base_url: String,
    /// A valid API key.
    pub(crate) api_key: String,
}

impl LocalServer {
    /// Starts the server on a free port and waits until it listens.
    pub(crate) fn start<I: AsRef<OsStr>>(
        program: &Path,
        arguments: impl IntoIterator<Item = I>,
    ) -> Result<Self> {
        // The server stops when its standard input closes, also if this program is killed.
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let mut lines =
            BufReader::new(child.stdout.take().context("the local server has no standard output")?).lines();
        let mut line = || lines.next().transpose().map(Option::unwrap_or_default);
        let (base_url, api_key) = (line()?, line()?);
        let server = Self { child, base_url, api_key };
        ensure!(!server.api_key.is_empty(), "the local server exited before it listened");
        Ok(server)
    }
}

impl Drop for LocalServer {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let start = Instant::now();
        while start.elapsed() < STOP_TIMEOUT {
            match self.child.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(10)),
                Ok(Some(_)) | Err(_) => return,
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
