//! Unique names of columns.

use std::collections::{HashMap, HashSet};

use wandb_core::Value;

/// Makes names unique: a repeated one gets a suffix, as in `loss#2`.
#[derive(Debug, Clone, Default)]
pub(super) struct UniqueNames {
    taken: HashSet<String>,
    /// The next suffix to try for each repeated name. Thousands of names may be the same.
    numbers: HashMap<String, usize>,
}

impl UniqueNames {
    /// Returns `name`, with a suffix if it is taken.
    pub(super) fn claim(&mut self, name: &str) -> String {
        if self.taken.insert(name.to_owned()) {
            return name.to_owned();
        }
        let number = self.numbers.entry(name.to_owned()).or_insert(2);
        loop {
            let unique = format!("{name}#{number}");
            *number += 1;
            if self.taken.insert(unique.clone()) {
                return unique;
            }
        }
    }
}

/// Returns the text of a column's name, which may be any JSON value.
pub(super) fn label_text(label: &Value) -> String {
    label.as_str().map_or_else(|| label.to_json(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_names_get_a_suffix() {
        let mut names = UniqueNames::default();
        let claimed = ["x", "x#2", "x", "x", "", ""].map(|name| names.claim(name));
        assert_eq!(claimed, ["x", "x#2", "x#3", "x#4", "", "#2"]);
    }

    #[test]
    fn other_names_become_json() {
        let text = |json: &str| label_text(&Value::parse(json.as_bytes()).expect("JSON"));
        assert_eq!(["5", "\"5\"", "null", "1.50", "[1]"].map(text), ["5", "5", "null", "1.5", "[1]"]);
    }
}
