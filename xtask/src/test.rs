//! `cargo xtask test`: runs all tests, in parts.

use std::process::{Command, ExitCode};

use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};

use crate::counts::Counts;
use crate::differential;
use crate::examples;
use crate::process;
use crate::summary::{Outcome, Summary};
use crate::tools;
use crate::workspace::{Workspace, cargo};

/// A part of the tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Unit and property tests beside the code
    Unit,
    /// The client over a simulated network
    Simulation,
    /// Operations of W&B's API against its schema
    Graphql,
    /// Both transports over real sockets
    Conformance,
    /// The local server that the tests use
    LocalServer,
    /// The library and the program against the local server
    Cli,
    /// Runs on disk
    Runlog,
    /// Folders on real and simulated disks
    Storage,
    /// Examples in the documentation
    Documentation,
    /// Example programs, in both forms
    Examples,
    /// Comparison with the official SDK, which needs Python
    Differential,
}

/// The parts that are the integration tests of one package.
const INTEGRATION: &[(Part, &str)] = &[
    (Part::Simulation, "wandb-core"),
    (Part::Graphql, "wandb-graphql"),
    (Part::Conformance, "wandb-transport-conformance"),
    (Part::LocalServer, "wandb-local-server"),
    (Part::Cli, "wandb-export"),
    (Part::Runlog, "wandb-runlog"),
    (Part::Storage, "wandb-storage"),
];

/// The variable with the duration of fuzz tests in seconds, and its default here.
const FUZZ_SECONDS: (&str, &str) = ("WANDB_FUZZ_SECONDS", "60");

/// Options of `test`.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Options {
    /// Skip the differential tests, which need Python
    #[arg(long)]
    pub(crate) skip_python: bool,
    /// Run only this part; may be given several times
    #[arg(long, value_name = "PART")]
    pub(crate) only: Vec<Part>,
}

/// Runs the parts and prints the summary.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> ExitCode {
    parts(workspace, options).finish()
}

/// Runs the parts. All use the same packages and features, so that no dependency is built twice.
pub(crate) fn parts(workspace: &Workspace, options: &Options) -> Summary {
    let is_wanted = |part| options.only.is_empty() || options.only.contains(&part);
    let mut summary = Summary::default();
    if let Some(selection) = Selection::of(workspace, &options.only) {
        summary.part("tests", || run_tests(workspace, &selection));
    }
    if is_wanted(Part::Documentation) {
        summary.part("documentation", || {
            cargo_test(for_all(workspace, "test").args(["--no-fail-fast", "--doc"]))
        });
    }
    if is_wanted(Part::Examples) {
        summary.part("examples", || examples::check(workspace, &examples::Options::default()));
    }
    if is_wanted(Part::Differential) {
        summary.part("differential", || {
            if options.skip_python {
                println!("skipped: the comparison with the official SDK (--skip-python)");
                return Ok(Outcome::Skipped("--skip-python".to_owned()));
            }
            differential::compare(workspace, &differential::Options::default())
        });
    }
    summary
}

/// Unit and integration tests to build and run.
#[derive(Debug, PartialEq, Eq)]
struct Selection {
    /// Cargo arguments that select the targets.
    targets: Vec<String>,
    /// Nextest filterset that selects tests of these targets.
    filter: Option<String>,
}

impl Selection {
    /// Selects the tests of some parts, or of all if the list is empty. Returns `None` if the parts have no cargo
    /// tests.
    fn of(workspace: &Workspace, only: &[Part]) -> Option<Self> {
        if only.is_empty() {
            return Some(Self { targets: vec!["--tests".to_owned()], filter: None });
        }
        let mut targets = Vec::new();
        let mut filters = Vec::new();
        if only.contains(&Part::Unit) {
            targets.push("--tests".to_owned());
            filters.push("not kind(test)".to_owned());
        }
        for (_, package) in INTEGRATION.iter().filter(|(part, _)| only.contains(part)) {
            let found = workspace.packages.iter().find(|found| found.name == *package);
            let tests = found.into_iter().flat_map(|found| &found.tests);
            targets.extend(tests.flat_map(|test| ["--test".to_owned(), test.clone()]));
            filters.push(format!("kind(test) & package(={package})"));
        }
        (!filters.is_empty()).then(|| Self { targets, filter: Some(filters.join(" | ")) })
    }
}

/// Runs tests with nextest, or with `cargo test` if nextest is not available. The latter has no filtersets, so it also
/// runs tests of other packages whose targets have the same name.
fn run_tests(workspace: &Workspace, selection: &Selection) -> Result<Outcome> {
    let fuzz = std::env::var_os(FUZZ_SECONDS.0).is_none().then_some(FUZZ_SECONDS);
    match tools::NEXTEST.command(workspace) {
        Ok(mut nextest) => {
            nextest.args(["run", "--workspace", "--all-features", "--no-fail-fast"]);
            nextest.args(&selection.targets).envs(fuzz);
            if let Some(filter) = &selection.filter {
                nextest.args(["--filterset", filter]);
            }
            let ended = process::run(&mut nextest)?;
            let counts = Counts::of_nextest(&ended.output);
            ensure!(!ended.status.success() || counts.is_some(), "nextest printed no summary");
            Ok(Outcome::of(ended.status.success(), counts.unwrap_or_default()))
        }
        Err(problem) => {
            println!("warning: {problem:#}; running the tests with `cargo test`");
            let mut command = for_all(workspace, "test");
            cargo_test(command.arg("--no-fail-fast").args(&selection.targets).envs(fuzz))
        }
    }
}

fn cargo_test(command: &mut Command) -> Result<Outcome> {
    let ended = process::run(command)?;
    Ok(Outcome::of(ended.status.success(), Counts::of_cargo_test(&ended.output)))
}

/// Builds a cargo subcommand for all packages with all features.
fn for_all(workspace: &Workspace, subcommand: &str) -> Command {
    let mut command = cargo();
    command.current_dir(&workspace.root).args([subcommand, "--workspace", "--all-features"]);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(only: &[Part]) -> Option<(Vec<String>, Option<String>)> {
        let found = Selection::of(&Workspace::load().unwrap(), only);
        found.map(|found| (found.targets, found.filter))
    }

    #[test]
    fn every_integration_test_belongs_to_a_part() {
        for package in Workspace::load().unwrap().packages {
            let is_listed = INTEGRATION.iter().any(|(_, name)| *name == package.name);
            assert_eq!(is_listed, !package.tests.is_empty(), "{}", package.name);
        }
    }

    #[test]
    fn all_tests_run_unless_parts_are_named() {
        assert_eq!(selection(&[]), Some((vec!["--tests".to_owned()], None)));
    }

    #[test]
    fn part_builds_its_own_targets_only() {
        let (targets, filter) = selection(&[Part::Simulation]).unwrap();
        assert_eq!(targets, ["--test", "endings", "--test", "simulation"]);
        assert_eq!(filter.unwrap(), "kind(test) & package(=wandb-core)");
    }

    #[test]
    fn targets_of_the_same_name_are_distinguished() {
        let (targets, filter) = selection(&[Part::Cli, Part::Unit]).unwrap();
        assert_eq!(targets, ["--tests", "--test", "it"]);
        assert_eq!(filter.unwrap(), "not kind(test) | kind(test) & package(=wandb-export)");
    }

    #[test]
    fn other_parts_select_no_cargo_tests() {
        assert_eq!(selection(&[Part::Documentation, Part::Differential]), None);
    }
}
