//! `cargo xtask tree`: checks the dependencies that each crate must not have, and that no circle joins folders.

mod circles;

use std::collections::BTreeSet;
use std::process::ExitCode;

use anyhow::Result;

use crate::process;
use crate::workspace::{Workspace, cargo};

/// Async runtimes and crates that need one.
const RUNTIMES: &[&str] = &["tokio", "async-std", "smol", "hyper", "hyper-util", "h2"];
/// HTTP clients, TLS and sockets.
const CLIENTS: &[&str] = &[
    "reqwest",
    "ureq",
    "ureq-proto",
    "isahc",
    "curl",
    "hyper",
    "hyper-util",
    "rustls",
    "native-tls",
    "socket2",
];
/// File formats and tables.
const FORMATS: &[&str] = &["arrow", "arrow-array", "arrow-schema", "parquet", "csv"];
/// Cryptography and TLS providers other than rustls with ring.
const OTHER_CRYPTO: &[&str] = &["aws-lc-rs", "aws-lc-sys", "openssl", "openssl-sys", "native-tls", "boring"];

/// A build, the packages that must be absent, and those that must have exactly one version.
struct Rule {
    name: &'static str,
    arguments: &'static [&'static str],
    absent: &'static [&'static [&'static str]],
    once: &'static [&'static str],
}

const RULES: &[Rule] = &[
    Rule {
        name: "the client",
        arguments: &["-p", "wandb-core", "--all-features"],
        absent: &[RUNTIMES, CLIENTS, FORMATS],
        once: &[],
    },
    Rule {
        name: "the operations",
        arguments: &["-p", "wandb-graphql", "--all-features"],
        absent: &[RUNTIMES, CLIENTS, FORMATS],
        once: &["wandb-core"],
    },
    Rule {
        name: "the storage",
        arguments: &["-p", "wandb-storage", "--all-features"],
        absent: &[
            RUNTIMES,
            CLIENTS,
            FORMATS,
            &["wandb-graphql", "wandb-mirror", "wandb-runlog", "wandb-tables"],
        ],
        once: &["wandb-core"],
    },
    Rule {
        name: "the tables",
        arguments: &["-p", "wandb-tables", "--all-features"],
        absent: &[RUNTIMES, CLIENTS, &["wandb-graphql", "wandb-mirror", "wandb-runlog"]],
        once: &["wandb-core", "wandb-storage"],
    },
    Rule {
        name: "the mirror on disk",
        arguments: &["-p", "wandb-mirror", "--all-features"],
        absent: &[RUNTIMES, CLIENTS, &["wandb-graphql", "wandb-runlog"]],
        once: &["wandb-core", "wandb-storage", "wandb-tables"],
    },
    Rule {
        name: "the reader of runs on disk",
        arguments: &["-p", "wandb-runlog", "--all-features"],
        absent: &[RUNTIMES, CLIENTS, FORMATS],
        once: &["wandb-core"],
    },
    Rule {
        name: "the blocking transport",
        arguments: &["-p", "wandb-http-blocking", "--all-features"],
        absent: &[RUNTIMES, &["reqwest"], FORMATS, OTHER_CRYPTO],
        once: &["wandb-core", "ureq", "rustls", "ring"],
    },
    Rule {
        name: "the async transport",
        arguments: &["-p", "wandb-http-async", "--all-features"],
        absent: &[&["ureq"], FORMATS, OTHER_CRYPTO],
        once: &["wandb-core", "reqwest", "tokio", "rustls", "ring"],
    },
    Rule {
        name: "the blocking library alone",
        arguments: &["-p", "wandb-export", "--no-default-features", "--features", "blocking"],
        absent: &[RUNTIMES, &["reqwest", "wandb-http-async"], FORMATS],
        once: &["wandb-core", "wandb-graphql", "wandb-http-blocking", "ureq"],
    },
    Rule {
        name: "the program as installed",
        arguments: &["-p", "wandb-export"],
        absent: &[OTHER_CRYPTO],
        once: &["wandb-core", "reqwest", "ureq", "tokio", "rustls", "ring", "http", "parquet"],
    },
];

/// Prints every finding, and fails if there is one.
pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    let mut findings = 0;
    for rule in RULES {
        let mut command = cargo();
        command
            .current_dir(&workspace.root)
            .args(["tree", "--edges", "normal", "--target", "all", "--prefix", "none", "--format", "{p}"])
            .args(rule.arguments);
        let found = check(rule, &process::read(&mut command)?);
        let verdict = if found.is_empty() { "ok" } else { "WRONG" };
        println!("{verdict:5}  {} (cargo tree {})", rule.name, rule.arguments.join(" "));
        for finding in &found {
            println!("       {finding}");
        }
        findings += found.len();
    }
    findings += print_circles(workspace)?;
    Ok(if findings == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints the circles between folders of each published package; returns how many there are.
fn print_circles(workspace: &Workspace) -> Result<usize> {
    let mut findings = 0;
    for package in workspace.packages.iter().filter(|package| package.published) {
        let found = circles::find(&package.folder.join("src"))?;
        let verdict = if found.is_empty() { "ok" } else { "WRONG" };
        println!("{verdict:5}  circles between folders of {}: {}", package.name, found.len());
        for circle in &found {
            println!("       {}", circle.to_string().replace('\n', "\n         "));
        }
        findings += found.len();
    }
    Ok(findings)
}

fn check(rule: &Rule, tree: &str) -> Vec<String> {
    // A line is `name vVERSION (note)`. A package that was printed before ends in `(*)`.
    let packages: BTreeSet<(&str, &str)> = tree
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?, words.next()?))
        })
        .collect();
    let mut findings = Vec::new();
    for name in rule.absent.iter().flat_map(|names| names.iter()) {
        if packages.iter().any(|(package, _)| package == name) {
            findings.push(format!("depends on {name}"));
        }
    }
    for name in rule.once {
        let versions = packages.iter().filter(|(package, _)| package == name).count();
        if versions != 1 {
            findings.push(format!("has {versions} versions of {name}, not one"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule {
        name: "a build",
        arguments: &[],
        absent: &[&["tokio"], &["reqwest"]],
        once: &["ring", "rustls"],
    };

    #[test]
    fn valid_tree_has_no_findings() {
        let tree = "a v0.1.0 (/a)\nring v0.17.14\nrustls v0.23.46\nring v0.17.14\nrustls v0.23.46 (*)\n\ntokio-rustls v1.0.0\n";
        assert_eq!(check(&RULE, tree), Vec::<String>::new());
    }

    #[test]
    fn every_violation_is_found() {
        let tree = "tokio v1.54.0\nrustls v0.22.0\nrustls v0.23.46\n";
        assert_eq!(
            check(&RULE, tree),
            ["depends on tokio", "has 0 versions of ring, not one", "has 2 versions of rustls, not one"]
        );
    }
}
