//! The `File` object of a run: listing, signed URLs.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::context::Context;
use super::page::{List, page};
use super::run::RunObject;
use crate::graphql::{Answer, Arguments, Object, Resolved, StaticObject};
use crate::store::{blob_key, storage_id};

const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'/');

/// `File`.
#[derive(Debug, Clone)]
pub(crate) struct FileObject {
    run: RunObject,
    name: String,
}

/// Returns the page of a run's files that match `names` or `pattern`.
pub(crate) fn of_run(run: &RunObject, arguments: &Arguments) -> Result<StaticObject, String> {
    let names = arguments.strings("names").filter(|names| !names.is_empty());
    let pattern = arguments.str("pattern").filter(|pattern| !pattern.is_empty()).map(like).transpose()?;
    let files: Vec<FileObject> = run
        .run
        .files
        .keys()
        .filter(|name| names.as_ref().is_none_or(|names| names.contains(name)))
        .filter(|name| pattern.as_ref().is_none_or(|pattern| pattern.is_match(name)))
        .map(|name| FileObject { run: run.clone(), name: name.clone() })
        .collect();
    let quirks = &run.context.quirks;
    let list = List { name: "files", connection: "FileConnection", edge: "FileEdge", quirks };
    page(&list, &files, arguments, |file| file.name.clone())
}

/// Converts an SQL LIKE pattern: `%` matches any text, `_` one character, and `\` escapes the next character.
fn like(pattern: &str) -> Result<regex::Regex, String> {
    let mut expression = String::from("(?s)^");
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '%' => expression.push_str(".*"),
            '_' => expression.push('.'),
            '\\' => expression.push_str(&regex::escape(&characters.next().unwrap_or('\\').to_string())),
            other => expression.push_str(&regex::escape(&other.to_string())),
        }
    }
    expression.push('$');
    regex::Regex::new(&expression).map_err(|error| format!("bad pattern: {error}"))
}

/// Returns the id of a file: the blob key in base64.
pub(crate) fn file_id(key: &str) -> String {
    storage_id("File", key)
}

impl FileObject {
    fn key(&self) -> String {
        let run = &self.run.run;
        blob_key(&run.entity, &run.project, &run.facts.name, &self.name)
    }

    /// The URL on the API port that redirects to the signed URL.
    fn api_url(&self) -> String {
        let run = &self.run.run;
        let encode = |text: &str| utf8_percent_encode(text, PATH).to_string();
        let base = self.run.context.shared.base_url();
        let name = encode(&self.name);
        format!(
            "{base}/files/{}/{}/{}/{name}",
            encode(&run.entity),
            encode(&run.project),
            encode(&run.facts.name)
        )
    }
}

impl Object for FileObject {
    fn type_name(&self) -> &'static str {
        "File"
    }

    fn resolve(&self, field: &str, arguments: &Arguments) -> Resolved {
        let context: &Context = &self.run.context;
        let Some(facts) = self.run.run.files.get(&self.name) else { return Ok(Answer::NULL) };
        Ok(match field {
            "id" => Answer::value(file_id(&self.key())),
            "name" => Answer::value(self.name.as_str()),
            "url" if arguments.flag("upload") => Answer::value(context.upload_url(&self.key())),
            "url" | "directUrl" if facts.reference.is_some() => Answer::value(facts.reference.clone()),
            "url" => Answer::value(self.api_url()),
            "directUrl" => Answer::value(context.direct_url(&self.key())),
            "sizeBytes" => Answer::value(facts.size),
            "mimetype" => Answer::value(mime_guess::from_path(&self.name).first_raw()),
            "updatedAt" => Answer::value(facts.updated_at.to_string()),
            "md5" | "digest" => Answer::value(facts.md5.as_str()),
            _ => Answer::NULL,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_follow_sql_like() {
        let matches = |pattern: &str, name: &str| like(pattern).unwrap().is_match(name);
        assert!(matches("%.json", "a/b.json"));
        assert!(!matches("%.json", "a.jsonl"));
        assert!(matches("a_c", "abc"));
        assert!(!matches(r"a\_c", "abc"));
        assert!(matches("50%", "50 (%)"));
    }
}
