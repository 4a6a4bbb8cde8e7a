use anyhow::Context;
use challengectl_common::Timestamp;
use challengectl_event::{EVENT_FILE, Event, Remark};
use challengectl_server::Config;
use challengectl_server::core::import::{Step, import as take_in};
use challengectl_server::core::{FileFolder, archive};
use challengectl_server::store::Store;
use serde_json::json;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use tempfile::TempDir;

pub async fn import(config: &Config, file: &Path, base: Option<&Path>, as_json: bool) -> anyhow::Result<ExitCode> {
    let unpacked = unpacked(file)?;
    let event = match &unpacked {
        None => challengectl_event::read(file, base),
        Some(folder) => challengectl_event::read(&folder.path().join(EVENT_FILE), Some(folder.path())),
    };
    let event = match event {
        Ok(event) => event,
        Err(refused) if as_json => {
            let problems: Vec<String> = refused.0.iter().map(Remark::to_string).collect();
            writeln!(std::io::stdout(), "{}", json!({"imported": false, "problems": problems}))?;
            return Ok(ExitCode::FAILURE);
        }
        Err(refused) => {
            eprintln!("{refused}");
            eprintln!("challengectl-server: {}: nothing was imported", file.display());
            return Ok(ExitCode::FAILURE);
        }
    };
    let store = Store::open(&config.data_dir).await?;
    let steps = take_in(&store, &FileFolder::within(&config.data_dir), &event, Timestamp::now()).await?;
    store.close().await;
    let mut out = std::io::stdout();
    if as_json {
        let remarks: Vec<String> = event.remarks.iter().map(Remark::to_string).collect();
        writeln!(out, "{}", json!({"imported": true, "remarks": remarks, "steps": steps}))?;
    } else {
        print(&mut out, &event, &steps)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The content of an archive; none when the file is an event file itself.
fn unpacked(file: &Path) -> anyhow::Result<Option<TempDir>> {
    // What cannot be read is told when it is read as an event file.
    if !archive::is_archive(file).unwrap_or(false) {
        return Ok(None);
    }
    let folder = tempfile::tempdir().context("a temporary folder")?;
    archive::unpack(&file.display().to_string(), file, folder.path())?;
    anyhow::ensure!(
        folder.path().join(EVENT_FILE).is_file(),
        "{}: holds no {EVENT_FILE}, as `export` writes it; a backup is for `restore`",
        file.display()
    );
    Ok(Some(folder))
}

fn print(out: &mut impl Write, event: &Event, steps: &[Step]) -> std::io::Result<()> {
    for remark in &event.remarks {
        writeln!(out, "{remark}")?;
    }
    for step in steps {
        writeln!(out, "{}", line(step))?;
    }
    let count = |wanted: fn(&Step) -> bool| steps.iter().filter(|step| wanted(step)).count();
    writeln!(
        out,
        "{} challenges: {} added, {} updated, {} unchanged",
        event.challenges.len(),
        count(|step| matches!(step, Step::Added { .. })),
        count(|step| matches!(step, Step::Updated { .. })),
        count(|step| matches!(step, Step::Unchanged { .. })),
    )
}

fn line(step: &Step) -> String {
    match step {
        Step::AddedFile { name, digest, size } => format!("file {name}: registered, {size} bytes, {digest}"),
        Step::AddedRange { name } => format!("range {name}: set"),
        Step::ChangedConference { fields } => format!("conference: set ({})", fields.join(", ")),
        Step::Added { challenge } => format!("challenge {challenge}: added"),
        Step::Updated { challenge, fields, cut } => {
            let what = if fields.is_empty() { "waveform".to_owned() } else { fields.join(", ") };
            let cut = if *cut { "; it is on air and is being cut" } else { "" };
            format!("challenge {challenge}: updated ({what}){cut}")
        }
        Step::Unchanged { challenge } => format!("challenge {challenge}: unchanged"),
        Step::LooksAlike { challenge, difference } => {
            format!("challenge {challenge}: warning: {difference}; players may take one for the other")
        }
        Step::OutOfReach { challenge } => {
            format!("challenge {challenge}: warning: outside the limits of every radio that has registered so far")
        }
    }
}
