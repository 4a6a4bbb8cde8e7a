//! `plan`.

use super::import::unpacked;
use anyhow::{Context, bail};
use challengectl_common::wire::{Identification, RadioInfo};
use challengectl_common::{Band, Callsign, Conference, DutyCycle, RadioId, RunnerId, Timestamp};
use challengectl_coordinator::plan::{
    ChallengePlan, Plan, PlannedChallenge, PlannedEvent, Planning, WaitedFor, plan as find, stored as planned,
};
use challengectl_coordinator::store::Store;
use challengectl_coordinator::store::challenges::ranges;
use challengectl_coordinator::store::fleet::runners::Radio;
use challengectl_event::{EVENT_FILE, Reader, well_known_ranges};
use challengectl_server::Config;
use challengectl_waveform::identification;
use serde::Deserialize;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// The maximum length of a plan: a longer one would repeat itself.
const MAX_HOURS: f64 = 31.0 * 24.0;

#[derive(clap::Args)]
pub struct PlanArguments {
    /// Plan this event file, or archive, rather than what is stored
    #[arg(long, value_name = "FILE")]
    event: Option<PathBuf>,
    /// Plan for the radios of this runner.yml, rather than for those that are registered
    ///
    /// Can be repeated, once for each host. The runner's name, to which `only_on` refers, is NAME, or that of the file.
    #[arg(long, value_name = "[NAME=]FILE")]
    radios: Vec<String>,
    /// The number of hours, from the start of the conference, or from now if it has none
    #[arg(long, default_value_t = 24.0, value_parser = hours)]
    hours: f64,
    /// The seed of the random numbers: the same seed gives the same plan
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn hours(text: &str) -> Result<f64, String> {
    let hours = text.parse().ok().filter(|hours| *hours > 0.0 && *hours <= MAX_HOURS);
    hours.ok_or_else(|| format!("write a number of hours, above 0 and at most {MAX_HOURS}"))
}

pub async fn plan(config: &Config, arguments: &PlanArguments, as_json: bool) -> anyhow::Result<ExitCode> {
    let stored = if arguments.event.is_none() || arguments.radios.is_empty() {
        Some(Store::open_existing(&config.data_dir).await?)
    } else {
        None
    };
    let radios = match &stored {
        Some(store) if arguments.radios.is_empty() => planned::radios(&mut *store.read().await?).await?,
        _ => arguments.radios.iter().map(|file| of_file(file)).collect::<Result<Vec<_>, _>>()?.concat(),
    };
    let PlannedEvent { challenges, conference, ranges } = match (&arguments.event, &stored) {
        (None, Some(store)) => {
            planned::event(&mut *store.read().await?, config.guard_hz, &config.frequency_rules).await?
        }
        (Some(file), _) => event(file, config)?,
        (None, None) => bail!("there is neither an event nor a database"),
    };
    if let Some(store) = stored {
        store.close().await;
    }
    let planning = Planning {
        challenges,
        radios,
        ranges,
        guard_hz: config.guard_hz,
        from: conference.start().unwrap_or_else(Timestamp::now),
        conference,
        length: Duration::from_secs_f64(arguments.hours * 3600.0),
        seed: arguments.seed,
        max_transmissions: u64::MAX,
    };
    let plan = find(&planning);
    let mut out = std::io::stdout();
    if as_json {
        writeln!(out, "{}", serde_json::to_string(&plan)?)?;
    } else {
        print(&mut out, &plan)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn event(file: &Path, config: &Config) -> anyhow::Result<PlannedEvent> {
    let unpacked = unpacked(file)?;
    let reader = Reader::new(config.frequency_rules.clone());
    let reading = match &unpacked {
        None => reader.read(file, None),
        Some(folder) => reader.read(&folder.path().join(EVENT_FILE), Some(folder.path())),
    };
    let event = reading.whole().map_err(|refused| anyhow::anyhow!("{refused}"))?;
    let conference = Conference::default().with(event.conference.unwrap_or_default())?;
    let enabled = event.challenges.iter().filter(|challenge| challenge.spec.enabled);
    let planned = enabled.map(|challenge| PlannedChallenge::read(challenge, config.guard_hz, &config.frequency_rules));
    let ranges = ranges::bands_of(well_known_ranges().chain(event.ranges.iter().cloned()));
    Ok(PlannedEvent { challenges: planned.collect(), conference, ranges })
}

/// The part of a `runner.yml` that a plan needs. The runner checks the rest.
#[derive(Deserialize)]
struct RunnerFile {
    callsign: Option<Callsign>,
    #[serde(default = "default_interval")]
    identify_seconds: u32,
    #[serde(default)]
    radios: Vec<RadioEntry>,
}

/// Returns the runner's default.
fn default_interval() -> u32 {
    300
}

#[derive(Deserialize)]
struct RadioEntry {
    id: RadioId,
    /// `None` also for the driver `null`, which YAML reads as no value.
    driver: Option<String>,
    #[serde(default)]
    takes_work: bool,
    #[serde(default)]
    frequency_limits: Vec<Band>,
    #[serde(default)]
    frequency_ranges: Vec<String>,
    sample_rate: Option<u64>,
    duty_cycle: Option<DutyCycle>,
    max_on_air_seconds: Option<u32>,
}

impl RadioEntry {
    /// Returns whether it takes no work from a server: it sends nothing.
    fn is_idle(&self) -> bool {
        self.driver.as_deref().is_none_or(|driver| driver == "null") && !self.takes_work
    }
}

/// Reads the radios of a `runner.yml`, given as `FILE` or `NAME=FILE`.
fn of_file(argument: &str) -> anyhow::Result<Vec<Radio>> {
    let (name, file) = match argument.split_once('=') {
        Some((name, file)) => (name.to_owned(), Path::new(file)),
        None => {
            let file = Path::new(argument);
            (file.file_stem().unwrap_or_default().to_string_lossy().into_owned(), file)
        }
    };
    let place = || file.display().to_string();
    let runner = RunnerId::new(&name).with_context(place)?;
    let text = std::fs::read_to_string(file).with_context(place)?;
    let read: RunnerFile = serde_saphyr::from_str(&text).with_context(place)?;
    let keyed = |callsign: Callsign| {
        let length_seconds = identification(&callsign)?.duration();
        anyhow::Ok(Identification { callsign, interval_seconds: read.identify_seconds, length_seconds })
    };
    let identification = read.callsign.map(keyed).transpose()?;
    let radio = |entry: RadioEntry| {
        let info = RadioInfo {
            frequency_limits: entry.frequency_limits,
            frequency_ranges: entry.frequency_ranges,
            sample_rate: entry.sample_rate.or(Some(2_000_000)),
            duty_cycle: entry.duty_cycle,
            max_on_air_seconds: entry.max_on_air_seconds,
            identification: identification.clone(),
            ..RadioInfo::plain(entry.id)
        };
        Radio::of(&runner, &info)
    };
    Ok(read.radios.into_iter().filter(|entry| !entry.is_idle()).map(radio).collect())
}

fn print(out: &mut impl Write, plan: &Plan) -> std::io::Result<()> {
    let (hours, seed) = (plan.hours, plan.seed);
    writeln!(out, "From {}, {hours} hours, of which {} are open (seed {seed})", plan.from, plan.open_hours)?;
    let width = |names: &mut dyn Iterator<Item = usize>| names.max().unwrap_or(0).max(9);
    let name = width(&mut plan.challenges.iter().map(|one| one.challenge.chars().count()));
    writeln!(out, "\n{:name$}  {:>7}  {:>8}  {:>8}  {:>8}  where", "challenge", "on air", "each", "an hour", "waits")?;
    for one in &plan.challenges {
        let (each, hour) = (spoken(one.signal_seconds), spoken(one.air_seconds_per_hour));
        let waits = spoken(one.waits.mean_seconds);
        let (challenge, times) = (&one.challenge, one.transmissions);
        writeln!(out, "{challenge:name$}  {times:>7}  {each:>8}  {hour:>8}  {waits:>8}  {}", places(one))?;
    }
    let name = width(&mut plan.radios.iter().map(|it| radio_name(&it.runner_id, &it.radio_id).chars().count()));
    writeln!(out, "\n{:name$}  {:>7}  {:>7}  {:>7}", "radio", "on air", "load", "rests")?;
    for one in &plan.radios {
        let (radio, times) = (radio_name(&one.runner_id, &one.radio_id), one.transmissions);
        let (load, resting) = (one.load * 100.0, one.resting * 100.0);
        writeln!(out, "{radio:name$}  {times:>7}  {load:>5.1} %  {resting:>5.1} %")?;
    }
    for one in plan.challenges.iter().filter(|one| one.waits.longest_seconds > 0.0) {
        let causes: Vec<_> = one.waits.waited_for.iter().take(3).map(cause).collect();
        let longest = spoken(one.waits.longest_seconds);
        writeln!(out, "\n{} waits up to {longest}: {}", one.challenge, causes.join(", "))?;
    }
    for never in &plan.never {
        writeln!(out, "\n{} never goes on air: {}", never.challenge, never.why)?;
    }
    Ok(())
}

fn radio_name(runner: &RunnerId, radio: &RadioId) -> String {
    format!("{runner}/{radio}")
}

fn places(one: &ChallengePlan) -> String {
    let mhz = |hz: u64| format!("{}.{:03}", hz / 1_000_000, hz % 1_000_000 / 1_000);
    let place = |place: &challengectl_coordinator::plan::Place| {
        let name = place.range.as_deref().map(|name| format!("{name} ")).unwrap_or_default();
        match (mhz(place.lowest_hz), mhz(place.highest_hz)) {
            (low, high) if low == high => format!("{name}{low} MHz"),
            (low, high) => format!("{name}{low}-{high} MHz"),
        }
    };
    one.places.iter().map(place).collect::<Vec<_>>().join(", ")
}

fn cause(waited_for: &WaitedFor) -> String {
    let seconds = spoken(waited_for.seconds());
    match waited_for {
        WaitedFor::Radio { .. } => format!("for a radio {seconds} in all"),
        WaitedFor::Frequency { challenge, .. } => format!("for the frequency of {challenge} {seconds} in all"),
        WaitedFor::Turn { .. } => format!("for its turn {seconds} in all"),
    }
}

/// Formats seconds for people.
fn spoken(seconds: f64) -> String {
    match seconds {
        ..60.0 => format!("{seconds:.1} s"),
        60.0..3600.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}
