use super::archive_target::ArchiveTarget;
use challengectl_coordinator::FileFolder;
use challengectl_coordinator::challenges::export::export as write_out;
use challengectl_coordinator::challenges::folder;
use challengectl_coordinator::store::Store;
use challengectl_server::Config;
use serde_json::json;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

pub async fn export(config: &Config, file: Option<&Path>, as_json: bool) -> anyhow::Result<ExitCode> {
    let target = ArchiveTarget::new(file)?;
    let store = Store::open_existing(&config.data_dir).await?;
    let count = write_out(&store, &FileFolder::within(&config.data_dir), target.path()).await;
    store.close().await;
    let count = count?;
    target.finish()?;
    let mut out = std::io::stdout();
    match (target.is_standard_output(), as_json) {
        (true, _) => {}
        (false, true) => writeln!(out, "{}", json!({"challenges": count}))?,
        (false, false) => writeln!(out, "{}: {count} challenges, with their flags", target.path().display())?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a folder for each challenge.
pub async fn export_folder(config: &Config, folder: &Path, as_json: bool) -> anyhow::Result<ExitCode> {
    let store = Store::open_existing(&config.data_dir).await?;
    let count = folder::export(&store, &FileFolder::within(&config.data_dir), folder).await;
    store.close().await;
    let (count, mut out) = (count?, std::io::stdout());
    if as_json {
        writeln!(out, "{}", json!({"challenges": count}))?;
    } else {
        writeln!(out, "{}: {count} challenges, with their flags", folder.display())?;
    }
    Ok(ExitCode::SUCCESS)
}
