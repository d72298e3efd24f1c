//! Collects the text files of the source tree.

use std::path::Path;

use anyhow::{Context as _, Result};

/// Extensions of hand-written files.
const EXTENSIONS: &[&str] = &["rs", "toml", "md", "py", "json", "graphql", "txt"];
/// Folders without such files.
const SKIPPED_FOLDERS: &[&str] = &["target", ".git", "out"];
/// A folder whose JSON files are recordings of programs, and may contain machine paths.
const RECORDINGS: &str = "xtask/fixtures/offline/";
/// Hand-written files without an extension.
const EXTENSIONLESS: &[&str] = &["run"];

/// A text file.
#[derive(Debug)]
pub(crate) struct TextFile {
    /// Path from the root, with slashes.
    pub(crate) path: String,
    /// Content.
    pub(crate) text: String,
}

/// Returns all text files, ordered by path.
pub(crate) fn all(root: &Path) -> Result<Vec<TextFile>> {
    let mut found = Vec::new();
    walk(root, "", &mut found)?;
    found.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(found)
}

fn walk(folder: &Path, prefix: &str, found: &mut Vec<TextFile>) -> Result<()> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            if !SKIPPED_FOLDERS.contains(&name.as_str()) {
                walk(&entry.path(), &format!("{path}/"), found)?;
            }
        } else if is_text(&name)
            && !(path.starts_with(RECORDINGS)
                && Path::new(&name).extension().is_some_and(|ending| ending == "json"))
        {
            let text =
                std::fs::read_to_string(entry.path()).with_context(|| format!("cannot read {path}"))?;
            found.push(TextFile { path, text });
        }
    }
    Ok(())
}

/// Whether a path is that of a Rust source file.
pub(crate) fn is_rust(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "rs")
}

fn is_text(name: &str) -> bool {
    match name.rsplit_once('.') {
        Some((_, ending)) => EXTENSIONS.contains(&ending),
        None => EXTENSIONLESS.contains(&name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn build_folders_are_skipped() {
        let root = tempfile::tempdir().unwrap();
        for path in ["a/src/lib.rs", ".ci/run", "target/debug/x.rs", "a/picture.png", "README.md"] {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "text").unwrap();
        }
        let paths: Vec<_> = all(root.path()).unwrap().into_iter().map(|file| file.path).collect();
        assert_eq!(paths, [".ci/run", "README.md", "a/src/lib.rs"]);
    }
}
