//! How W&B-compatible servers word their validation errors and name their types.

use serde_json::{Value, json};

/// How a compatible server differs from W&B's own. The default is W&B's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dialect {
    /// Suffix of the name of each object type, such as `Type` in `RunType`.
    pub type_suffix: String,
    /// Wording of validation errors.
    pub wording: Wording,
    /// Whether only the first unknown field or argument is reported.
    pub one_at_a_time: bool,
    /// Whether errors omit their location in the query.
    pub without_locations: bool,
}

impl Dialect {
    /// A server based on graphene or strawberry, which name types after Python classes.
    pub fn python() -> Self {
        Self { type_suffix: "Type".to_owned(), wording: Wording::GraphqlCore, ..Self::default() }
    }
}

/// The wording of a GraphQL library's validation errors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Wording {
    /// graphql-go, which W&B's own errors resemble: `Cannot query field "x" on type "T".`, `Unknown argument "x" on
    /// field "f" of type "T".`; status 400.
    #[default]
    GraphqlGo,
    /// gqlgen: `Unknown argument "x" on field "T.f".`; status 422.
    Gqlgen,
    /// graphql-core 3 under strawberry: single quotation marks, a suggestion, status 200 and `"data": null`.
    GraphqlCore,
}

/// Types that get no suffix, because the name with `Type` is taken.
const TAKEN: [&str; 1] = ["ArtifactManifest"];

impl Dialect {
    /// Renames the object types in the SDL.
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

    /// The type's name in `__typename`.
    pub(super) fn type_name(&self, name: &str) -> String {
        if matches!(name, "Query" | "Mutation") || TAKEN.contains(&name) {
            name.to_owned()
        } else {
            format!("{name}{}", self.type_suffix)
        }
    }

    /// Rewords the validation errors for this dialect.
    pub(super) fn reword_errors(&self, mut errors: Vec<Value>) -> Vec<Value> {
        if self.one_at_a_time {
            errors.truncate(1);
        }
        for error in &mut errors {
            if let Some(message) = error["message"].as_str() {
                error["message"] = self.wording.reword(message).into();
            }
            if self.without_locations
                && let Some(error) = error.as_object_mut()
            {
                error.remove("locations");
            }
        }
        errors
    }

    /// Returns the status and body of a rejection.
    pub(crate) fn response(&self, errors: &[Value]) -> (u16, Value) {
        match self.wording {
            Wording::GraphqlGo => (400, json!({ "errors": errors })),
            Wording::Gqlgen => (422, json!({ "errors": errors, "data": null })),
            Wording::GraphqlCore => (200, json!({ "data": null, "errors": errors })),
        }
    }
}

impl Wording {
    /// Rewords a `message` of graphql-js, which later versions of gqlgen share.
    fn reword(self, message: &str) -> String {
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
    fn only_object_types_are_renamed() {
        let sdl =
            "scalar Int64\ntype Query {\n  run: Run\n}\ntype Run {\n  runs: [Run!]!\n  step: Int64\n}\n";
        assert_eq!(Dialect::default().rename(sdl), sdl);
        assert_eq!(
            Dialect::python().rename(sdl),
            "scalar Int64\ntype Query {\n  run: RunType\n}\ntype RunType {\n  runs: [RunType!]!\n  step: Int64\n}\n"
        );
    }

    #[test]
    fn messages_match_each_library() {
        let argument = r#"Unknown argument "order" on field "Project.runs"."#;
        assert_eq!(
            Wording::GraphqlGo.reword(argument),
            r#"Unknown argument "order" on field "runs" of type "Project"."#
        );
        assert_eq!(
            Wording::GraphqlCore.reword(argument),
            "Unknown argument 'order' on field 'Project.runs'."
        );
        assert_eq!(Wording::Gqlgen.reword(argument), argument);
    }
}
