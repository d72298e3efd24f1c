//! `cargo xtask public`: compares the public items of each library with the listing in `xtask/public-api`, and checks
//! that every type in a public signature has a name in `wandb_export`.
//!
//! rustdoc describes the items as JSON. That output is unstable, so this one call enables it by `RUSTC_BOOTSTRAP`, and
//! the crate `public-api` has to be of a version that knows the format of the installed rustc.

mod names;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use crate::process;
use crate::workspace::{Workspace, cargo};

/// Options of `public`.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Options {
    /// Replace the listings instead of comparing them
    #[arg(long)]
    write: bool,
}

/// Compares all listings and checks all names, also after a failure.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let crates = describe(workspace)?;
    let folder = workspace.root.join("xtask/public-api");
    if options.write {
        std::fs::remove_dir_all(&folder).ok();
        std::fs::create_dir_all(&folder)?;
    }
    let mut findings = 0;
    for (name, json) in &crates {
        let listing = list(json)?;
        let file = folder.join(format!("{name}.txt"));
        if options.write {
            std::fs::write(&file, &listing).with_context(|| format!("cannot write {}", file.display()))?;
        }
        let kept = std::fs::read_to_string(&file).unwrap_or_default();
        let differences = compare(&kept, &listing);
        let verdict = if differences.is_empty() { "ok" } else { "CHANGED" };
        println!("{verdict:7}  {name}: {} public items", listing.lines().count());
        for difference in &differences {
            println!("         {difference}");
        }
        findings += differences.len();
    }
    for file in std::fs::read_dir(&folder)? {
        let name = file?.file_name().to_string_lossy().into_owned();
        if !crates.iter().any(|(known, _)| name.strip_suffix(".txt") == Some(known)) {
            println!("STALE    {name}: no crate has this name");
            findings += 1;
        }
    }
    if findings > 0 {
        println!("If these changes are meant, accept them by `cargo xtask public --write`.");
    }
    let nameless = names::nameless(&crates, "wandb_export")?;
    let verdict = if nameless.is_empty() { "ok" } else { "WRONG" };
    println!("{verdict:7}  types in public signatures without a name in wandb_export: {}", nameless.len());
    for (name, user) in &nameless {
        println!("         {name}, used by {user}");
    }
    Ok(if findings + nameless.len() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Makes rustdoc describe each published library as JSON. Returns the names of the crates and the files.
fn describe(workspace: &Workspace) -> Result<Vec<(String, PathBuf)>> {
    // A separate folder: build scripts look at RUSTC_BOOTSTRAP, so each switch would rebuild everything.
    let target = workspace.target.join("public");
    let mut command = cargo();
    command.current_dir(&workspace.root).args([
        "doc",
        "--no-deps",
        "--lib",
        "--all-features",
        "--target-dir",
    ]);
    command.arg(&target);
    command.env("RUSTC_BOOTSTRAP", "1").env("RUSTDOCFLAGS", "-Zunstable-options --output-format json");
    let mut crates = Vec::new();
    for package in workspace.packages.iter().filter(|package| package.published) {
        command.args(["--package", &package.name]);
        let name = package.name.replace('-', "_");
        let json = target.join("doc").join(format!("{name}.json"));
        crates.push((name, json));
    }
    ensure!(process::run(&mut command)?.status.success(), "rustdoc failed");
    Ok(crates)
}

/// Lists the public items of a crate, one a line.
fn list(json: &Path) -> Result<String> {
    let build =
        || public_api::Builder::from_rustdoc_json(json).omit_blanket_impls(true).omit_auto_trait_impls(true);
    let api = build().omit_auto_derived_impls(true).build().with_context(|| {
        format!(
            "cannot read {}; if its format is unknown, xtask/Cargo.toml needs the version of public-api for this rustc",
            json.display()
        )
    })?;
    Ok(api.items().map(|item| item.to_string() + "\n").collect())
}

/// Returns the removed lines, marked with `-`, and the added ones, marked with `+`.
fn compare(old: &str, new: &str) -> Vec<String> {
    let without = |lines: &str, others: &str, mark: char| -> Vec<String> {
        let others: std::collections::HashSet<_> = others.lines().collect();
        lines.lines().filter(|line| !others.contains(line)).map(|line| format!("{mark} {line}")).collect()
    };
    let mut differences = without(old, new, '-');
    differences.extend(without(new, old, '+'));
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removed_and_added_items_are_differences() {
        assert_eq!(compare("a\nb\nc\n", "a\nd\nc\n"), ["- b", "+ d"]);
        assert_eq!(compare("a\n", "a\n"), Vec::<String>::new());
    }
}
