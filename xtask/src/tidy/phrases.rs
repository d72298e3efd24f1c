//! Phrases that make comments hard to read. CONTRIBUTING.md lists them as regular expressions.

use std::collections::BTreeMap;

use regex_lite::Regex;

use super::files::{TextFile, is_rust};

/// The line above the list in CONTRIBUTING.md.
const MARK: &str = "<!-- phrases -->";

/// A package may have this many phrases in 1 000 lines of comments.
const MOST_PER_1000: usize = 3;

/// Lists the phrases of each package that has too many, each starting with the path of a file.
pub(crate) fn check(contributing: &str, files: &[TextFile], packages: &[String]) -> Vec<String> {
    let patterns = match patterns(contributing) {
        Ok(patterns) => patterns,
        Err(problem) => return vec![format!("CONTRIBUTING.md: {problem}")],
    };
    let mut counts: BTreeMap<&str, (usize, Vec<String>)> = BTreeMap::new();
    for file in files.iter().filter(|file| is_rust(&file.path)) {
        let package = packages.iter().filter(|package| file.path.starts_with(package.as_str()));
        let package = package.max_by_key(|package| package.len()).map_or("", String::as_str);
        let (comments, found) = counts.entry(package).or_default();
        for (number, line) in file.text.lines().enumerate() {
            if !line.trim_start().starts_with("//") {
                continue;
            }
            *comments += 1;
            let phrases = patterns.iter().filter_map(|pattern| pattern.find(line));
            found.extend(phrases.map(|phrase| {
                format!("{}:{}: write plainly instead of {:?}", file.path, number + 1, phrase.as_str())
            }));
        }
    }
    let too_many =
        counts.into_values().filter(|(comments, found)| found.len() * 1000 > MOST_PER_1000 * comments);
    too_many.flat_map(|(_, found)| found).collect()
}

/// The patterns of the block of text below the mark.
fn patterns(contributing: &str) -> Result<Vec<Regex>, String> {
    let lines = contributing.lines().skip_while(|line| line.trim() != MARK).skip(2);
    let lines: Vec<&str> = lines.take_while(|line| !line.starts_with("```")).collect();
    if lines.is_empty() {
        return Err(format!("has no list of phrases below {MARK:?}"));
    }
    let pattern =
        |line: &&str| Regex::new(&format!("(?i){line}")).map_err(|error| format!("{line:?}: {error}"));
    lines.iter().map(pattern).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "# Prose\n<!-- phrases -->\n```text\n\\bso (many|much)\\b\n\\btold\\b\n```\n";

    fn findings(path: &str, text: &str) -> Vec<String> {
        let file = TextFile { path: path.to_owned(), text: text.to_owned() };
        check(LIST, &[file], &["a/".to_owned(), "a/b/".to_owned()])
    }

    #[test]
    fn phrases_in_comments_are_listed() {
        let text = "/// So many rows.\nlet told = 1;\n    // It was told.\n";
        assert_eq!(
            findings("a/src/x.rs", text),
            [
                "a/src/x.rs:1: write plainly instead of \"So many\"",
                "a/src/x.rs:3: write plainly instead of \"told\"",
            ]
        );
        assert_eq!(findings("a/README.md", text), Vec::<String>::new());
    }

    #[test]
    fn a_few_phrases_per_thousand_lines_pass() {
        let plain = "// Reads rows.\n".repeat(332);
        assert_eq!(findings("a/src/x.rs", &format!("{plain}// told\n")).len(), 1);
        assert_eq!(findings("a/src/x.rs", &format!("{plain}// plain\n// told\n")), Vec::<String>::new());
    }

    #[test]
    fn a_missing_list_is_a_finding() {
        assert_eq!(check("", &[], &[]).len(), 1);
        assert_eq!(check("<!-- phrases -->\n```text\n(\n```\n", &[], &[]).len(), 1);
    }
}
