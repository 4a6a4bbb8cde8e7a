//! Circular dependencies between folders.

use crate::edges::Edge;
use crate::tree::{ModulePath, Tree};
use std::collections::{BTreeMap, VecDeque};

/// For each pair of modules with the same parent: a place where the first, or a module in it, uses the second.
type Graph<'a> = BTreeMap<ModulePath, BTreeMap<ModulePath, &'a Edge>>;

pub fn problems(tree: &Tree, edges: &[Edge]) -> Vec<String> {
    let graph = graph(edges);
    let is_folder = |path: &ModulePath| tree.get(path).is_some_and(|module| module.is_folder);
    let mut problems = Vec::new();
    for start in graph.keys().filter(|path| is_folder(path)) {
        let Some(circle) = shortest(&graph, start) else { continue };
        let members = || circle.iter().map(|edge| side(edge, start.len()).0);
        // Each circle once, from its first folder.
        let folders: Vec<_> = members().filter(is_folder).collect();
        if folders.len() > 1 && folders.iter().min() == Some(start) {
            problems.push(describe(&circle, start.len()));
        }
    }
    problems
}

fn describe(circle: &[&Edge], depth: usize) -> String {
    let step = |edge: &&Edge| {
        let (from, to) = side(edge, depth);
        let (from, to) = (from.join("::"), to.join("::"));
        format!("\n    {}:{}: {from} uses {to} ({})", edge.file.display(), edge.line, edge.path)
    };
    let steps: String = circle.iter().map(step).collect();
    format!("a circle of folders; move what the lower one needs into it, or into one below both:{steps}")
}

fn graph(edges: &[Edge]) -> Graph<'_> {
    let mut graph: Graph<'_> = BTreeMap::new();
    for edge in edges {
        let common = edge.from.iter().zip(&edge.to).take_while(|(from, to)| from == to).count();
        // A folder and its own parts are not a circle.
        if common < edge.from.len() && common < edge.to.len() {
            let (from, to) = side(edge, common + 1);
            graph.entry(from).or_default().entry(to).or_insert(edge);
        }
    }
    graph
}

/// Returns both ends, to a depth.
fn side(edge: &Edge, depth: usize) -> (ModulePath, ModulePath) {
    let cut = |path: &ModulePath| path.iter().take(depth).cloned().collect();
    (cut(&edge.from), cut(&edge.to))
}

/// Returns the shortest way from a folder through another folder back to itself, if there is one.
fn shortest<'a>(graph: &Graph<'a>, start: &ModulePath) -> Option<Vec<&'a Edge>> {
    let mut ways: BTreeMap<&ModulePath, Vec<&Edge>> = BTreeMap::new();
    let mut waiting = VecDeque::from([start]);
    while let Some(here) = waiting.pop_front() {
        for (next, edge) in graph.get(here).into_iter().flatten() {
            let way = [ways.get(here).map(Vec::as_slice).unwrap_or_default(), &[*edge]].concat();
            if next == start {
                return Some(way);
            }
            if !ways.contains_key(next) {
                ways.insert(next, way);
                waiting.push_back(next);
            }
        }
    }
    None
}
