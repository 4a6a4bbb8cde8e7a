use anyhow::Context;
use challengectl_server::Config;
use challengectl_server::core::FileFolder;
use challengectl_server::core::export::export as write_out;
use challengectl_server::store::{DATABASE, Store};
use serde_json::json;
use std::fs::File;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

pub async fn export(config: &Config, target: Option<&Path>, as_json: bool) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout();
    if target.is_none() && out.is_terminal() {
        anyhow::bail!("an archive is nothing for a terminal; give a FILE, or lead standard output into one");
    }
    let scratch = tempfile::tempdir().context("a temporary folder")?;
    let path = target.map_or_else(|| scratch.path().join("event.tar"), Path::to_owned);
    // Opening a store makes one where there is none, and nobody wants to take nothing along.
    let database = config.data_dir.join(DATABASE);
    anyhow::ensure!(database.exists(), "{}: there is no database", database.display());
    let store = Store::open(&config.data_dir).await?;
    let count = write_out(&store, &FileFolder::within(&config.data_dir), &path).await;
    store.close().await;
    let count = count?;
    if target.is_none() {
        std::io::copy(&mut File::open(&path)?, &mut out)?;
    } else if as_json {
        writeln!(out, "{}", json!({"challenges": count}))?;
    } else {
        writeln!(out, "{}: {count} challenges, with their flags", path.display())?;
    }
    Ok(ExitCode::SUCCESS)
}
