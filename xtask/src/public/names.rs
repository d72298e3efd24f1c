//! Finds types that occur in public signatures of a library but cannot be imported from it.
//!
//! rustdoc describes one crate at a time. An item of another crate has an id and the path of its definition there, which
//! joins the descriptions.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde_json::Value;

/// Part of the paths of types that mockall generates, which users reach by methods only.
const GENERATED: &str = "::__mock_";

/// An item: the number of its crate and its id there.
type Item<'a> = (usize, &'a Value);

/// The descriptions of all crates.
struct Crates {
    json: Vec<Value>,
    names: HashSet<String>,
    /// Each item by the path of its definition.
    defined: HashMap<String, (usize, Value)>,
}

/// Returns the types without a name in `facade`, each with an item that uses it.
pub(super) fn nameless(crates: &[(String, PathBuf)], facade: &str) -> Result<BTreeMap<String, String>> {
    let mut json = Vec::new();
    for (_, file) in crates {
        let text = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        json.push(serde_json::from_slice(&text).with_context(|| format!("cannot parse {}", file.display()))?);
    }
    let root = crates.iter().position(|(name, _)| name == facade).context("no such crate")?;
    Ok(Crates::new(json).nameless(root))
}

impl Crates {
    fn new(json: Vec<Value>) -> Self {
        let mut defined = HashMap::new();
        for (number, one) in json.iter().enumerate() {
            for (id, place) in one["paths"].as_object().into_iter().flatten() {
                if place["crate_id"] == 0 && !one["index"][id].is_null() {
                    defined.insert(path_of(place), (number, one["index"][id]["id"].clone()));
                }
            }
        }
        let name_of = |one: &Value| path_of(&one["paths"][one["root"].to_string()]);
        Self { names: json.iter().map(name_of).collect(), json, defined }
    }

    fn nameless(&self, root: usize) -> BTreeMap<String, String> {
        let mut named = BTreeMap::new();
        let module = (root, &self.json[root]["root"]);
        let name = self.path(module).unwrap_or_default();
        self.walk(module, &name, &mut named, &mut HashSet::new());
        let mut nameless = BTreeMap::new();
        for (definition, name) in &named {
            let Some((number, id)) = self.defined.get(definition) else { continue };
            let mut used = Vec::new();
            self.signature((*number, id), &mut used);
            for path in used.iter().filter_map(|id| self.path((*number, id))) {
                let is_ours = path.split_once("::").is_some_and(|(name, _)| self.names.contains(name));
                if is_ours && !path.contains(GENERATED) && !named.contains_key(&path) {
                    nameless.entry(path).or_insert_with(|| name.clone());
                }
            }
        }
        nameless
    }

    /// Records everything that can be imported from a module, by the path of its definition.
    fn walk(
        &self,
        module: Item<'_>,
        name: &str,
        named: &mut BTreeMap<String, String>,
        seen: &mut HashSet<(usize, String)>,
    ) {
        if !seen.insert((module.0, format!("{} {name}", module.1))) {
            return;
        }
        for id in ids(&self.inner(module, "module")["items"]) {
            let child = (module.0, id);
            let item = self.item(child);
            let import = &item["inner"]["use"];
            let (target, own_name) = if import.is_null() {
                (child, &item["name"])
            } else {
                ((module.0, &import["id"]), &import["name"])
            };
            let Some(target) = self.resolve(target) else { continue };
            if import["is_glob"] == true {
                self.walk(target, name, named, seen);
                continue;
            }
            let full = format!("{name}::{}", own_name.as_str().unwrap_or_default());
            if self.item(target)["inner"]["module"].is_null() {
                if let Some(path) = self.path(target) {
                    named.entry(path).or_insert(full);
                }
            } else {
                self.walk(target, &full, named, seen);
            }
        }
    }

