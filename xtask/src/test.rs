//! `cargo xtask test`: every test, in parts.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Args;

use crate::counts::Counts;
use crate::differential;
use crate::process;
use crate::summary::{Outcome, Summary};
use crate::workspace::{Workspace, cargo};

/// Which packages and features are tested: all of them in every part, so that nothing is built twice.
const SELECTION: &[&str] = &["--workspace", "--all-features"];

/// Names of the parts that hold the integration tests of a package; others are named after the package.
const INTEGRATION: &[(&str, &str)] = &[
    ("wandb-core", "simulation"),
    ("wandb-graphql", "graphql"),
    ("wandb-transport-conformance", "conformance"),
    ("wandb-local-server", "local-server"),
    ("wandb-export", "cli"),
];

/// Fault schedules that the simulation goes through, unless the caller's environment says otherwise.
const SCHEDULES: (&str, &str) = ("WANDB_SIMULATION_SCHEDULES", "10000");

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

#[derive(Debug, PartialEq, Eq)]
struct Part {
    name: String,
    targets: Vec<String>,
}

/// Runs the parts and prints the summary.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    Ok(parts_run(workspace, options)?.finish())
}

/// Runs the parts.
pub(crate) fn parts_run(workspace: &Workspace, options: &Options) -> Result<Summary> {
    let parts = parts(workspace)?;
    let names: Vec<_> = parts.iter().map(|part| part.name.as_str()).chain(["differential"]).collect();
    for wanted in &options.only {
        ensure!(names.contains(&wanted.as_str()), "no part {wanted:?}; there are: {}", names.join(", "));
    }
    let wanted = |name: &str| options.only.is_empty() || options.only.iter().any(|only| only == name);
    let mut summary = Summary::default();
    for part in parts.iter().filter(|part| wanted(&part.name)) {
        summary.part(&part.name, || cargo_test(workspace, part));
    }
    if wanted("differential") {
        summary.part("differential", || {
            if options.skip_python {
                println!("left out: the comparison with the official SDK, because of --skip-python");
                return Ok(Outcome::Skipped("--skip-python".to_owned()));
            }
            differential::compare(workspace, &differential::Options::default())
        });
    }
    Ok(summary)
}

fn cargo_test(workspace: &Workspace, part: &Part) -> Result<Outcome> {
    let mut command = cargo();
    command.current_dir(&workspace.root).args(["test", "--no-fail-fast"]).args(SELECTION).args(&part.targets);
    if std::env::var_os(SCHEDULES.0).is_none() {
        command.env(SCHEDULES.0, SCHEDULES.1);
    }
    let ended = process::run(&mut command)?;
    Ok(Outcome::of(ended.status.success(), Counts::of_cargo_test(&ended.output)))
}

/// The unit tests, the integration tests of each package, and the examples in the documentation.
fn parts(workspace: &Workspace) -> Result<Vec<Part>> {
    let part = |name: &str, targets: &[&str]| Part {
        name: name.to_owned(),
        targets: targets.iter().map(|&target| target.to_owned()).collect(),
    };
    let mut parts = vec![part("unit", &["--lib", "--bins"])];
    let mut owners = BTreeMap::new();
    for package in workspace.packages.iter().filter(|package| !package.tests.is_empty()) {
        let named = INTEGRATION.iter().find(|(owner, _)| *owner == package.name);
        let name = named.map_or(package.name.as_str(), |(_, name)| name);
        let mut integration = part(name, &[]);
        for test in &package.tests {
            // Targets are chosen by name alone, so a name that two packages use would be run and counted twice.
            if let Some(other) = owners.insert(test, &package.name) {
                anyhow::bail!("{other} and {} both have a test target {test:?}; rename one", package.name);
            }
            integration.targets.extend(["--test".to_owned(), test.clone()]);
        }
        parts.push(integration);
    }
    parts.push(part("documentation", &["--doc"]));
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Package;

    fn workspace(packages: &[(&str, &[&str])]) -> Workspace {
        let package = |&(name, tests): &(&str, &[&str])| Package {
            name: name.to_owned(),
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

    #[test]
    fn every_integration_test_belongs_to_a_part() {
        let workspace = workspace(&[("wandb-core", &["simulation"]), ("other", &["a", "b"]), ("none", &[])]);
        let found = parts(&workspace).unwrap();
        let names: Vec<_> = found.iter().map(|part| part.name.as_str()).collect();
        assert_eq!(names, ["unit", "simulation", "other", "documentation"]);
        assert_eq!(found[2].targets, ["--test", "a", "--test", "b"]);
    }

    #[test]
    fn a_name_used_twice_is_refused() {
        let problem = parts(&workspace(&[("one", &["it"]), ("two", &["it"])])).unwrap_err().to_string();
        assert!(problem.contains("one") && problem.contains("two") && problem.contains("it"), "{problem}");
    }

    #[test]
    fn an_unknown_part_is_refused_with_the_known_ones() {
        let options = Options { only: vec!["simulations".to_owned()], ..Options::default() };
        let Err(problem) = parts_run(&workspace(&[("wandb-core", &["simulation"])]), &options) else {
            panic!("it ran");
        };
        assert!(problem.to_string().contains("unit, simulation, documentation, differential"), "{problem}");
    }

    #[test]
    fn the_real_workspace_has_the_parts_it_should() {
        let names: Vec<_> = parts(&Workspace::load().unwrap()).unwrap().into_iter().map(|p| p.name).collect();
        for name in ["unit", "simulation", "conformance", "local-server", "documentation"] {
            assert!(names.iter().any(|found| found == name), "{name} is not among {names:?}");
        }
    }
}
