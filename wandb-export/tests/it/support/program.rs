//! Runs the program as a user would.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;
use wandb_local_server::LocalServer;

/// Values of the program's `--transport`.
pub(crate) const TRANSPORTS: [&str; 2] = ["async", "blocking"];

/// The program in an empty directory and an empty home, logged in to a local server.
pub(crate) struct Program {
    pub(crate) server: LocalServer,
    directory: TempDir,
    home: TempDir,
}

/// Exit code and output of the program. The server's address, which varies, is replaced.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    pub(crate) fn new(server: LocalServer) -> Self {
        let temporary = || tempfile::tempdir().expect("a temporary directory");
        Self { server, directory: temporary(), home: temporary() }
    }

    /// A file in the directory that the program runs in.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Sorted names of the entries of that directory.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.directory.path()).expect("the directory");
        let mut names: Vec<_> = entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// The program with `arguments`, not yet started.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wandb-export"));
        command
            .args(arguments)
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("WANDB_API_KEY", self.server.api_key())
            .env("WANDB_BASE_URL", self.server.base_url())
            .env("HOME", self.home.path())
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs `command` until it ends.
    pub(crate) fn end(&self, mut command: Command) -> Ended {
        self.ended(&command.output().expect("the program"))
    }

    pub(crate) fn ended(&self, output: &Output) -> Ended {
        let text = |bytes: &[u8]| {
            let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
            assert!(!text.contains(&self.server.api_key()), "the API key is printed: {text}");
            let address = self.server.base_url().replace("http://", "");
            text.replace(&address, "[server]")
        };
        Ended { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// Runs the program with `transport`.
    pub(crate) fn over(&self, transport: &str, arguments: &[&str]) -> Ended {
        self.end(self.command(&[arguments, &["--transport", transport]].concat()))
    }

    /// Runs the program with each transport, and checks that both give the same output.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        let [first, second] = TRANSPORTS.map(|transport| self.over(transport, arguments));
        assert_eq!(first, second, "the transports differ");
        first
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code.map_or("none".to_owned(), |code| code.to_string());
        write!(f, "exit code: {code}\n--- stdout\n{}--- stderr\n{}", self.stdout, self.stderr)
    }
}
