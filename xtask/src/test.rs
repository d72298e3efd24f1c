//! `cargo xtask test`: every test, in parts.

use std::process::{Command, ExitCode};

use anyhow::{Result, ensure};
use clap::Args;

use crate::artifacts::{self, Executable, Kind};
use crate::counts::Counts;
use crate::differential;
use crate::examples;
use crate::process;
use crate::summary::{Outcome, Summary};
use crate::workspace::{Workspace, cargo};

/// Names of the parts that hold the integration tests of a package; others are named after the package.
const INTEGRATION: &[(&str, &str)] = &[
    ("wandb-core", "simulation"),
    ("wandb-graphql", "graphql"),
    ("wandb-transport-conformance", "conformance"),
    ("wandb-local-server", "local-server"),
    ("wandb-export", "cli"),
    ("wandb-runlog", "runlog"),
];
const UNIT: &str = "unit";
const DOCUMENTATION: &str = "documentation";
const EXAMPLES: &str = "examples";
const DIFFERENTIAL: &str = "differential";

/// Fault schedules that the simulation goes through, and seconds that the readers of files are given damaged ones, unless the
/// caller's environment says otherwise.
const THOROUGH: &[(&str, &str)] = &[("WANDB_SIMULATION_SCHEDULES", "10000"), ("WANDB_FUZZ_SECONDS", "60")];

/// Options of `test`.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Options {
    /// Leave out the differential tests, which need Python
    #[arg(long)]
    pub(crate) skip_python: bool,
    /// Run only this part; may be given several times
    #[arg(long, value_name = "PART")]
    pub(crate) only: Vec<String>,
}

/// Runs the parts and prints the summary.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    Ok(parts(workspace, options)?.finish())
}

/// Runs the parts. All are built with the same packages and features, so that no dependency is built twice.
pub(crate) fn parts(workspace: &Workspace, options: &Options) -> Result<Summary> {
    let wanted = wanted(workspace, &options.only)?;
    let is_wanted = |name: &str| wanted.iter().any(|part| part == name);
    let mut summary = Summary::default();
    let mut executables = Vec::new();
    let targets = targets(workspace, &wanted);
    if !targets.is_empty() {
        summary.part("build", || {
            // `cargo test --no-run` would leave out whatever comes after the first target that does not build.
            let mut command = for_all(workspace, "build");
            let (succeeded, built) = artifacts::build(command.arg("--keep-going").args(&targets))?;
            executables = built;
            Ok(Outcome::of(succeeded, Counts::default()))
        });
    }
    let has_tests = |part: &&String| ![DOCUMENTATION, EXAMPLES, DIFFERENTIAL].contains(&part.as_str());
    for part in wanted.iter().filter(has_tests) {
        let mine = executables.iter().filter(|built| part_of(workspace, built) == Some(part.as_str()));
        let mine: Vec<_> = mine.collect();
        summary.part(part, || run_tests(&mine));
    }
    if is_wanted(DOCUMENTATION) {
        summary.part(DOCUMENTATION, || {
            let ended = process::run(for_all(workspace, "test").args(["--no-fail-fast", "--doc"]))?;
            Ok(Outcome::of(ended.status.success(), Counts::of_cargo_test(&ended.output)))
        });
    }
    if is_wanted(EXAMPLES) {
        summary.part(EXAMPLES, || examples::check(workspace, &examples::Options::default()));
    }
    if is_wanted(DIFFERENTIAL) {
        summary.part(DIFFERENTIAL, || {
            if options.skip_python {
                println!("left out: the comparison with the official SDK, because of --skip-python");
                return Ok(Outcome::Skipped("--skip-python".to_owned()));
            }
            differential::compare(workspace, &differential::Options::default())
        });
    }
    Ok(summary)
}

/// A subcommand of cargo for all packages with all features.
fn for_all(workspace: &Workspace, subcommand: &str) -> Command {
    let mut command = cargo();
    command.current_dir(&workspace.root).args([subcommand, "--workspace", "--all-features"]);
    command
}

/// Names of the parts to run, in their order.
fn wanted(workspace: &Workspace, only: &[String]) -> Result<Vec<String>> {
    let tested = workspace.packages.iter().filter(|package| !package.tests.is_empty());
    let integration = tested.map(|package| integration_part(&package.name));
    let all: Vec<_> =
        [UNIT].into_iter().chain(integration).chain([DOCUMENTATION, EXAMPLES, DIFFERENTIAL]).collect();
    for name in only {
        ensure!(all.contains(&name.as_str()), "no part {name:?}; there are: {}", all.join(", "));
    }
    let is_wanted = |name: &&str| only.is_empty() || only.iter().any(|wanted| wanted == name);
    Ok(all.into_iter().filter(is_wanted).map(str::to_owned).collect())
}

fn integration_part(package: &str) -> &str {
    INTEGRATION.iter().find(|(name, _)| *name == package).map_or(package, |(_, part)| part)
}

