//! Dependencies: every path to another module of the crate, with its place.

use crate::reading::Import;
use crate::tree::{Module, ModulePath, Tree};
use std::path::PathBuf;

/// A place where one module uses another.
#[derive(Debug, Clone)]
pub struct Edge {
    pub from: ModulePath,
    pub to: ModulePath,
    pub file: PathBuf,
    pub line: usize,
    /// The path as written.
    pub path: String,
}

/// The maximum length of chains of re-exports.
const MAX_STEPS: usize = 16;

pub fn of(tree: &Tree) -> Vec<Edge> {
    let mut edges = Vec::new();
    for (from, module) in tree.modules() {
        let imports = module.imports.iter().map(|import| (&import.path, import.line, import.name == "*"));
        let mentions = module.mentions.iter().map(|mention| (&mention.path, mention.line, false));
        for (path, line, is_glob) in imports.chain(mentions) {
            let Some(to) =
                absolute(tree, from, path, is_glob, MAX_STEPS).and_then(|path| defined_in(tree, &path, MAX_STEPS))
            else {
                continue;
            };
            if to != *from {
                let path = path.join("::");
                edges.push(Edge { from: from.clone(), to, file: module.file.clone(), line, path });
            }
        }
    }
    edges
}

/// Returns the path from the crate's root; `None` for another crate.
fn absolute(tree: &Tree, from: &[String], path: &[String], is_glob: bool, steps: usize) -> Option<ModulePath> {
    let (first, rest) = path.split_first()?;
    let mut base = match first.as_str() {
        "crate" => Vec::new(),
        "self" => from.to_vec(),
        "super" => from.split_last()?.1.to_vec(),
        name => return by_name(tree, from, name, rest, is_glob, steps),
    };
    let mut rest = rest;
    while let [first, behind @ ..] = rest
        && first == "super"
    {
        base.pop()?;
        rest = behind;
    }
    base.extend_from_slice(rest);
    Some(base)
}

/// Resolves a path that begins with the name of a child module, or with a name imported in the same module.
fn by_name(
    tree: &Tree,
    from: &[String],
    name: &str,
    rest: &[String],
    is_glob: bool,
    steps: usize,
) -> Option<ModulePath> {
    let child = [from, &[name.to_owned()]].concat();
    if (is_glob || !rest.is_empty()) && tree.get(&child).is_some() {
        return Some([child.as_slice(), rest].concat());
    }
    let import = tree.get(from)?.imports.iter().find(|import| import.name == name)?;
    if steps == 0 || import.path.first().is_some_and(|first| first == name) {
        return None;
    }
    let base = absolute(tree, from, &import.path, false, steps - 1)?;
    // For items that are not modules, the `use` itself is an edge.
    (rest.is_empty() || tree.get(&base).is_some()).then(|| [base.as_slice(), rest].concat())
}

/// Returns the module that defines the item of a path, following re-exports.
fn defined_in(tree: &Tree, path: &[String], steps: usize) -> Option<ModulePath> {
    let mut module: ModulePath = Vec::new();
    for (index, name) in path.iter().enumerate() {
        let child = [module.as_slice(), std::slice::from_ref(name)].concat();
        if tree.get(&child).is_some() {
            module = child;
            continue;
        }
        let here = tree.get(&module)?;
        let behind = path.get(index + 1..).unwrap_or_default();
        return match re_export(here, name) {
            Some(import) if steps > 0 => match absolute(tree, &module, &import.path, false, steps - 1) {
                Some(base) => defined_in(tree, &[base.as_slice(), behind].concat(), steps - 1),
                // Of another crate.
                None => Some(module),
            },
            _ => Some(module),
        };
    }
    tree.get(&module).map(|_| module)
}

fn re_export<'a>(module: &'a Module, name: &str) -> Option<&'a Import> {
    module.imports.iter().find(|import| import.name == name)
}
