//! `cargo xtask features`: checks the published crates with every feature set that can reveal an error.
//!
//! The sets are: no features, each feature alone, the default, all, and the pairs that interact. Code that only a pair
//! breaks is gated by both features, or uses one inside a module that the other gates. So two features interact if a
//! source file names both, where a file also names the features that gate its module. They also interact if one enables
//! a feature of a dependency that the other enables (`dependency?/feature`). Last, all crates are checked together with
//! every feature of one of them. A warning fails the task as well.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::process;
use crate::workspace::{Package, Workspace, cargo};

type Set = BTreeSet<String>;

/// Checks every set, also after a failure.
pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    let mut passed = true;
    let published: Vec<_> = workspace.packages.iter().filter(|package| package.published).collect();
    for package in published.iter().filter(|package| !package.features.is_empty()) {
        for set in sets(package)? {
            passed &= check(workspace, &[package], &set.into_iter().collect::<Vec<_>>().join(","))?;
        }
        // Cargo builds a crate once, with the features that any other crate enables. None may break the others.
        let features: Vec<_> =
            package.features.keys().map(|feature| format!("{}/{feature}", package.name)).collect();
        passed &= check(workspace, &published, &features.join(","))?;
    }
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn check(workspace: &Workspace, packages: &[&Package], features: &str) -> Result<bool> {
    let mut command = cargo();
    command.current_dir(&workspace.root).arg("check");
    for package in packages {
        command.args(["--package", &package.name]);
    }
    command.args(["--no-default-features", "--features", features]);
    let result = process::run(&mut command)?;
    Ok(result.status.success() && !has_warnings(&result.output))
}

/// Returns whether cargo reports warnings of a crate, which it repeats for crates that are already built.
fn has_warnings(output: &str) -> bool {
    output.lines().any(|line| line.starts_with("warning: `") && line.contains(" generated "))
}

/// Returns the sets, each with all implied features, so that no build repeats.
fn sets(package: &Package) -> Result<BTreeSet<Set>> {
    let mut groups = manifest_groups(&package.features);
    read_module(&package.folder.join("src/lib.rs"), &Set::new(), &mut groups)?;
    let of = |names: &[&String]| implied(&package.features, names);
    let names: Vec<_> = package.features.keys().collect();
    let mut sets = BTreeSet::from([Set::new(), of(&names)]);
    for (number, name) in names.iter().enumerate() {
        sets.insert(of(&[name]));
        for other in &names[..number] {
            if groups.iter().any(|group| group.contains(*name) && group.contains(*other)) {
                sets.insert(of(&[name, other]));
            }
        }
    }
    Ok(sets)
}

/// Returns these features and those they enable, without `default`, which gates nothing.
fn implied(features: &BTreeMap<String, Vec<String>>, names: &[&String]) -> Set {
    let mut set = Set::new();
    let mut open: Vec<_> = names.to_vec();
    while let Some(name) = open.pop() {
        if let Some((name, enables)) = features.get_key_value(name)
            && set.insert(name.clone())
        {
            open.extend(enables);
        }
    }
    set.remove("default");
    set
}

/// Returns the pairs in which one enables a feature of a dependency that the other enables.
fn manifest_groups(features: &BTreeMap<String, Vec<String>>) -> Vec<Set> {
    let mut groups = Vec::new();
    for (name, enables) in features {
        for (dependency, _) in enables.iter().filter_map(|value| value.split_once("?/")) {
            let enabler = format!("dep:{dependency}");
            let enabling = features.iter().filter(|(_, enables)| enables.contains(&enabler));
            groups.extend(enabling.map(|(other, _)| Set::from([name.clone(), other.clone()])));
        }
    }
    groups
}

/// Adds the features that a source file names outside its tests, and those of its submodules.
fn read_module(file: &Path, gates: &Set, groups: &mut Vec<Set>) -> Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let (named, modules) = parse_features(&text);
    groups.push(gates | &named);
    let is_root = file.file_stem().is_some_and(|stem| stem == "lib");
    let folder = if is_root { file.with_file_name("") } else { file.with_extension("") };
    for (module, gate) in modules {
        read_module(&folder.join(format!("{module}.rs")), &(gates | &gate), groups)?;
    }
    Ok(())
}

