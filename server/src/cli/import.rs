use anyhow::Context;
use challengectl_common::Timestamp;
use challengectl_coordinator::challenges::import::{Unlisted, import as take_in};
use challengectl_coordinator::challenges::step::Step;
use challengectl_coordinator::files::archive;
use challengectl_coordinator::store::{DATABASE, Store};
use challengectl_coordinator::{FileFolder, looks_renamed};
use challengectl_event::{EVENT_FILE, Event, Reader, Refused, Remark};
use challengectl_server::Config;
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tempfile::TempDir;

/// The exit status if some entries were imported and others left out.
pub(super) const PARTIAL: u8 = 3;

#[derive(clap::Args)]
pub struct ImportArguments {
    /// The event file, or a folder of challenges
    pub(super) file: PathBuf,
    /// Folder of the files that it names [default: the folder of the event file, then its parent]
    #[arg(long, value_name = "DIR")]
    pub(super) base: Option<PathBuf>,
    /// Import the valid entries even if others are invalid
    ///
    /// Lists what was left out, and then exits with status 3.
    #[arg(long)]
    pub(super) keep_going: bool,
    /// Disable every challenge that is not in the file
    ///
    /// Without it they stay as they are, and those on air are named.
    #[arg(long)]
    pub(super) only: bool,
}

pub async fn import(config: &Config, arguments: &ImportArguments, as_json: bool) -> anyhow::Result<ExitCode> {
    let ImportArguments { file, base, keep_going, only } = arguments;
    let unpacked = unpacked(file)?;
    let reader = Reader::new(config.frequency_rules.clone());
    let reading = match &unpacked {
        None => reader.read(file, base.as_deref()),
        Some(folder) => reader.read(&folder.path().join(EVENT_FILE), Some(folder.path())),
    };
    let taken = if *keep_going { reading.sound() } else { reading.whole().map(|event| (event, Vec::new())) };
    let (event, problems) = match taken {
        Ok(taken) => taken,
        Err(refused) => return refuse(file, &refused, as_json),
    };
    let unlisted = if *only { Unlisted::Disable } else { Unlisted::Keep };
    let store = open(config).await?;
    let steps = take_in(&store, &FileFolder::within(&config.data_dir), &event, unlisted, Timestamp::now()).await?;
    store.close().await;
    let mut out = std::io::stdout();
    if as_json {
        let text = |remarks: &[Remark]| remarks.iter().map(Remark::to_string).collect::<Vec<_>>();
        let (remarks, problems) = (text(&event.remarks), text(&problems));
        writeln!(out, "{}", json!({"imported": true, "remarks": remarks, "steps": steps, "problems": problems}))?;
    } else {
        print(&mut out, &event, &steps)?;
        for problem in &problems {
            eprintln!("{problem}");
        }
        if !problems.is_empty() {
            let count = problems.len();
            eprintln!("challengectl-server: {}: invalid entries left out, {count} problems", file.display());
        }
    }
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(PARTIAL) })
}

pub(super) async fn open(config: &Config) -> anyhow::Result<Store> {
    let database = config.data_dir.join(DATABASE);
    if !database.exists() {
        // An import may be the first step, but also run in the wrong folder, whose database no server uses.
        eprintln!("{}: there was no database; a new one was created", database.display());
    }
    Ok(Store::open(&config.data_dir).await?)
}

fn refuse(file: &Path, refused: &Refused, as_json: bool) -> anyhow::Result<ExitCode> {
    if as_json {
        let problems: Vec<String> = refused.0.iter().map(Remark::to_string).collect();
        writeln!(std::io::stdout(), "{}", json!({"imported": false, "problems": problems}))?;
    } else {
        eprintln!("{refused}");
        eprintln!("challengectl-server: {}: nothing was imported", file.display());
    }
    Ok(ExitCode::FAILURE)
}

/// Unpacks an archive; `None` if the file is itself an event file.
pub(super) fn unpacked(file: &Path) -> anyhow::Result<Option<TempDir>> {
    // An unreadable file is reported when it is read as an event file.
    if !archive::is_archive(file).unwrap_or(false) {
        return Ok(None);
    }
    let folder = tempfile::tempdir().context("a temporary folder")?;
    archive::unpack(&file.display().to_string(), file, folder.path())?;
    anyhow::ensure!(
        folder.path().join(EVENT_FILE).is_file(),
        "{}: contains no {EVENT_FILE}, as an archive of `export` does; use `restore` for a backup",
        file.display()
    );
    Ok(Some(folder))
}

fn print(out: &mut impl Write, event: &Event, steps: &[Step]) -> std::io::Result<()> {
    for remark in &event.remarks {
        writeln!(out, "{remark}")?;
    }
    print_steps(out, event.count(), steps)
}

/// Prints what was done, and how much that was of `total` challenges.
pub(super) fn print_steps(out: &mut impl Write, total: usize, steps: &[Step]) -> std::io::Result<()> {
    for step in steps {
        writeln!(out, "{}", line(step))?;
    }
    let count = |wanted: fn(&Step) -> bool| steps.iter().filter(|step| wanted(step)).count();
    writeln!(
        out,
        "{total} challenges: {} added, {} updated, {} unchanged",
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
        Step::LooksRenamed { challenge, before } => format!("challenge {}", looks_renamed(challenge, before)),
        Step::AlsoOnAir { challenge } => {
            format!(
                "challenge {challenge}: also on air, though it is not in the file; import with --only to disable it"
            )
        }
        Step::Disabled { challenge, cut } => {
            let cut = if *cut { "; it is on air and is being cut" } else { "" };
            format!("challenge {challenge}: disabled, it is not in the file{cut}")
        }
        Step::LooksAlike { challenge, difference } => {
            format!("challenge {challenge}: warning: {difference}; players may take one for the other")
        }
        Step::OutOfReach { challenge, why } => {
            format!("challenge {challenge}: warning: no radio that has registered so far can send it: {why}")
        }
    }
}
