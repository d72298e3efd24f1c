//! Reads the workspace from `cargo metadata`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// A package of the workspace and its integration tests.
#[derive(Debug)]
pub(crate) struct Package {
    /// Name in its manifest.
    pub(crate) name: String,
    /// Folder of its manifest.
    pub(crate) folder: PathBuf,
    /// Names of its integration test targets.
    pub(crate) tests: Vec<String>,
    /// Its features, and those that each enables.
    pub(crate) features: BTreeMap<String, Vec<String>>,
    /// Whether it is published to the registry.
    pub(crate) published: bool,
}

/// The workspace that the tasks work on.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// Folder of the root manifest.
    pub(crate) root: PathBuf,
    /// Target folder of cargo, where tasks also put their output.
    pub(crate) target: PathBuf,
    /// All packages of the workspace.
    pub(crate) packages: Vec<Package>,
}

impl Workspace {
    /// Runs `cargo metadata`.
    pub(crate) fn load() -> Result<Self> {
        let output = cargo()
            .args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"])
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml"))
            .output()
            .context("cannot start cargo")?;
        if !output.status.success() {
            bail!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata is not JSON")?;
        Ok(Self {
            root: PathBuf::from(text(&metadata["workspace_root"])),
            target: PathBuf::from(text(&metadata["target_directory"])),
            packages: list(&metadata["packages"]).iter().map(package).collect(),
        })
    }
}

/// Builds a command for the cargo that started this program, or the one on the path.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // Removes the variables that cargo set for this package. Otherwise build scripts that read them, and everything
    // that depends on them, would rebuild at every switch between a task and a manual cargo command.
    for (name, _) in std::env::vars_os() {
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|start| name.to_string_lossy().starts_with(start)) {
            command.env_remove(name);
        }
    }
    command
}

fn package(value: &Value) -> Package {
    let is_test = |target: &&Value| list(&target["kind"]).iter().any(|kind| kind == "test");
    Package {
        name: text(&value["name"]).to_owned(),
        folder: Path::new(text(&value["manifest_path"])).parent().map(Path::to_owned).unwrap_or_default(),
        tests: list(&value["targets"])
            .iter()
            .filter(is_test)
            .map(|target| text(&target["name"]).to_owned())
            .collect(),
        features: value["features"].as_object().into_iter().flatten().map(feature).collect(),
        // `publish = false` is an empty list of registries.
        published: value["publish"].is_null(),
    }
}

fn feature((name, enables): (&String, &Value)) -> (String, Vec<String>) {
    (name.clone(), list(enables).iter().map(|value| text(value).to_owned()).collect())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
