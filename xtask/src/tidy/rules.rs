//! Rules for a single file.

use std::path::Path;

use super::files::is_rust;

/// Maximum number of lines of a Rust file.
const MAX_LINES: usize = 500;

/// Words that mark unfinished work, assembled here so that this file contains none of them.
const UNFINISHED: &[&str] = &[
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
];

/// Returns the findings, each starting with `:LINE: ` or `: `.
pub(crate) fn check(path: &str, text: &str, machine: &[String]) -> Vec<String> {
    let mut findings = Vec::new();
    let is_rust = is_rust(path);
    if is_rust {
        let lines = text.lines().count();
        if lines > MAX_LINES {
            findings.push(format!(": has {lines} lines, more than {MAX_LINES}; split it"));
        }
        if !is_test(path) && !has_documentation(text) {
            findings.push(": has no documentation, neither `//!` nor above its first item".to_owned());
        }
    }
    for (number, line) in text.lines().enumerate() {
        let mut find = |what: &str| findings.push(format!(":{}: {what}", number + 1));
        if let Some(word) = UNFINISHED.iter().find(|word| line.contains(**word)) {
            find(&format!("unfinished work ({word})"));
        }
        if let Some(place) = machine.iter().find(|place| line.contains(place.as_str())) {
            find(&format!("names a machine-specific path ({place})"));
        }
        if is_rust && line.trim() == "#[ignore]" {
            find("an ignored test without a reason");
        }
    }
    findings
}

/// Returns the folders of this machine that no file should name: the checkout, the home, the temporary folder.
pub(crate) fn machine_paths(root: &Path) -> Vec<String> {
    let home = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE"));
    let homes = home.map(std::path::PathBuf::from).into_iter();
    let folders = homes.chain([root.to_owned(), std::env::temp_dir()]);
    // A folder directly below the root of the disk could be any word after a slash.
    let mut paths: Vec<_> = folders
        .filter(|path| path.components().count() > 1)
        .map(|path| format!("{}{}", path.display(), std::path::MAIN_SEPARATOR))
        .collect();
    paths.sort();
    paths.dedup();
    paths
}

/// Whether the file has tests, which their names document.
fn is_test(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    path.contains("/tests/") || name == "tests.rs" || name.ends_with("_tests.rs")
}

/// Whether the file has inner documentation, or documentation above its first item other than `use` or `mod`.
fn has_documentation(text: &str) -> bool {
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
    fn valid_file_has_no_findings() {
        assert_eq!(found("a/src/lib.rs", "//! Docs.\n\nfn f() {}\n"), Vec::<String>::new());
        assert_eq!(
            found("a/src/b.rs", "use std::{\n    fs,\n};\n\n/// Docs.\nfn f() {}\n"),
            Vec::<String>::new()
        );
        assert_eq!(found("a/src/c.rs", "//! Docs.\n#[ignore = \"why\"]\nfn f() {}\n"), Vec::<String>::new());
        assert_eq!(found("a/src/b/tests.rs", "use super::*;\nfn f() {}\n"), Vec::<String>::new());
    }

    #[test]
    fn undocumented_file_is_found() {
        let problem = ": has no documentation, neither `//!` nor above its first item";
        assert_eq!(found("a/src/b.rs", "use std::fs;\n\nfn f() {}\n"), [problem]);
    }

    #[test]
    fn long_file_is_found() {
        let text = format!("//! Docs.\n{}", "\n".repeat(MAX_LINES));
        assert_eq!(found("a/src/b.rs", &text), [": has 501 lines, more than 500; split it"]);
    }

    #[test]
    fn findings_have_line_numbers() {
        let text = format!("text\n{}: later\nsee /home/me/file\n", UNFINISHED[2]);
        let expected = [
            format!(":2: unfinished work ({})", UNFINISHED[2]),
            ":3: names a machine-specific path (/home/me/)".to_owned(),
        ];
        assert_eq!(found("notes.md", &text), expected);
    }

    #[test]
    fn ignored_test_needs_a_reason() {
        let text = format!("//! Docs.\n#[{}]\nfn f() {{}}\n", "ignore");
        assert_eq!(found("a/src/b.rs", &text), [":2: an ignored test without a reason"]);
    }

    #[test]
    fn disk_root_is_not_a_machine_path() {
        assert!(!machine_paths(Path::new("/")).contains(&"//".to_owned()));
        assert!(machine_paths(Path::new("/a/b")).iter().any(|path| path.starts_with("/a/b")));
    }
}
