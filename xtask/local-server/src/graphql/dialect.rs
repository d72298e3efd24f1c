//! How servers that are compatible with W&B's word their refusals and name their types.

use serde_json::{Value, json};

/// What a compatible server does otherwise than W&B's own. The default is W&B's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dialect {
    /// What the name of each object type ends in, such as `Type` for `RunType`.
    pub type_suffix: String,
    /// The words of refusals.
    pub wording: Wording,
    /// Names one lacking field or argument at a time.
    pub one_at_a_time: bool,
    /// Does not say where in the query something is wrong.
    pub without_locations: bool,
}

impl Dialect {
    /// A server made with graphene or strawberry, which name types after Python classes.
    pub fn python() -> Self {
        Self { type_suffix: "Type".to_owned(), wording: Wording::GraphqlCore, ..Self::default() }
    }
}

/// The words in which a GraphQL library refuses a query that does not fit the schema.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Wording {
    /// graphql-go, which W&B's own refusals look like: `Cannot query field "x" on type "T".`,
    /// `Unknown argument "x" on field "f" of type "T".`; status 400.
    #[default]
    GraphqlGo,
    /// gqlgen: `Unknown argument "x" on field "T.f".`; status 422.
    Gqlgen,
    /// graphql-core 3 under strawberry: single quotation marks, a suggestion, status 200 and `"data": null`.
    GraphqlCore,
}

/// Types whose names with `Type` behind them are those of others.
const TAKEN: [&str; 1] = ["ArtifactManifest"];

impl Dialect {
    /// The SDL with the object types renamed.
    pub(super) fn rename(&self, sdl: &str) -> String {
        let mut output = String::with_capacity(sdl.len());
        let defined = sdl.lines().filter_map(|line| line.strip_prefix("type ")?.split([' ', '{']).next());
        let names: Vec<&str> = defined.filter(|name| self.type_name(name) != **name).collect();
        let mut rest = sdl;
        while let Some(first) = rest.chars().next() {
            let length = if first.is_alphanumeric() || first == '_' {
                rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
            } else {
                first.len_utf8()
            };
            let (word, after) = rest.split_at(length);
            output.push_str(word);
            if names.contains(&word) {
                output.push_str(&self.type_suffix);
            }
            rest = after;
        }
        output
    }

    /// The type's name as a query sees it in `__typename`.
    pub(super) fn type_name(&self, name: &str) -> String {
        if matches!(name, "Query" | "Mutation") || TAKEN.contains(&name) {
            name.to_owned()
        } else {
            format!("{name}{}", self.type_suffix)
        }
    }

    /// Puts the validation errors into this dialect.
    pub(super) fn refuse(&self, mut errors: Vec<Value>) -> Vec<Value> {
        if self.one_at_a_time {
            errors.truncate(1);
        }
        for error in &mut errors {
            if let Some(message) = error["message"].as_str() {
                error["message"] = self.wording.reworded(message).into();
            }
            if self.without_locations
                && let Some(error) = error.as_object_mut()
            {
                error.remove("locations");
            }
        }
        errors
    }

    /// The status and body of a refusal.
    pub(crate) fn response(&self, errors: &[Value]) -> (u16, Value) {
        match self.wording {
            Wording::GraphqlGo => (400, json!({ "errors": errors })),
            Wording::Gqlgen => (422, json!({ "errors": errors, "data": null })),
            Wording::GraphqlCore => (200, json!({ "data": null, "errors": errors })),
        }
    }
}

impl Wording {
    /// `message` is in the words of graphql-js, as later gqlgen has them.
    fn reworded(self, message: &str) -> String {
        match self {
            Self::Gqlgen => message.to_owned(),
            Self::GraphqlGo => {
                let split = message.split_once(" on field \"").and_then(|(argument, rest)| {
                    let (on_type, field) = rest.strip_suffix("\".")?.split_once('.')?;
                    Some(format!("{argument} on field \"{field}\" of type \"{on_type}\"."))
                });
                split.unwrap_or_else(|| message.to_owned())
            }
            Self::GraphqlCore => {
                let hint =
                    if message.starts_with("Cannot query") { " Did you mean 'id' or 'name'?" } else { "" };
                format!("{}{hint}", message.replace('"', "'"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_types_alone_are_renamed() {
        let sdl =
            "scalar Int64\ntype Query {\n  run: Run\n}\ntype Run {\n  runs: [Run!]!\n  step: Int64\n}\n";
        assert_eq!(Dialect::default().rename(sdl), sdl);
        assert_eq!(
            Dialect::python().rename(sdl),
            "scalar Int64\ntype Query {\n  run: RunType\n}\ntype RunType {\n  runs: [RunType!]!\n  step: Int64\n}\n"
        );
    }

    #[test]
    fn refusals_are_in_the_words_of_each_library() {
        let argument = r#"Unknown argument "order" on field "Project.runs"."#;
        assert_eq!(
            Wording::GraphqlGo.reworded(argument),
            r#"Unknown argument "order" on field "runs" of type "Project"."#
        );
        assert_eq!(
            Wording::GraphqlCore.reworded(argument),
            "Unknown argument 'order' on field 'Project.runs'."
        );
        assert_eq!(Wording::Gqlgen.reworded(argument), argument);
    }
}
