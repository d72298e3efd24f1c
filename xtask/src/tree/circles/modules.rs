//! The modules of a package, with their files, definitions and imports.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use syn::{Attribute, Item, UseTree, Visibility};

/// A package's modules, from its `lib.rs` on.
#[derive(Default)]
pub(super) struct Modules {
    /// Paths of source files below the package's source folder.
    pub(super) files: Vec<PathBuf>,
    pub(super) modules: Vec<Module>,
}

/// A module, in its own file or inside another one.
pub(super) struct Module {
    pub(super) file: usize,
    parent: Option<usize>,
    names: BTreeMap<String, Name>,
    globs: Vec<Vec<String>>,
    pub(super) items: Vec<Item>,
}

/// What a name means in a module.
#[derive(Debug)]
enum Name {
    Defined,
    Module(usize),
    Imported(Vec<String>),
}

/// Imports that lead to further imports are followed this far.
const LONGEST_CHAIN: usize = 16;

/// Reads the modules of the package whose sources are in this folder.
pub(super) fn load(sources: &Path) -> Result<Modules> {
    let mut all = Modules::default();
    all.read_file(sources, PathBuf::from("lib.rs"), None)?;
    Ok(all)
}

impl Modules {
    /// Finds the file that defines the item to which a path leads from a module; `None` for items of other packages and
    /// for modules.
    pub(super) fn definition(&self, module: usize, path: &[String]) -> Option<usize> {
        self.follow(module, path, LONGEST_CHAIN)
    }

    fn follow(&self, mut at: usize, path: &[String], left: usize) -> Option<usize> {
        let left = left.checked_sub(1)?;
        for (number, segment) in path.iter().enumerate() {
            match segment.as_str() {
                "crate" => at = 0,
                "self" => {}
                "super" => at = self.modules[at].parent?,
                name => match self.modules[at].names.get(name) {
                    Some(Name::Defined) => return Some(self.modules[at].file),
                    Some(Name::Module(child)) => at = *child,
                    Some(Name::Imported(to)) => {
                        let whole: Vec<_> = to.iter().chain(&path[number + 1..]).cloned().collect();
                        return self.follow(at, &whole, left);
                    }
                    None => {
                        return self.modules[at].globs.iter().find_map(|glob| {
                            let whole: Vec<_> = glob.iter().chain(&path[number..]).cloned().collect();
                            self.follow(at, &whole, left)
                        });
                    }
                },
            }
        }
        None
    }

    fn read_file(&mut self, sources: &Path, file: PathBuf, parent: Option<usize>) -> Result<usize> {
        let whole = sources.join(&file);
        let text =
            std::fs::read_to_string(&whole).with_context(|| format!("cannot read {}", whole.display()))?;
        let parsed = syn::parse_file(&text).with_context(|| format!("cannot parse {}", whole.display()))?;
        let folder = if parent.is_none() { PathBuf::new() } else { file.with_extension("") };
        self.files.push(file);
        self.read_module(sources, &folder, self.files.len() - 1, parent, parsed.items)
    }

    fn read_module(
        &mut self,
        sources: &Path,
        folder: &Path,
        file: usize,
        parent: Option<usize>,
        items: Vec<Item>,
    ) -> Result<usize> {
        let this = self.modules.len();
        self.modules.push(Module {
            file,
            parent,
            names: BTreeMap::new(),
            globs: Vec::new(),
            items: Vec::new(),
        });
        for item in items {
            match item {
                Item::Mod(module) if is_test(&module.attrs) => {}
                Item::Mod(module) => {
                    let name = module.ident.to_string();
                    let inner = folder.join(&name);
                    let child = match module.content {
                        Some((_, items)) => self.read_module(sources, &inner, file, Some(this), items)?,
                        None => self.read_file(sources, inner.with_extension("rs"), Some(this))?,
                    };
                    self.modules[this].names.insert(name, Name::Module(child));
                }
                item => self.modules[this].add(item),
            }
        }
        Ok(this)
    }
}

impl Module {
    fn add(&mut self, item: Item) {
        if let Item::Use(import) = &item {
            for import in leaves(&import.tree) {
                match import.name {
                    Some(name) => drop(self.names.insert(name, Name::Imported(import.path))),
                    None => self.globs.push(import.path),
                }
            }
        } else if let Some(name) = name_of(&item) {
            self.names.insert(name, Name::Defined);
        }
        self.items.push(item);
    }
}

/// A name that a `use` brings into a module.
#[derive(Debug)]
pub(super) struct Import {
    pub(super) path: Vec<String>,
    /// The name in the importing module; `None` for `*`.
    pub(super) name: Option<String>,
}

/// Takes a `use` apart into its names.
pub(super) fn leaves(tree: &UseTree) -> Vec<Import> {
    let mut leaves = Vec::new();
    collect(tree, &mut Vec::new(), &mut leaves);
    leaves
}

fn collect(tree: &UseTree, path: &mut Vec<String>, leaves: &mut Vec<Import>) {
    match tree {
        UseTree::Path(inner) => {
            path.push(inner.ident.to_string());
            collect(&inner.tree, path, leaves);
            path.pop();
        }
        // `use a::{self}` imports `a`.
        UseTree::Name(name) if name.ident == "self" => {
            leaves.push(Import { path: path.clone(), name: path.last().cloned() });
        }
        UseTree::Name(name) => leaves.push(leaf(path, &name.ident, &name.ident)),
        UseTree::Rename(name) => leaves.push(leaf(path, &name.ident, &name.rename)),
        UseTree::Glob(_) => leaves.push(Import { path: path.clone(), name: None }),
        UseTree::Group(group) => group.items.iter().for_each(|tree| collect(tree, path, leaves)),
    }
}

fn leaf(path: &[String], last: &syn::Ident, name: &syn::Ident) -> Import {
    let path = path.iter().cloned().chain([last.to_string()]).collect();
    Import { path, name: Some(name.to_string()) }
}

/// Whether an import is one for others rather than for this module.
pub(super) fn is_export(import: &syn::ItemUse) -> bool {
    !matches!(import.vis, Visibility::Inherited)
}

/// Whether attributes say that an item is compiled for tests only.
pub(super) fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).any(|attribute| {
        let condition = attribute.meta.require_list().map(|list| list.tokens.to_string()).unwrap_or_default();
        let condition = condition.replace(' ', "");
        ["test", "doctest"].contains(&condition.as_str())
            || condition.starts_with("all(test,")
            || condition.starts_with("all(doctest,")
    })
}

fn name_of(item: &Item) -> Option<String> {
    Some(match item {
        Item::Const(item) => item.ident.to_string(),
        Item::Enum(item) => item.ident.to_string(),
        Item::Fn(item) => item.sig.ident.to_string(),
        Item::Macro(item) => item.ident.as_ref()?.to_string(),
        Item::Static(item) => item.ident.to_string(),
        Item::Struct(item) => item.ident.to_string(),
        Item::Trait(item) => item.ident.to_string(),
        Item::Type(item) => item.ident.to_string(),
        _ => return None,
    })
}
