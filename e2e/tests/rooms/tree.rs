//! The modules of a crate, from the files below its `src`.

use crate::reading::{self, Import, Mention};
use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A module's path within its crate; empty for the root.
pub type ModulePath = Vec<String>;

/// A module: a file, or a part of one in `mod name { … }`.
#[derive(Debug, Default)]
pub struct Module {
    pub file: PathBuf,
    /// Whether it has a folder with modules.
    pub is_folder: bool,
    pub imports: Vec<Import>,
    pub mentions: Vec<Mention>,
}

#[derive(Debug)]
pub struct Tree(BTreeMap<ModulePath, Module>);

impl Tree {
    /// Reads all files below `src`, declared by `mod` or by a macro, except those of tests and of programs beside a
    /// library.
    pub fn read(src: &Path) -> Result<Self> {
        let mut tree = Self(BTreeMap::new());
        let root = ["lib.rs", "main.rs"].map(|name| src.join(name)).into_iter().find(|file| file.is_file());
        let root = root.with_context(|| format!("{} has neither lib.rs nor main.rs", src.display()))?;
        let mut tests = BTreeSet::new();
        tree.add_file(&Vec::new(), &root, &mut tests)?;
        tree.add_folder(&Vec::new(), src, &mut tests)?;
        Ok(tree)
    }

    fn add_folder(&mut self, path: &ModulePath, folder: &Path, tests: &mut BTreeSet<ModulePath>) -> Result<()> {
        let mut entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
        // Files before folders, since `mod tests;` of a file marks the tests.rs in its folder.
        entries.sort_by_key(|entry| (entry.path().is_dir(), entry.path()));
        for entry in entries {
            let file = entry.path();
            let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
            let own = [path.as_slice(), std::slice::from_ref(&stem)].concat();
            let is_source = file.extension().is_some_and(|extension| extension == "rs");
            let is_root = path.is_empty() && ["lib", "main", "bin"].contains(&stem.as_str());
            if is_root || tests.contains(&own) || stem == "mod" {
                continue;
            }
            if file.is_dir() {
                let facade = file.join("mod.rs");
                if facade.is_file() {
                    self.add_file(&own, &facade, tests)?;
                }
                self.0.entry(own.clone()).or_default().is_folder = true;
                self.add_folder(&own, &file, tests)?;
            } else if is_source {
                self.add_file(&own, &file, tests)?;
            }
        }
        Ok(())
    }

    fn add_file(&mut self, path: &ModulePath, file: &Path, tests: &mut BTreeSet<ModulePath>) -> Result<()> {
        let text = std::fs::read_to_string(file)?;
        let parsed = syn::parse_file(&text).with_context(|| format!("{} cannot be read", file.display()))?;
        for part in reading::parts(&parsed.items) {
            let own = [path.as_slice(), &part.path].concat();
            if part.is_test {
                tests.insert(own);
                continue;
            }
            let module = self.0.entry(own).or_default();
            module.file = file.to_owned();
            module.imports = part.imports;
            module.mentions = part.mentions;
        }
        Ok(())
    }

    pub fn get(&self, path: &[String]) -> Option<&Module> {
        self.0.get(path)
    }

    pub fn modules(&self) -> impl Iterator<Item = (&ModulePath, &Module)> {
        self.0.iter()
    }
}
