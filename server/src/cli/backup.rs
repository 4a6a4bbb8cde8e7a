use super::archive_target::ArchiveTarget;
use challengectl_common::Timestamp;
use challengectl_coordinator::maintenance::backup::{self, Outcome};
use challengectl_coordinator::store::Store;
use challengectl_server::Config;
use serde_json::json;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

pub async fn backup(config: &Config, file: &Path, as_json: bool) -> anyhow::Result<ExitCode> {
    let target = ArchiveTarget::new(Some(file))?;
    let store = Store::open_existing(&config.data_dir).await?;
    let outcome = backup::backup(&store, &config.data_dir, target.path(), Timestamp::now()).await;
    store.close().await;
    let outcome = outcome?;
    target.finish()?;
    if target.is_standard_output() {
        return print(&mut std::io::stderr(), "backed up", file, &outcome, as_json);
    }
    print(&mut std::io::stdout(), "backed up", file, &outcome, as_json)
}

pub async fn restore(config: &Config, source: &Path, force: bool, as_json: bool) -> anyhow::Result<ExitCode> {
    let outcome = backup::restore(source, &config.data_dir, force).await?;
    print(&mut std::io::stdout(), "restored", source, &outcome, as_json)
}

fn print(
    out: &mut impl Write,
    done: &str,
    archive: &Path,
    outcome: &Outcome,
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    if as_json {
        writeln!(out, "{}", json!(outcome))?;
    } else {
        for problem in &outcome.problems {
            eprintln!("{problem}");
        }
        writeln!(out, "{}: {done}, the database and {} files", archive.display(), outcome.files)?;
        if outcome.kept_certificate {
            writeln!(out, "tls.crt: kept, since runners trust it; the backup has another")?;
        }
        if let Some(aside) = &outcome.set_aside {
            writeln!(out, "{}: the previous data", aside.display())?;
        }
    }
    Ok(if outcome.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
