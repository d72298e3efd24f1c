//! Which file imports which other one, and one item as the reason.

use std::collections::BTreeMap;

use syn::visit::{self, Visit};

use super::modules::{Modules, is_export, is_test, leaves};

/// The item by which one file imports another one, by the numbers of both files.
pub(super) type Imports = BTreeMap<(usize, usize), String>;

/// Collects the imports of all files.
pub(super) fn of(all: &Modules) -> Imports {
    let mut imports = Imports::new();
    for (number, module) in all.modules.iter().enumerate() {
        let mut paths = Paths { all, module: number, imports: &mut imports };
        for item in &module.items {
            paths.visit_item(item);
        }
    }
    imports
}

struct Paths<'a> {
    all: &'a Modules,
    module: usize,
    imports: &'a mut Imports,
}

impl Paths<'_> {
    fn add(&mut self, path: &[String]) {
        let here = self.all.modules[self.module].file;
        if let Some(there) = self.all.definition(self.module, path)
            && there != here
        {
            self.imports.entry((here, there)).or_insert_with(|| path.join("::"));
        }
    }

    /// Finds the paths in a macro's arguments, which syn does not parse.
    fn add_tokens(&mut self, text: &str) {
        let is_path = |character: char| character.is_alphanumeric() || character == '_' || character == ':';
        for path in text.replace(" :: ", "::").split(|character| !is_path(character)) {
            let segments: Vec<_> = path.split("::").map(str::to_owned).collect();
            if segments.len() > 1 && segments.iter().all(|segment| !segment.is_empty()) {
                self.add(&segments);
            }
        }
    }
}

impl<'a> Visit<'a> for Paths<'_> {
    fn visit_item(&mut self, item: &'a syn::Item) {
        let attributes: &[syn::Attribute] = match item {
            syn::Item::Fn(item) => &item.attrs,
            syn::Item::Impl(item) => &item.attrs,
            syn::Item::Use(item) => &item.attrs,
            syn::Item::Struct(item) => &item.attrs,
            _ => &[],
        };
        if !is_test(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, import: &'a syn::ItemUse) {
        if !is_export(import) {
            for import in leaves(&import.tree) {
                self.add(&import.path);
            }
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'a syn::ImplItemFn) {
        if !is_test(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    // An item that is named by a single word is defined here, or imported by a `use` that is visited, too.
    fn visit_path(&mut self, path: &'a syn::Path) {
        if path.segments.len() > 1 {
            let segments: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.add(&segments);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'a syn::Macro) {
        self.add_tokens(&call.tokens.to_string());
        visit::visit_macro(self, call);
    }

    // Documentation may point anywhere.
    fn visit_attribute(&mut self, _: &'a syn::Attribute) {}
}
