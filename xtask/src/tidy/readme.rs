//! Checks that the commands in the documents exist.

use std::collections::BTreeSet;

use clap::CommandFactory as _;

use crate::Arguments;
use crate::workspace::Workspace;

/// Languages of code blocks that contain shell commands.
const SHELLS: &[&str] = &["", "sh", "bash", "console", "text"];

/// Finds commands in code blocks that name no task or no command of `wandb-export`.
pub(crate) fn check(workspace: &Workspace, text: &str) -> Vec<String> {
    let tasks = Arguments::command().get_subcommands().map(|task| task.get_name().to_owned()).collect();
    unknown(text, &tasks, &commands(workspace))
}

/// Returns the program's commands, each of which has its own file.
fn commands(workspace: &Workspace) -> BTreeSet<String> {
    let entries = std::fs::read_dir(workspace.root.join("wandb-export/src/cli"));
    let files = entries.into_iter().flatten().flatten().map(|entry| entry.path());
    files.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect()
}

fn unknown(text: &str, tasks: &BTreeSet<String>, commands: &BTreeSet<String>) -> Vec<String> {
    let mut findings = Vec::new();
    // The language of the current code block.
    let mut block = None;
    for (number, line) in text.lines().enumerate() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            block = if block.is_some() { None } else { Some(language) };
            continue;
        }
        let is_shell = block.map_or(line.starts_with("    "), |language| SHELLS.contains(&language));
        if !is_shell {
            continue;
        }
        let line = line.trim_start().trim_start_matches("$ ");
        for (program, known) in [("cargo xtask ", tasks), ("wandb-export ", commands)] {
            let Some(rest) = line.strip_prefix(program) else { continue };
            let word = rest.split_whitespace().next().unwrap_or_default();
            if !word.starts_with('-') && !known.contains(word) {
                findings.push(format!(":{}: `{program}{word}` does not exist", number + 1));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_commands_are_found() {
        let text = "wandb-export flies in prose\n```sh\n$ cargo xtask test --skip-python\ncargo xtask tset\n\
                    wandb-export --help\n```\n```toml\nwandb-export = \"1\"\n```\n    wandb-export history a/b/c\n    wandb-export hstory a/b/c\n";
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let findings = unknown(text, &names(&["test"]), &names(&["history"]));
        let expected = [":4: `cargo xtask tset` does not exist", ":11: `wandb-export hstory` does not exist"];
        assert_eq!(findings, expected);
    }
}
