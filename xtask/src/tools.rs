//! Cargo subcommands that the tasks need. Missing ones are built into the target folder.

use std::process::{Command, Stdio};

use anyhow::{Result, ensure};

use crate::process;
use crate::workspace::{Workspace, cargo};

/// A cargo subcommand, and the version to build if it is missing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tool {
    name: &'static str,
    version: &'static str,
}

/// Runs each test in its own process, and kills hanging ones. The newest version that the minimum supported Rust
/// builds.
pub(crate) const NEXTEST: Tool = Tool { name: "nextest", version: "0.9.128" };
/// Checks licences, duplicates and sources of dependencies.
pub(crate) const DENY: Tool = Tool { name: "deny", version: "0.20.2" };

impl Tool {
    /// Returns the command `cargo NAME`, and installs the tool if it is missing.
    pub(crate) fn command(self, workspace: &Workspace) -> Result<Command> {
        let mut command = self.bare(workspace)?;
        let there = command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !there.is_ok_and(|status| status.success()) {
            self.install(workspace)?;
        }
        self.bare(workspace)
    }

    fn bare(self, workspace: &Workspace) -> Result<Command> {
        let own = workspace.target.join("tools/bin");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let paths = std::env::split_paths(&path).chain([own]);
        let mut command = cargo();
        command.current_dir(&workspace.root).env("PATH", std::env::join_paths(paths)?).arg(self.name);
        Ok(command)
    }

    fn install(self, workspace: &Workspace) -> Result<()> {
        let root = workspace.target.join("tools");
        println!("cargo-{} is missing: building version {} into {}", self.name, self.version, root.display());
        let mut install = cargo();
        // Built without optimizations: it runs for seconds, and optimizing would take minutes.
        install.args(["install", "--locked", "--debug", "--version", self.version, "--root"]).arg(&root);
        install.arg(format!("cargo-{}", self.name)).env("CARGO_TARGET_DIR", root.join("build"));
        let ended = process::run(&mut install)?;
        ensure!(ended.status.success(), "cannot install cargo-{}", self.name);
        Ok(())
    }
}
