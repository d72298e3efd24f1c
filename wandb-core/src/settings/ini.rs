//! A parser for the subset of Python's `configparser` dialect that settings files use.

use std::collections::BTreeMap;

/// A syntax error.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    pub(super) line: usize,
    pub(super) reason: String,
}

/// The section whose values other sections inherit.
const INHERITED: &str = "DEFAULT";

/// The section that W&B reads.
const SECTION: &str = "default";

/// Returns the entries of the section `[default]`, including those inherited from `[DEFAULT]`, with lower-case keys.
pub(super) fn default_section(text: &str) -> Result<BTreeMap<String, String>, SyntaxError> {
    let mut sections: BTreeMap<String, Section> = BTreeMap::new();
    let mut current: Option<(String, Option<String>)> = None;
    let mut indent = 0;
    for (at, line) in text.lines().enumerate() {
        let syntax_error = |reason: &str| SyntaxError { line: at + 1, reason: reason.to_owned() };
        let content = line.trim();
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        let line_indent = line.len() - line.trim_start().len();
        if let Some((section, Some(key))) = &current
            && line_indent > indent
        {
            if let Some(value) = sections.get_mut(section).and_then(|section| section.get_mut(key)) {
                value.push('\n');
                value.push_str(content);
            }
            continue;
        }
        indent = line_indent;
        if let Some((name, _)) = content.strip_prefix('[').and_then(|rest| rest.rsplit_once(']')) {
            if name != INHERITED && sections.contains_key(name) {
                return Err(syntax_error(&format!("duplicate section [{name}]")));
            }
            sections.entry(name.to_owned()).or_default();
            current = Some((name.to_owned(), None));
            continue;
        }
        let Some((section, key_slot)) = &mut current else {
            return Err(syntax_error("missing section header, such as [default]"));
        };
        let Some((key, value)) = content.split_once(['=', ':']).filter(|(key, _)| !key.trim().is_empty())
        else {
            return Err(syntax_error("expected key = value"));
        };
        let key = key.trim().to_lowercase();
        let entries = sections.entry(section.clone()).or_default();
        if entries.insert(key.clone(), value.trim().to_owned()).is_some() {
            return Err(syntax_error(&format!("duplicate key {key:?}")));
        }
        *key_slot = Some(key);
    }
    let Some(entries_of_section) = sections.remove(SECTION) else { return Ok(Section::new()) };
    let mut entries = sections.remove(INHERITED).unwrap_or_default();
    entries.extend(entries_of_section);
    for value in entries.values_mut() {
        // configparser interpolates. W&B's files never refer to other values, but escape the sign by doubling it.
        *value = value.replace("%%", "%");
    }
    Ok(entries)
}

type Section = BTreeMap<String, String>;

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected results are those of Python 3.11's `configparser` in the Python SDK 0.31.0.
    #[test]
    fn sections_are_parsed_as_in_configparser() {
        for (text, expect) in [
            ("", &[][..]),
            ("[default]\nEntity: a # c\n", &[("entity", "a # c")]),
            ("# c\n;c\n[default]\nentity=a\n b\n", &[("entity", "a\nb")]),
            ("[DEFAULT]\nentity=D\n[default]\nproject=x\n", &[("entity", "D"), ("project", "x")]),
            ("[DEFAULT]\nentity=D\n", &[]),
            ("[default]\nentity=a%%b\n", &[("entity", "a%b")]),
            ("[default]\nentity=\n", &[("entity", "")]),
            ("[other]\nentity=o\n", &[]),
            ("[default]\nentity = \"quoted\"\n", &[("entity", "\"quoted\"")]),
            ("[default]\r\nbase_url = http://h:1/p=q\r\n\r\n[x]\r\na=1", &[("base_url", "http://h:1/p=q")]),
        ] {
            let expect = expect.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
            assert_eq!(default_section(text), Ok(expect), "{text:?}");
        }
    }

    #[test]
    fn errors_match_configparser() {
        for (text, line, reason) in [
            ("entity=a\n", 1, "missing section header, such as [default]"),
            ("[default]\nentity=a\n\nentity=b\n", 4, "duplicate key \"entity\""),
            ("[default]\nentity\n", 2, "expected key = value"),
            ("[default]\n=a\n", 2, "expected key = value"),
            ("[default]\nentity = a\n[default]\nproject=z\n", 3, "duplicate section [default]"),
        ] {
            assert_eq!(
                default_section(text),
                Err(SyntaxError { line, reason: reason.to_owned() }),
                "{text:?}"
            );
        }
    }
}