/// Returns the features that a text names, and its file modules with the features that gate each.
fn parse_features(text: &str) -> (Set, Vec<(&str, Set)>) {
    let (mut named, mut modules) = (Set::new(), Vec::new());
    // State of the attributes above a line: features named, whether they are about tests, and the depth of parentheses.
    let (mut gate, mut is_test, mut depth) = (Set::new(), false, 0);
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
        gate.extend(
            line.split("feature = \"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())),
        );
        if depth > 0 || line.starts_with("#[") || line.starts_with("#![") {
            is_test |= ["cfg(test)", "all(test,", "all(doctest,"].iter().any(|test| line.contains(test));
            depth += line.matches(['(', '[']).count();
            depth -= line.matches([')', ']']).count().min(depth);
            continue;
        }
        let gate = std::mem::take(&mut gate);
        if std::mem::take(&mut is_test) {
            continue;
        }
        let declared = line.strip_suffix(';').and_then(|line| line.rsplit_once("mod "));
        match declared {
            Some((visibility, module)) if visibility.is_empty() || visibility.starts_with("pub") => {
                modules.push((module, gate));
            }
            _ => named.extend(gate),
        }
    }
    (named, modules)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> Set {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn features(package: &str) -> (Vec<String>, BTreeSet<Set>) {
        let workspace = Workspace::load().unwrap();
        let package = workspace.packages.iter().find(|found| found.name == package).unwrap();
        (package.features.keys().cloned().collect(), sets(package).unwrap())
    }

    #[test]
    fn warnings_are_found_in_the_output_of_cargo() {
        let output = "warning: unused variable: `x`\nwarning: `wandb-core` (lib) generated 1 warning\n";
        assert!(has_warnings(output));
        assert!(!has_warnings("    Checking wandb-core v0.1.0\n    Finished `dev` profile\n"));
    }

    #[test]
    fn module_gates_are_separated_from_other_uses() {
        let text = "\
/// #[cfg(feature = \"docs\")]
#[cfg(feature = \"a\")]
#[doc(hidden)]
pub(crate) mod gated;
mod open;
#[cfg(any(
    feature = \"b\",
    feature = \"c\",
))]
mod long;
#[cfg(test)]
mod tests;
#[cfg(all(test, feature = \"d\"))]
mod more;
#[cfg(feature = \"e\")]
use gated::Thing;
fn f() {
    if cfg!(feature = \"f\") {}
}
";
        let (named, modules) = parse_features(text);
        assert_eq!(named, set(&["e", "f"]));
        assert_eq!(modules, [("gated", set(&["a"])), ("open", set(&[])), ("long", set(&["b", "c"]))]);
    }

    #[test]
    fn sets_include_implied_features() {
        let features = [("default", &["b"][..]), ("a", &["b", "dep:x"]), ("b", &["y?/z"]), ("c", &["dep:y"])];
        let features: BTreeMap<_, _> = features
            .map(|(name, enables)| (name.to_owned(), enables.iter().map(|&name| name.to_owned()).collect()))
            .into();
        assert_eq!(implied(&features, &[&"a".to_owned()]), set(&["a", "b"]));
        assert_eq!(implied(&features, &[&"default".to_owned()]), set(&["b"]));
        assert_eq!(manifest_groups(&features), [set(&["b", "c"])]);
    }

    #[test]
    fn features_are_checked_alone_and_in_pairs() {
        let (names, sets) = features("wandb-export");
        // With the features that it enables: `cli` has three.
        for name in names.iter().filter(|name| *name != "default") {
            assert!(sets.iter().any(|set| set.contains(name) && set.len() <= 4), "{name} alone");
        }
        assert!(sets.contains(&set(&[])));
        assert!(sets.iter().any(|set| set.len() == names.len() - 1), "all features");
        // The program uses either transport, and each transport takes its certificates from a feature.
        for pair in [["async", "blocking"], ["async", "tls-native-roots"]] {
            assert!(sets.contains(&set(&pair)), "{pair:?}");
        }
        assert!(sets.contains(&set(&["async", "cli", "files", "reports", "terminal"])));
        assert!(!sets.contains(&set(&["csv", "tls-native-roots"])), "these two do not interact");
        let (_, sets) = features("wandb-tables");
        assert!(sets.contains(&set(&["csv", "parquet"])));
    }
}
