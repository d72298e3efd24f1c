//! Assigns each file a unique and safe path below the folder.

use std::collections::{BTreeMap, HashMap, HashSet};

#[cfg(any(test, feature = "mirror"))]
use wandb_storage::safe_names::is_safe_component;
use wandb_storage::safe_names::{collision_key, is_safe, replace_unsafe};

/// The local names of files, and the server's names for them.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// Server names of the renamed files by local name, as stored in the mapping file.
    renamed: BTreeMap<String, String>,
    /// Local names by server name.
    local: HashMap<String, String>,
    /// Keys of names that are taken.
    files: HashSet<String>,
    folders: HashSet<String>,
}

impl Names {
    /// The mapping file in the folder: a JSON object from local names to server names of the renamed files.
    pub(crate) const MAPPING: &str = "wandb-export-names.json";

    /// The subfolder for partial files and receipts.
    pub(crate) const PARTIAL: &str = wandb_storage::OWN;

    /// Creates the names stored in a mapping file. Unsafe entries are ignored.
    pub(crate) fn from_mapping(renamed: BTreeMap<String, String>) -> Self {
        let mut names = Self::default();
        for (local_name, name) in renamed {
            if is_safe(&local_name)
                && !is_reserved(&local_name)
                && names.is_free(&local_name)
                && !names.local.contains_key(&name)
            {
                names.mark_taken(&local_name);
                names.local.insert(name.clone(), local_name.clone());
                names.renamed.insert(local_name, name);
            }
        }
        names
    }

    /// Returns the path below the folder for a server name, and whether the mapping file must be rewritten.
    pub(crate) fn assign(&mut self, name: &str) -> (String, bool) {
        if let Some(local_name) = self.local.get(name) {
            return (local_name.clone(), false);
        }
        let natural = Some(name).filter(|name| is_safe(name) && !is_reserved(name) && self.is_free(name));
        let (local_name, is_renamed) = match natural {
            Some(name) => (name.to_owned(), false),
            None => (self.find_replacement(name), true),
        };
        (self.claim(name, local_name), is_renamed)
    }

    /// Reserves `local_name` for the server name.
    fn claim(&mut self, name: &str, local_name: String) -> String {
        self.mark_taken(&local_name);
        self.local.insert(name.to_owned(), local_name.clone());
        if local_name != name {
            self.renamed.insert(local_name.clone(), name.to_owned());
        }
        local_name
    }

    /// Returns a single path component for a server name, and whether the mapping file must be rewritten.
    ///
    /// The component is safe and unused, both alone and followed by `ending`. The mapping stores names with
    /// the ending.
    #[cfg(any(test, feature = "mirror"))]
    pub(crate) fn assign_component(&mut self, name: &str, ending: &str) -> (String, bool) {
        let full = format!("{name}{ending}");
        let is_natural = is_safe_component(name)
            && is_safe_component(&full)
            && ![name, &full].into_iter().any(is_reserved)
            && self.is_free(&full);
        let (local_name, is_new) = match self.local.get(&full) {
            Some(local_name) => (local_name.clone(), false),
            None if is_natural => (self.claim(&full, full.clone()), false),
            None => (self.claim(&full, self.find_component(&full)), true),
        };
        (local_name.strip_suffix(ending).unwrap_or(&local_name).to_owned(), is_new)
    }

    /// Returns the server names of the renamed files by local name.
    pub(crate) fn renamed(&self) -> &BTreeMap<String, String> {
        &self.renamed
    }

    fn find_replacement(&self, name: &str) -> String {
        self.find_variant(name, |_| true)
    }

    #[cfg(any(test, feature = "mirror"))]
    fn find_component(&self, name: &str) -> String {
        self.find_variant(name, is_safe_component)
    }

    /// Returns the first replacement that is free and accepted by `is_wanted`. The search ends, because
    /// replacements have a single component from the second variant on.
    fn find_variant(&self, name: &str, is_wanted: fn(&str) -> bool) -> String {
        let mut variant = 0;
        loop {
            let local_name = replace_unsafe(name, variant);
            if is_wanted(&local_name) && self.is_free(&local_name) && !is_reserved(&local_name) {
                return local_name;
            }
            variant += 1;
        }
    }

    /// Returns whether a path is free: it clashes with no file or folder, and none of its parents is a file.
    fn is_free(&self, path: &str) -> bool {
        let path = collision_key(path);
        !self.files.contains(&path)
            && !self.folders.contains(&path)
            && parents(&path).all(|parent| !self.files.contains(parent))
    }

    fn mark_taken(&mut self, path: &str) {
        let path = collision_key(path);
        self.folders.extend(parents(&path).map(str::to_owned));
        self.files.insert(path);
    }
}

/// Returns the parent folders of a path.
fn parents(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at])
}

