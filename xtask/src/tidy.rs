//! `cargo xtask tidy`: checks rules of the source tree that no compiler checks. Also runs as a test of this package.

mod files;
mod phrases;
mod readme;
mod rules;

use std::process::ExitCode;

use crate::workspace::Workspace;

/// Documents whose commands must exist.
const DOCUMENTS: [&str; 6] = [
    "README.md",
    "CONTRIBUTING.md",
    "docs/command-line.md",
    "docs/histories.md",
    "docs/mirror.md",
    "docs/runs-on-disk.md",
];

/// Prints every finding, and fails if there is one.
pub(crate) fn run(workspace: &Workspace) -> ExitCode {
    let findings = findings(workspace);
    for finding in &findings {
        println!("{finding}");
    }
    println!("{} findings", findings.len());
    if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Returns the findings, one line each: the file, the line number if there is one, and the rule.
fn findings(workspace: &Workspace) -> Vec<String> {
    let mut findings = Vec::new();
    let machine = rules::machine_paths(&workspace.root);
    let files = match files::all(&workspace.root) {
        Ok(files) => files,
        Err(problem) => return vec![format!("cannot read the source tree: {problem:#}")],
    };
    for file in &files {
        let found = rules::check(&file.path, &file.text, &machine);
        findings.extend(found.into_iter().map(|finding| format!("{}{finding}", file.path)));
    }
    for name in DOCUMENTS {
        let text = files.iter().find(|file| file.path == name).map(|file| file.text.as_str());
        let found =
            text.map_or_else(|| vec![": is missing".to_owned()], |text| readme::check(workspace, text));
        findings.extend(found.into_iter().map(|finding| format!("{name}{finding}")));
    }
    let contributing = files.iter().find(|file| file.path == "CONTRIBUTING.md");
    let contributing = contributing.map_or("", |file| file.text.as_str());
    findings.extend(phrases::check(contributing, &files, &package_folders(workspace)));
    findings
}

/// The folders of all packages, relative to the root, each with a slash at its end.
fn package_folders(workspace: &Workspace) -> Vec<String> {
    let folders =
        workspace.packages.iter().filter_map(|package| package.folder.strip_prefix(&workspace.root).ok());
    folders.map(|folder| format!("{}/", folder.display()).replace('\\', "/")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_tree_is_tidy() {
        let findings = findings(&Workspace::load().unwrap());
        assert!(findings.is_empty(), "\n{}", findings.join("\n"));
    }
}
