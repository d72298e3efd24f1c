//! Circles between folders: files that import each other, directly or by detours, across folders.
//!
//! A file imports another one if a path outside of its tests leads to an item that is defined there. Re-exports are
//! followed to the definition, so a module file that only lists and re-exports its modules joins nothing. Files of one
//! folder may import each other as they like, and `x.rs` is in the folder `x` as well as in the one around it.

mod graph;
mod imports;
mod modules;

use std::path::Path;

use anyhow::Result;

pub(super) use graph::Circle;

/// Finds the circles of the package whose sources are in this folder.
pub(super) fn find(sources: &Path) -> Result<Vec<Circle>> {
    let crate_modules = modules::load(sources)?;
    let imports = imports::of(&crate_modules);
    Ok(graph::circles(&crate_modules.files, &imports))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The circles of a package of these files.
    fn circles(files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let circles = find(folder.path()).unwrap();
        circles.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn two_folders_that_import_each_other_are_a_circle() {
        let found = circles(&[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "mod x; pub(crate) use x::X;"),
            ("a/x.rs", "use crate::b::Y; pub(crate) struct X(Y);"),
            ("b.rs", "mod y; pub(crate) use y::Y;"),
            ("b/y.rs", "pub(crate) struct Y; impl Y { fn x() -> crate::a::X { loop {} } }"),
        ]);
        assert_eq!(found, ["a/x.rs imports b/y.rs (crate::b::Y)\nb/y.rs imports a/x.rs (crate::a::X)"]);
    }

    #[test]
    fn a_detour_over_three_folders_is_a_circle() {
        let found = circles(&[
            ("lib.rs", "mod a; mod b; mod c;"),
            ("a.rs", "mod x;"),
            ("a/x.rs", "use crate::b::y::Y; pub(crate) struct X;"),
            ("b.rs", "pub(crate) mod y;"),
            ("b/y.rs", "use crate::c; pub(crate) struct Y; fn f() { c::z(); }"),
            ("c.rs", "mod w; pub(crate) fn z() { vec![crate::a::x::X]; }"),
            ("c/w.rs", ""),
        ]);
        assert_eq!(
            found,
            [
                "a/x.rs imports b/y.rs (crate::b::y::Y)\nb/y.rs imports c.rs (c::z)\nc.rs imports a/x.rs (crate::a::x::X)"
            ]
        );
    }

    #[test]
    fn tests_documentation_and_one_folder_are_free() {
        let found = circles(&[
            ("lib.rs", "mod a; mod b; pub use a::*;"),
            ("a.rs", "mod x; mod y; pub use x::X; pub use y::Y;"),
            ("a/x.rs", "/// See [`Z`](crate::b::Z).\nuse super::Y; pub struct X(Y);"),
            ("a/y.rs", "use super::X; pub struct Y(X); #[cfg(test)] mod tests { use crate::b::Z; }"),
            ("b.rs", "use crate::{X, Y}; pub struct Z(X, Y);"),
        ]);
        assert_eq!(found, Vec::<String>::new());
    }
}
