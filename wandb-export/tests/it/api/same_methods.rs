//! The blocking form has every method of the async form.
//!
//! Reads the sources, as rustfmt writes them: `impl` blocks begin in the first column.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Async methods with another name in the blocking form: streams become iterators.
const RENAMED: [(&str, &str); 1] = [("stream", "iter")];

/// Async methods without a blocking one.
const EXCEPTIONS: [(&str, &str, &str); 1] =
    [("ListReader", "into_stream", "blocking::ListReader implements IntoIterator")];

#[derive(Debug, Default)]
struct Methods {
    names: BTreeSet<String>,
    has_async: bool,
    /// Macros whose methods belong to the type.
    macros: Vec<String>,
}

/// The public methods of each type, and of each macro, in some sources.
#[derive(Debug, Default)]
struct Sources(BTreeMap<String, Methods>);

impl Sources {
    fn read(paths: &[&str]) -> Self {
        let mut sources = Self::default();
        for path in paths {
            sources.add(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(path));
        }
        sources
    }

    fn add(&mut self, path: &PathBuf) {
        if path.is_dir() {
            for entry in std::fs::read_dir(path).expect("a folder") {
                self.add(&entry.expect("an entry").path());
            }
            return;
        }
        let mut current = None;
        for line in std::fs::read_to_string(path).expect("a source file").lines() {
            if line == "}" {
                current = None;
            } else if !line.starts_with(' ') {
                current = implemented(line).or(current);
            }
            let Some(name) = &current else { continue };
            let methods = self.0.entry(String::clone(name)).or_default();
            let line = line.trim_start();
            if let Some(name) = line.strip_suffix("!();") {
                methods.macros.push(name.to_owned());
            }
            let (line, is_async) = match line.strip_prefix("pub async fn ") {
                Some(line) => (line, true),
                None => (line.strip_prefix("pub fn ").unwrap_or_default(), false),
            };
            if let Some(end) = line.find(['(', '<']) {
                methods.names.insert(line[..end].to_owned());
                methods.has_async |= is_async;
            }
        }
    }

    fn of(&self, name: &str) -> BTreeSet<&str> {
        let own = &self.0[name];
        let macros = own.macros.iter().flat_map(|name| &self.0[name].names);
        own.names.iter().chain(macros).map(String::as_str).collect()
    }

    fn is_async(&self, name: &str) -> bool {
        let own = &self.0[name];
        own.has_async || own.macros.iter().any(|name| self.0[name].has_async)
    }
}

/// The type of an inherent `impl`, or the name of a macro.
fn implemented(line: &str) -> Option<String> {
    if let Some(name) = line.strip_prefix("macro_rules! ") {
        return Some(name.trim_end_matches(" {").to_owned());
    }
    let rest = line.strip_prefix("impl")?.strip_suffix(" {")?;
    if rest.contains(" for ") {
        return None;
    }
    // What follows the parameters of the `impl`, without the parameters of the type.
    let name = rest.rsplit_once("> ").filter(|_| rest.starts_with('<')).map_or(rest, |(_, name)| name);
    Some(name.trim_start().split('<').next()?.to_owned())
}

#[test]
fn blocking_form_has_every_async_method() {
    let both = Sources::read(&["api.rs", "api", "copy.rs"]);
    let blocking = Sources::read(&["blocking"]);
    let mut missing = Vec::new();
    let mut types = 0;
    let public = both.0.keys().filter(|name| name.starts_with(char::is_uppercase));
    for name in public.filter(|name| both.is_async(name) || blocking.0.contains_key(*name)) {
        types += 1;
        let Some(_) = blocking.0.get(name) else {
            missing.push(name.clone());
            continue;
        };
        let has = blocking.of(name);
        for method in both.of(name) {
            let renamed = RENAMED.iter().find(|(from, _)| *from == method).map_or(method, |(_, to)| to);
            let is_excepted = EXCEPTIONS.iter().any(|(of, except, _)| (*of, *except) == (name, method));
            if !has.contains(renamed) && !is_excepted {
                missing.push(format!("{name}::{renamed}"));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new(), "missing in wandb_export::blocking");
    assert!(types >= 14, "only {types} types were found");
}
