//! The order of a crate's rooms, and violations of it.

use crate::edges::Edge;
use crate::tree::{ModulePath, Tree};
use anyhow::{Context, Result, bail};

/// The rooms of one crate.
#[derive(Debug)]
pub struct Order {
    pub krate: String,
    /// From top to bottom; rooms on one line must not use each other.
    levels: Vec<Vec<ModulePath>>,
    is_open: bool,
}

/// Reads `[crate]` and below it a line for each level, such as `transmit/permit`. `*` alone: not in order yet, and not
/// checked.
pub fn read(text: &str) -> Result<Vec<Order>> {
    let mut orders: Vec<Order> = Vec::new();
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    for line in lines.filter(|line| !line.is_empty()) {
        if let Some(krate) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            orders.push(Order { krate: krate.to_owned(), levels: Vec::new(), is_open: false });
            continue;
        }
        let order = orders.last_mut().with_context(|| format!("{line}: stands before any [crate]"))?;
        if line == "*" {
            order.is_open = true;
        } else {
            order.levels.push(line.split_whitespace().map(path).collect());
        }
    }
    if let Some(order) = orders.iter().find(|order| order.is_open && !order.levels.is_empty()) {
        bail!("[{}]: either `*` or rooms", order.krate);
    }
    Ok(orders)
}

fn path(room: &str) -> ModulePath {
    room.split('/').map(str::to_owned).collect()
}

impl Order {
    /// Whether the crate is not in order yet.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    pub fn problems(&self, krate: &str, tree: &Tree, edges: &[Edge]) -> Vec<String> {
        let missing = self.levels.iter().flatten().filter(|room| tree.get(room).is_none());
        let missing = missing.map(|room| {
            format!("scripts/rooms.txt: [{krate}] has a room {}, which is not there; remove it", room.join("/"))
        });
        let unlisted = tree.modules().filter(|(path, _)| !path.is_empty() && self.room(path).is_none());
        let unlisted = unlisted.map(|(path, module)| {
            let (room, file) = (path.join("/"), module.file.display());
            format!("{file}:1: {krate}::{room} is in no room; give it its place below [{krate}] in scripts/rooms.txt")
        });
        missing.chain(unlisted).chain(edges.iter().filter_map(|edge| self.against(edge))).collect()
    }

    /// Returns the problem of a use, if there is one.
    fn against(&self, edge: &Edge) -> Option<String> {
        let (above, from) = self.room(&edge.from)?;
        let place = format!("{}:{}: {} uses", edge.file.display(), edge.line, from.join("/"));
        let path = &edge.path;
        let Some((below, to)) = self.room(&edge.to) else {
            let way_out = "move it into a room below, and let the root only re-export it";
            return edge.to.is_empty().then(|| format!("{place} {path}, which the crate's root defines; {way_out}"));
        };
        let to_name = to.join("/");
        if above > below {
            let way_out = "move what it needs below it, or hand it in from above";
            return Some(format!("{place} {to_name} ({path}), which is above it; {way_out}"));
        }
        (above == below && from != to).then(|| {
            let way_out = "put one of them on a line above the other, or move what both need below";
            format!("{place} {to_name} ({path}), which is beside it; {way_out}")
        })
    }

    /// Returns the innermost room of a module, and its level from the top.
    fn room(&self, module: &[String]) -> Option<(usize, &ModulePath)> {
        let rooms =
            self.levels.iter().enumerate().flat_map(|(level, rooms)| rooms.iter().map(move |room| (level, room)));
        rooms.filter(|(_, room)| module.starts_with(room)).max_by_key(|(_, room)| room.len())
    }
}
