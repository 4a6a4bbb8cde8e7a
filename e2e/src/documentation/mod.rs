//! Runs the commands of the documentation, and checks its other blocks.
//!
//! A page is walked from top to end in one temporary folder and one shell. A block is run (`console`), checked by the
//! program that it is for (configurations), or left out with the reason in a comment before it: `<!-- not run: … -->`.

mod blocks;
mod checks;
mod commands;
mod expected;
mod links;
mod session;

use anyhow::{Context, Result, ensure};
use blocks::{Block, blocks};
use session::Session;
use std::path::{Path, PathBuf};

pub use checks::tool;
pub use session::Before;

/// Returns the folder of the repository.
pub fn repository() -> PathBuf {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_folder.parent().unwrap_or(crate_folder).to_owned()
}

/// Returns the paths of all pages in the repository.
pub fn pages() -> Result<Vec<String>> {
    let mut pages = vec!["README.md".to_owned()];
    for entry in std::fs::read_dir(repository().join("docs"))? {
        let name = entry?.file_name().into_string().ok().context("a name that is not text")?;
        if name.ends_with(".md") {
            pages.push(format!("docs/{name}"));
        }
    }
    pages.sort();
    Ok(pages)
}

/// Returns the broken links of all pages, each with its page.
pub fn broken_links() -> Result<Vec<String>> {
    let mut broken = Vec::new();
    for page in pages()? {
        let path = repository().join(&page);
        let text = std::fs::read_to_string(&path)?;
        broken.extend(links::broken(&path, &text).into_iter().map(|target| format!("{page}: {target}")));
    }
    Ok(broken)
}

/// Runs and checks all blocks of a page, in the state after the pages before it.
pub fn walk(page: &str, before: Before) -> Result<()> {
    let text = std::fs::read_to_string(repository().join(page))?;
    let mut session = Session::new(page, before)?;
    let mut problems = Vec::new();
    for block in blocks(&text).map_err(|problem| anyhow::anyhow!("{page}:{problem}"))? {
        if block.left_out.is_some() {
            continue;
        }
        let at = format!("{page}:{}", block.line);
        match block.language.as_str() {
            "console" => session.add(page, &block)?,
            _ => problems.extend(check(&session, &block).err().map(|error| format!("{at}: {error:#}"))),
        }
    }
    problems.extend(session.run()?);
    ensure!(problems.is_empty(), "{}", problems.join("\n\n"));
    Ok(())
}

fn check(session: &Session, block: &Block) -> Result<()> {
    let text = session.here(&block.text);
    match block.language.as_str() {
        "yaml" => checks::yaml(&text),
        "json" => serde_json::from_str(&text).map(|_: serde_json::Value| ()).context("not JSON"),
        "http" => checks::http(&text),
        "ini" => checks::unit(&text),
        "nginx" => checks::nginx(&text),
        "nft" => checks::nft(&text),
        "rust" => checks::rust(&text),
        "text" => Ok(()),
        other => anyhow::bail!(
            "a block of `{other}` is neither run nor checked: name its language, or give the reason in a mark before it"
        ),
    }
}
