use challengectl_common::Timestamp;
use challengectl_server::Config;
use challengectl_server::core::backup::{self, Outcome};
use challengectl_server::store::Store;
use serde_json::json;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

pub async fn backup(config: &Config, target: &Path, as_json: bool) -> anyhow::Result<ExitCode> {
    let store = Store::open_existing(&config.data_dir).await?;
    let outcome = backup::backup(&store, &config.data_dir, target, Timestamp::now()).await;
    store.close().await;
    tell("backed up", target, &outcome?, as_json)
}

pub async fn restore(config: &Config, source: &Path, force: bool, as_json: bool) -> anyhow::Result<ExitCode> {
    let outcome = backup::restore(source, &config.data_dir, force).await?;
    tell("restored", source, &outcome, as_json)
}

fn tell(done: &str, archive: &Path, outcome: &Outcome, as_json: bool) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout();
    if as_json {
        writeln!(out, "{}", json!(outcome))?;
    } else {
        for problem in &outcome.problems {
            eprintln!("{problem}");
        }
        writeln!(out, "{}: {done}, the database and {} files", archive.display(), outcome.files)?;
        if let Some(aside) = &outcome.set_aside {
            writeln!(out, "{}: what was there before", aside.display())?;
        }
    }
    Ok(if outcome.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