    /// Appends the ids that the public signatures of an item refer to.
    fn signature<'a>(&'a self, item: Item<'a>, used: &mut Vec<&'a Value>) {
        let inner = &self.item(item)["inner"];
        let Some((kind, inner)) = inner.as_object().and_then(|inner| inner.iter().next()) else { return };
        if kind == "impl" {
            let is_inherent = inner["trait"].is_null();
            for id in ids(&inner["items"]) {
                let is_type = !self.inner((item.0, id), "assoc_type").is_null();
                if is_inherent || is_type {
                    self.signature((item.0, id), used);
                }
            }
            return;
        }
        references(inner, used);
        let parts =
            [&inner["kind"]["plain"]["fields"], &inner["kind"]["tuple"], &inner["kind"]["struct"]["fields"]];
        for list in parts.into_iter().chain(["variants", "items", "impls"].map(|part| &inner[part])) {
            for id in ids(list) {
                self.signature((item.0, id), used);
            }
        }
    }

    /// Returns the item itself, or its definition in another crate. `None` for crates outside of the workspace.
    fn resolve<'a>(&'a self, item: Item<'a>) -> Option<Item<'a>> {
        if !self.item(item).is_null() {
            return Some(item);
        }
        self.defined.get(&self.path(item)?).map(|(number, id)| (*number, id))
    }

    fn item(&self, (number, id): Item<'_>) -> &Value {
        &self.json[number]["index"][id.to_string()]
    }

    fn inner(&self, item: Item<'_>, kind: &str) -> &Value {
        &self.item(item)["inner"][kind]
    }

    fn path(&self, (number, id): Item<'_>) -> Option<String> {
        let place = &self.json[number]["paths"][id.to_string()];
        (!place.is_null()).then(|| path_of(place))
    }
}

fn path_of(place: &Value) -> String {
    let parts = place["path"].as_array().into_iter().flatten().filter_map(Value::as_str);
    parts.collect::<Vec<_>>().join("::")
}

fn ids(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten().filter(|id| id.is_number())
}

/// Appends the ids of all types and traits in a signature.
fn references<'a>(value: &'a Value, used: &mut Vec<&'a Value>) {
    match value {
        Value::Object(fields) => {
            if fields.contains_key("path") && fields.contains_key("args") {
                used.extend(fields.get("id"));
            }
            fields.values().for_each(|value| references(value, used));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, used)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Two crates: `facade` re-exports `inner::Named`, whose method returns `inner::hidden::Other`.
    fn crates(also: bool) -> Crates {
        let import = |id: u32, name: &str, target: u32| json!({"id": id, "name": null, "inner": {"use": {"name": name, "id": target, "is_glob": false}}});
        let place = |crate_id: u32, path: &[&str]| json!({"crate_id": crate_id, "path": path});
        let facade = json!({
            "root": 0,
            "index": {
                "0": {"id": 0, "name": "facade", "inner": {"module": {"items": if also { vec![1, 2] } else { vec![1] }}}},
                "1": import(1, "Named", 10),
                "2": import(2, "Renamed", 11),
            },
            "paths": {
                "0": place(0, &["facade"]),
                "10": place(1, &["inner", "Named"]),
                "11": place(1, &["inner", "hidden", "Other"]),
            },
        });
        let returned = json!({"resolved_path": {"path": "Other", "id": 4, "args": null}});
        let inner = json!({
            "root": 0,
            "index": {
                "0": {"id": 0, "name": "inner", "inner": {"module": {"items": [1]}}},
                "1": {"id": 1, "name": "Named", "inner": {"struct": {"kind": "unit", "impls": [2]}}},
                "2": {"id": 2, "name": null, "inner": {"impl": {"trait": null, "items": [3]}}},
                "3": {"id": 3, "name": "other", "inner": {"function": {"sig": {"output": returned}}}},
                "4": {"id": 4, "name": "Other", "inner": {"struct": {"kind": "unit", "impls": []}}},
            },
            "paths": {
                "0": place(0, &["inner"]),
                "1": place(0, &["inner", "Named"]),
                "4": place(0, &["inner", "hidden", "Other"]),
            },
        });
        Crates::new(vec![facade, inner])
    }

    #[test]
    fn returned_type_without_name_is_found() {
        let expected = [("inner::hidden::Other".to_owned(), "facade::Named".to_owned())];
        assert_eq!(crates(false).nameless(0), BTreeMap::from(expected));
    }

    #[test]
    fn type_under_another_name_has_a_name() {
        assert_eq!(crates(true).nameless(0), BTreeMap::new());
    }
}