/// Returns whether a path is, or leads into, a name reserved by this program.
fn is_reserved(path: &str) -> bool {
    let first = collision_key(path.split('/').next().unwrap_or_default());
    first == Names::MAPPING || first == Names::PARTIAL
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn assigned(names: &[&str]) -> Vec<String> {
        let mut table = Names::default();
        names.iter().map(|name| table.assign(name).0).collect()
    }

    #[test]
    fn equivalent_names_get_different_paths() {
        let local_name = assigned(&["Model.h5", "model.h5", "e\u{301}", "\u{e9}", "model.h5"]);
        assert_eq!((local_name[0].as_str(), local_name[2].as_str()), ("Model.h5", "e\u{301}"));
        assert!(
            local_name[1].starts_with("model~") && local_name[1].len() == "model~12345678.h5".len(),
            "{local_name:?}"
        );
        assert!(local_name[3].starts_with("\u{e9}~"), "{local_name:?}");
        assert_eq!(local_name[4], local_name[1]);
    }

    #[test]
    fn file_in_place_of_a_folder_is_renamed() {
        for names in [["a", "a/b"], ["a/b", "A"]] {
            let local_name = assigned(&names);
            assert_eq!(local_name[0], names[0]);
            assert!(local_name[1].contains('~') && !local_name[1].starts_with("a/"), "{local_name:?}");
        }
    }

    #[test]
    fn reserved_names_are_replaced() {
        for name in ["wandb-export-names.json", ".wandb-export/x", "WANDB-EXPORT-NAMES.JSON"] {
            assert!(assigned(&[name])[0].contains('~'), "{name}");
        }
    }

    #[test]
    fn components_are_safe_with_and_without_ending() {
        let mut table = Names::default();
        for name in
            ["..", ".", "...", "", "a/b", "../x", r"..\x", "a.", "a ", "a\nb", "NUL", "x:y", ".wandb-export"]
        {
            let (local_name, is_renamed) = table.assign_component(name, ".parquet");
            assert!(is_renamed && is_safe_component(&local_name), "{name:?}: {local_name:?}");
            assert!(is_safe_component(&format!("{local_name}.parquet")), "{name:?}: {local_name:?}");
            assert_eq!(table.assign_component(name, ".parquet"), (local_name, false));
        }
        assert_eq!(table.assign_component("1a2b3c4d", ".parquet"), ("1a2b3c4d".to_owned(), false));
        assert_ne!(
            table.assign_component("1A2B3C4D", ".parquet").0,
            "1A2B3C4D",
            "equal on a case-insensitive system"
        );
        let long = "x".repeat(250);
        let local_name = table.assign_component(&long, ".parquet").0;
        assert!(is_safe_component(&format!("{local_name}.parquet")), "{local_name}");
    }

    #[test]
    fn unsafe_mapping_entries_are_ignored() {
        let mapping =
            [("../x", "a"), ("/etc/passwd", "b"), (".wandb-export/c", "c"), ("ok~1", "d"), ("OK~1", "e")];
        let mapping = mapping.map(|(local_name, name)| (local_name.to_owned(), name.to_owned()));
        let mut names = Names::from_mapping(mapping.into_iter().collect());
        assert_eq!(names.assign("a"), ("a".to_owned(), false));
        assert_eq!(names.renamed().len(), 1);
    }

    fn name() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            Just(String::new()),
            Just(".".to_owned()),
            Just("..".to_owned()),
            Just("CON".to_owned()),
            Just("a".to_owned()),
            Just("A".to_owned()),
            Just("a~".to_owned()),
            "[aAbB./\\\\: ]{0,4}",
            any::<String>(),
            "x{200,300}",
        ];
        proptest::collection::vec(part, 1..5).prop_map(|parts| parts.join("/"))
    }

    proptest! {
        #[test]
        fn every_component_is_safe_and_unique(names in proptest::collection::vec(name(), 1..30)) {
            let mut table = Names::default();
            let mut by_key = HashMap::new();
            for name in &names {
                let (local_name, _) = table.assign_component(name, ".parquet");
                prop_assert!(is_safe_component(&local_name) && is_safe_component(&format!("{local_name}.parquet")), "{:?}", local_name);
                prop_assert!(!is_reserved(&local_name), "{:?}", local_name);
                let first = by_key.entry(collision_key(&local_name)).or_insert(name);
                prop_assert_eq!(*first, name, "two names share a component");
            }
            let mut again = Names::from_mapping(table.renamed().clone());
            for name in &names {
                prop_assert_eq!(again.assign_component(name, ".parquet"), (table.assign_component(name, ".parquet").0, false));
            }
        }

        #[test]
        fn every_path_is_safe_unique_and_stable(names in proptest::collection::vec(name(), 1..30)) {
            let mut table = Names::default();
            let local_name: Vec<_> = names.iter().map(|name| table.assign(name).0).collect();
            let mut again = Names::from_mapping(table.renamed().clone());
            let mut by_key = HashMap::new();
            for (name, local_name) in names.iter().zip(&local_name) {
                prop_assert!(is_safe(local_name) && !is_reserved(local_name), "{:?}", local_name);
                prop_assert!(local_name == name || table.renamed().get(local_name) == Some(name));
                prop_assert_eq!(&again.assign(name).0, local_name, "assigned again");
                let first = by_key.entry(collision_key(local_name)).or_insert(name);
                prop_assert_eq!(*first, name, "two names share a path");
            }
            for local_name in &local_name {
                for parent in parents(&collision_key(local_name)) {
                    prop_assert!(!by_key.contains_key(parent), "{:?} is a file", parent);
                }
            }
        }
    }
}
