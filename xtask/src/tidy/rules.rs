//! Rules for one file.

use std::path::Path;

/// A longer file has more than one reason to exist.
const MOST_LINES: usize = 500;

/// Words that mark unfinished work; put together here so that this file has none of them.
const UNFINISHED: &[&str] = &[
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
];

/// Breaks of the rules, each starting with `:LINE: ` or `: `.
pub(crate) fn check(path: &str, text: &str, machine: &[String]) -> Vec<String> {
    let mut findings = Vec::new();
    let is_rust = Path::new(path).extension().is_some_and(|ending| ending == "rs");
    if is_rust {
        let lines = text.lines().count();
        if lines > MOST_LINES {
            findings.push(format!(": has {lines} lines, more than {MOST_LINES}; split it"));
        }
        if !is_test(path) && !explains_itself(text) {
            findings
                .push(": does not say what it is for, neither in `//!` nor above its first item".to_owned());
        }
    }
    for (number, line) in text.lines().enumerate() {
        let mut find = |what: &str| findings.push(format!(":{}: {what}", number + 1));
        if let Some(word) = UNFINISHED.iter().find(|word| line.contains(**word)) {
            find(&format!("unfinished work ({word})"));
        }
        if let Some(place) = machine.iter().find(|place| line.contains(place.as_str())) {
            find(&format!("names a place on one machine ({place})"));
        }
        if is_rust && line.trim() == "#[ignore]" {
            find("a test that does not run, without a reason");
        }
    }
    findings
}

/// Folders of this machine that no file should name: the checkout, the home, the temporary folder.
pub(crate) fn machine_paths(root: &Path) -> Vec<String> {
    let home = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE"));
    let homes = home.map(std::path::PathBuf::from).into_iter();
    let folders = homes.chain([root.to_owned(), std::env::temp_dir()]);
    // A folder right below the root of the disk may be any word after a slash.
    let mut paths: Vec<_> = folders
        .filter(|path| path.components().count() > 1)
        .map(|path| format!("{}{}", path.display(), std::path::MAIN_SEPARATOR))
        .collect();
    paths.sort();
    paths.dedup();
    paths
}

/// Tests say what they are about in their names.
fn is_test(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    path.contains("/tests/") || name == "tests.rs" || name.ends_with("_tests.rs")
}

/// Whether the file has inner documentation, or documentation above its first item that is no `use` or `mod`.
fn explains_itself(text: &str) -> bool {
    let mut in_use = false;
    for line in text.lines().map(str::trim) {
        if in_use {
            in_use = !line.ends_with(';');
        } else if line.starts_with("//!") || line.starts_with("///") {
            return true;
        } else if ["use ", "pub use ", "pub(crate) use ", "pub(super) use "]
            .iter()
            .any(|word| line.starts_with(word))
        {
            in_use = !line.ends_with(';');
        } else if !(line.is_empty()
            || line.starts_with("//")
            || line.starts_with("#[")
            || line.contains("mod "))
        {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        check(path, text, &["/home/me/".to_owned()])
    }

    #[test]
    fn a_good_file_breaks_no_rule() {
        assert_eq!(found("a/src/lib.rs", "//! Docs.\n\nfn f() {}\n"), Vec::<String>::new());
        assert_eq!(
            found("a/src/b.rs", "use std::{\n    fs,\n};\n\n/// Docs.\nfn f() {}\n"),
            Vec::<String>::new()
        );
        assert_eq!(found("a/src/c.rs", "//! Docs.\n#[ignore = \"why\"]\nfn f() {}\n"), Vec::<String>::new());
        assert_eq!(found("a/src/b/tests.rs", "use super::*;\nfn f() {}\n"), Vec::<String>::new());
    }

    #[test]
    fn a_file_that_does_not_explain_itself_is_found() {
        let problem = ": does not say what it is for, neither in `//!` nor above its first item";
        assert_eq!(found("a/src/b.rs", "use std::fs;\n\nfn f() {}\n"), [problem]);
    }

    #[test]
    fn a_long_file_is_found() {
        let text = format!("//! Docs.\n{}", "\n".repeat(MOST_LINES));
        assert_eq!(found("a/src/b.rs", &text), [": has 501 lines, more than 500; split it"]);
    }

    #[test]
    fn lines_are_found_with_their_numbers() {
        let text = format!("text\n{}: later\nsee /home/me/file\n", UNFINISHED[2]);
        let expected = [
            format!(":2: unfinished work ({})", UNFINISHED[2]),
            ":3: names a place on one machine (/home/me/)".to_owned(),
        ];
        assert_eq!(found("notes.md", &text), expected);
    }

    #[test]
    fn a_test_that_does_not_run_needs_a_reason() {
        let text = format!("//! Docs.\n#[{}]\nfn f() {{}}\n", "ignore");
        assert_eq!(found("a/src/b.rs", &text), [":2: a test that does not run, without a reason"]);
    }

    #[test]
    fn the_root_of_the_disk_is_no_place() {
        assert!(!machine_paths(Path::new("/")).contains(&"//".to_owned()));
        assert!(machine_paths(Path::new("/a/b")).iter().any(|path| path.starts_with("/a/b")));
    }
}
