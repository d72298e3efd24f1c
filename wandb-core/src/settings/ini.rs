//! The dialect of INI that Python's `configparser` reads, as far as settings files need it.

use std::collections::BTreeMap;

/// Where and why a text is not in that dialect.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) line: usize,
    pub(super) reason: String,
}

/// Values that other sections inherit.
const INHERITED: &str = "DEFAULT";

/// The section that W&B reads.
const OWN: &str = "default";

/// The entries of the section `[default]`, those of `[DEFAULT]` included; keys in lower case.
pub(super) fn default_section(text: &str) -> Result<BTreeMap<String, String>, Broken> {
    let mut sections: BTreeMap<String, Section> = BTreeMap::new();
    let mut current: Option<(String, Option<String>)> = None;
    let mut indent = 0;
    for (at, line) in text.lines().enumerate() {
        let broken = |reason: &str| Broken { line: at + 1, reason: reason.to_owned() };
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
                return Err(broken(&format!("section [{name}] stands there twice")));
            }
            sections.entry(name.to_owned()).or_default();
            current = Some((name.to_owned(), None));
            continue;
        }
        let Some((section, key_slot)) = &mut current else {
            return Err(broken("there is no section header, such as [default], before it"));
        };
        let Some((key, value)) = content.split_once(['=', ':']).filter(|(key, _)| !key.trim().is_empty())
        else {
            return Err(broken("expected key = value"));
        };
        let key = key.trim().to_lowercase();
        let entries = sections.entry(section.clone()).or_default();
        if entries.insert(key.clone(), value.trim().to_owned()).is_some() {
            return Err(broken(&format!("{key:?} stands there twice")));
        }
        *key_slot = Some(key);
    }
    let Some(own) = sections.remove(OWN) else { return Ok(Section::new()) };
    let mut entries = sections.remove(INHERITED).unwrap_or_default();
    entries.extend(own);
    for value in entries.values_mut() {
        // configparser interpolates; W&B's own files never refer to other values, but do double the sign.
        *value = value.replace("%%", "%");
    }
    Ok(entries)
}

type Section = BTreeMap<String, String>;

#[cfg(test)]
mod tests {
    use super::*;

    /// The expectations are what Python 3.11's `configparser` answers, through the Python SDK 0.31.0.
    #[test]
    fn sections_are_read_as_configparser_reads_them() {
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
    fn what_configparser_refuses_is_refused() {
        for (text, line, reason) in [
            ("entity=a\n", 1, "there is no section header, such as [default], before it"),
            ("[default]\nentity=a\n\nentity=b\n", 4, "\"entity\" stands there twice"),
            ("[default]\nentity\n", 2, "expected key = value"),
            ("[default]\n=a\n", 2, "expected key = value"),
            ("[default]\nentity = a\n[default]\nproject=z\n", 3, "section [default] stands there twice"),
        ] {
            assert_eq!(default_section(text), Err(Broken { line, reason: reason.to_owned() }), "{text:?}");
        }
    }
}