/// What cargo has to build for these parts. A name that several packages use builds more than is run.
fn targets(workspace: &Workspace, wanted: &[String]) -> Vec<String> {
    if wanted.iter().any(|part| part == UNIT) {
        return vec!["--tests".to_owned()];
    }
    let mut targets = Vec::new();
    for part in wanted {
        let packages = workspace.packages.iter().filter(|package| integration_part(&package.name) == part);
        for test in packages.flat_map(|package| &package.tests) {
            if !targets.contains(test) {
                targets.extend(["--test".to_owned(), test.clone()]);
            }
        }
    }
    targets
}

/// The part that an executable belongs to.
fn part_of<'a>(workspace: &'a Workspace, built: &Executable) -> Option<&'a str> {
    match built.kind {
        Kind::Program | Kind::Example => None,
        Kind::UnitTests => Some(UNIT),
        Kind::IntegrationTests => {
            let owner = workspace.packages.iter().find(|package| package.manifest == built.manifest);
            owner.map(|package| integration_part(&package.name))
        }
    }
}

/// Runs executables of tests where and as `cargo test` runs them; all of them, also after a failure.
fn run_tests(executables: &[&Executable]) -> Result<Outcome> {
    ensure!(!executables.is_empty(), "none of its tests were built");
    let mut counts = Counts::default();
    let mut passed = true;
    for built in executables {
        let Some(folder) = built.manifest.parent() else { continue };
        let mut command = Command::new(&built.path);
        command.current_dir(folder).env("CARGO_MANIFEST_DIR", folder);
        let unsaid = THOROUGH.iter().filter(|(name, _)| std::env::var_os(name).is_none());
        command.envs(unsaid.copied());
        println!("\n{} in {}", built.name, folder.display());
        let ended = process::run(&mut command)?;
        let more = Counts::of_cargo_test(&ended.output);
        // One that broke off has said nothing of the tests that failed.
        let lost = u64::from(!ended.status.success() && more.failed == 0);
        counts += Counts { failed: more.failed + lost, ..more };
        passed &= ended.status.success();
    }
    Ok(Outcome::of(passed, counts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Package;

    fn workspace(packages: &[(&str, &[&str])]) -> Workspace {
        let package = |&(name, tests): &(&str, &[&str])| Package {
            name: name.to_owned(),
            manifest: format!("/{name}/Cargo.toml").into(),
            tests: tests.iter().map(|&test| test.to_owned()).collect(),
            features: Vec::new(),
            published: true,
        };
        Workspace {
            root: "/".into(),
            target: "/target".into(),
            packages: packages.iter().map(package).collect(),
        }
    }

    fn integration_test(package: &str, name: &str) -> Executable {
        Executable {
            kind: Kind::IntegrationTests,
            name: name.to_owned(),
            manifest: format!("/{package}/Cargo.toml").into(),
            path: "/x".into(),
        }
    }

    #[test]
    fn every_integration_test_belongs_to_a_part() {
        let workspace = workspace(&[("wandb-core", &["simulation"]), ("other", &["a", "b"]), ("none", &[])]);
        let parts = wanted(&workspace, &[]).unwrap();
        assert_eq!(parts, ["unit", "simulation", "other", "documentation", "examples", "differential"]);
        assert_eq!(targets(&workspace, &parts), ["--tests"]);
        assert_eq!(targets(&workspace, &parts[1..]), ["--test", "simulation", "--test", "a", "--test", "b"]);
        assert_eq!(part_of(&workspace, &integration_test("other", "b")), Some("other"));
    }

    #[test]
    fn tests_of_the_same_name_belong_to_their_own_packages() {
        let workspace = workspace(&[("wandb-export", &["it"]), ("wandb-local-server", &["it"])]);
        assert_eq!(targets(&workspace, &wanted(&workspace, &["cli".to_owned()]).unwrap()), ["--test", "it"]);
        assert_eq!(part_of(&workspace, &integration_test("wandb-export", "it")), Some("cli"));
        assert_eq!(part_of(&workspace, &integration_test("wandb-local-server", "it")), Some("local-server"));
    }

    #[test]
    fn an_unknown_part_is_refused_with_the_known_ones() {
        let workspace = workspace(&[("wandb-core", &["simulation"])]);
        let problem = wanted(&workspace, &["simulations".to_owned()]).unwrap_err().to_string();
        assert!(problem.contains("unit, simulation, documentation, examples, differential"), "{problem}");
    }

    #[test]
    fn the_real_workspace_has_the_parts_it_should() {
        let names = wanted(&Workspace::load().unwrap(), &[]).unwrap();
        for (_, part) in INTEGRATION {
            assert!(names.iter().any(|found| found == part), "{part} is not among {names:?}");
        }
    }

    #[test]
    fn a_part_without_tests_fails() {
        assert!(run_tests(&[]).is_err());
    }
}
