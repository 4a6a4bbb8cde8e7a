//! Checks the rooms of every crate: their order, and that there are no circular dependencies.
//!
//! Reads the source files. A crate's rooms and their order are in `scripts/rooms.txt`, from top to bottom: a room may
//! use those below it. In addition, no folder may depend on another that depends on it.

mod circles;
mod edges;
mod order;
mod reading;
mod samples;
mod tree;

use anyhow::{Context, Result};
use order::Order;
use std::path::{Path, PathBuf};
use tree::Tree;

/// Returns all problems of a crate's rooms, one line each.
fn problems(krate: &str, root: &Path, order: Option<&Order>) -> Result<Vec<String>> {
    let tree = Tree::read(&root.join(krate).join("src"))?;
    let edges = edges::of(&tree);
    let mut problems = circles::problems(&tree, &edges);
    if let Some(order) = order {
        problems.extend(order.problems(krate, &tree, &edges));
    }
    let shown = |text: String| text.replace(&format!("{}/", root.display()), "");
    Ok(problems.into_iter().map(shown).collect())
}

fn workspace() -> Result<PathBuf> {
    Ok(Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the workspace")?.to_owned())
}

/// Returns the crates of the workspace from the manifest.
fn crates(root: &Path) -> Result<Vec<String>> {
    let manifest = std::fs::read_to_string(root.join("Cargo.toml"))?;
    let members =
        manifest.lines().find_map(|line| line.strip_prefix("members = ")).context("no line `members = […]`")?;
    Ok(members.split('"').skip(1).step_by(2).map(str::to_owned).collect())
}

#[test]
fn no_room_uses_one_above_it_and_no_folder_is_in_a_circle() -> Result<()> {
    let root = workspace()?;
    let orders = order::read(&std::fs::read_to_string(root.join("scripts/rooms.txt"))?)?;
    let crates = crates(&root)?;
    let stale = orders.iter().filter(|order| !crates.contains(&order.krate));
    let mut all: Vec<_> =
        stale.map(|order| format!("scripts/rooms.txt: there is no crate {}; remove it", order.krate)).collect();
    for krate in crates {
        let order = orders.iter().find(|order| order.krate == krate);
        match order {
            Some(order) if order.is_open() => {}
            Some(order) => all.extend(problems(&krate, &root, Some(order))?),
            None => all.push(format!("scripts/rooms.txt: no section [{krate}]; add one with its rooms, top to bottom")),
        }
    }
    assert!(all.is_empty(), "{} problems:\n{}", all.len(), all.join("\n"));
    Ok(())
}
