//! Assigns each file a unique and safe path below the folder.

use std::collections::{BTreeMap, HashMap, HashSet};

#[cfg(any(test, feature = "mirror"))]
use wandb_storage::safe_names::is_safe_component;
use wandb_storage::safe_names::{is_safe, key, replacement};

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
    pub(crate) fn known(renamed: BTreeMap<String, String>) -> Self {
        let mut names = Self::default();
        for (here, name) in renamed {
            if is_safe(&here)
                && !is_reserved(&here)
                && names.has_room(&here)
                && !names.local.contains_key(&name)
            {
                names.take(&here);
                names.local.insert(name.clone(), here.clone());
                names.renamed.insert(here, name);
            }
        }
        names
    }

    /// Returns the path below the folder for a server name, and whether the mapping file must be rewritten.
    pub(crate) fn assign(&mut self, name: &str) -> (String, bool) {
        if let Some(here) = self.local.get(name) {
            return (here.clone(), false);
        }
        let natural = Some(name).filter(|name| is_safe(name) && !is_reserved(name) && self.has_room(name));
        let (here, is_renamed) = match natural {
            Some(name) => (name.to_owned(), false),
            None => (self.free_replacement(name), true),
        };
        (self.claim(name, here), is_renamed)
    }

    /// Reserves the local name `here` for the server name.
    fn claim(&mut self, name: &str, here: String) -> String {
        self.take(&here);
        self.local.insert(name.to_owned(), here.clone());
        if here != name {
            self.renamed.insert(here.clone(), name.to_owned());
        }
        here
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
            && self.has_room(&full);
        let (here, is_new) = match self.local.get(&full) {
            Some(here) => (here.clone(), false),
            None if is_natural => (self.claim(&full, full.clone()), false),
            None => (self.claim(&full, self.free_component(&full)), true),
        };
        (here.strip_suffix(ending).unwrap_or(&here).to_owned(), is_new)
    }

    /// Returns the server names of the renamed files by local name.
    pub(crate) fn renamed(&self) -> &BTreeMap<String, String> {
        &self.renamed
    }

    fn free_replacement(&self, name: &str) -> String {
        self.free_variant(name, |_| true)
    }

    #[cfg(any(test, feature = "mirror"))]
    fn free_component(&self, name: &str) -> String {
        self.free_variant(name, is_safe_component)
    }

    /// Returns the first replacement that is free and accepted by `is_wanted`. The search ends, because
    /// replacements have a single component from the second variant on.
    fn free_variant(&self, name: &str, is_wanted: fn(&str) -> bool) -> String {
        let mut variant = 0;
        loop {
            let here = replacement(name, variant);
            if is_wanted(&here) && self.has_room(&here) && !is_reserved(&here) {
                return here;
            }
            variant += 1;
        }
    }

    /// Returns whether a path is free: it clashes with no file or folder, and none of its parents is a file.
    fn has_room(&self, path: &str) -> bool {
        let path = key(path);
        !self.files.contains(&path)
            && !self.folders.contains(&path)
            && parents(&path).all(|parent| !self.files.contains(parent))
    }

    fn take(&mut self, path: &str) {
        let path = key(path);
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
    let first = key(path.split('/').next().unwrap_or_default());
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
        let here = assigned(&["Model.h5", "model.h5", "e\u{301}", "\u{e9}", "model.h5"]);
        assert_eq!((here[0].as_str(), here[2].as_str()), ("Model.h5", "e\u{301}"));
        assert!(here[1].starts_with("model~") && here[1].len() == "model~12345678.h5".len(), "{here:?}");
        assert!(here[3].starts_with("\u{e9}~"), "{here:?}");
        assert_eq!(here[4], here[1]);
    }

    #[test]
    fn file_in_place_of_a_folder_is_renamed() {
        for names in [["a", "a/b"], ["a/b", "A"]] {
            let here = assigned(&names);
            assert_eq!(here[0], names[0]);
            assert!(here[1].contains('~') && !here[1].starts_with("a/"), "{here:?}");
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
            let (here, is_renamed) = table.assign_component(name, ".parquet");
            assert!(is_renamed && is_safe_component(&here), "{name:?}: {here:?}");
            assert!(is_safe_component(&format!("{here}.parquet")), "{name:?}: {here:?}");
            assert_eq!(table.assign_component(name, ".parquet"), (here, false));
        }
        assert_eq!(table.assign_component("1a2b3c4d", ".parquet"), ("1a2b3c4d".to_owned(), false));
        assert_ne!(
            table.assign_component("1A2B3C4D", ".parquet").0,
            "1A2B3C4D",
            "equal on a case-insensitive system"
        );
        let long = "x".repeat(250);
        let here = table.assign_component(&long, ".parquet").0;
        assert!(is_safe_component(&format!("{here}.parquet")), "{here}");
    }

    #[test]
    fn unsafe_mapping_entries_are_ignored() {
        let mapping =
            [("../x", "a"), ("/etc/passwd", "b"), (".wandb-export/c", "c"), ("ok~1", "d"), ("OK~1", "e")];
        let mapping = mapping.map(|(here, name)| (here.to_owned(), name.to_owned()));
        let mut names = Names::known(mapping.into_iter().collect());
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
                let (here, _) = table.assign_component(name, ".parquet");
                prop_assert!(is_safe_component(&here) && is_safe_component(&format!("{here}.parquet")), "{:?}", here);
                prop_assert!(!is_reserved(&here), "{:?}", here);
                let first = by_key.entry(key(&here)).or_insert(name);
                prop_assert_eq!(*first, name, "two names share a component");
            }
            let mut again = Names::known(table.renamed().clone());
            for name in &names {
                prop_assert_eq!(again.assign_component(name, ".parquet"), (table.assign_component(name, ".parquet").0, false));
            }
        }

        #[test]
        fn every_path_is_safe_unique_and_stable(names in proptest::collection::vec(name(), 1..30)) {
            let mut table = Names::default();
            let here: Vec<_> = names.iter().map(|name| table.assign(name).0).collect();
            let mut again = Names::known(table.renamed().clone());
            let mut by_key = HashMap::new();
            for (name, here) in names.iter().zip(&here) {
                prop_assert!(is_safe(here) && !is_reserved(here), "{:?}", here);
                prop_assert!(here == name || table.renamed().get(here) == Some(name));
                prop_assert_eq!(&again.assign(name).0, here, "assigned again");
                let first = by_key.entry(key(here)).or_insert(name);
                prop_assert_eq!(*first, name, "two names share a path");
            }
            for here in &here {
                for parent in parents(&key(here)) {
                    prop_assert!(!by_key.contains_key(parent), "{:?} is a file", parent);
                }
            }
        }
    }
}
