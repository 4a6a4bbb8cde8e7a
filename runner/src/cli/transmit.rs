//! `transmit`.

use super::output::Output;
use crate::config::{Config, DEFAULT_SAMPLE_RATE, RadioConfig};
use crate::radio::{Driver, Title};
use crate::transmit::watch::this_program;
use crate::transmit::{Deadline, Job, Source, Standing, Verdict, watch};
use anyhow::{Context, bail};
use challengectl_common::{Band, Flag, Frequency, FrequencyRules, FrequencySet, OccupiedSpan, RadioId, closest};
use challengectl_event::{Challenge, Event, Reader, Reading, Refused, Remark};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Something was sent, and something was left out.
const PARTIAL: u8 = 3;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The event file: challenges.yml, an older server-config.yml, or a legacy flags CSV
    file: PathBuf,
    /// The challenges to send; by default all of them. Nothing else in the file is looked at
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Where files of challenges are looked up; by default beside the event file
    #[arg(long, value_name = "DIR")]
    base: Option<PathBuf>,
    /// Send what is right, also when other challenges of the file are wrong
    ///
    /// Lists what was left out, and then exits with status 3, as `challengectl-server import` does.
    #[arg(long)]
    keep_going: bool,
    /// A radio of the configuration, or `file` or `null`
    #[arg(long, value_name = "RADIO", default_value = "file")]
    radio: String,
    /// Where recordings go
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Take as long as on air, also where no radio sets the pace
    #[arg(long)]
    paced: bool,
}

pub(super) fn execute(arguments: &Arguments, config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    let reader = Reader::new(config.frequency_rules.clone()).only(&arguments.names);
    let reading = reader.read(&arguments.file, arguments.base.as_deref());
    let names = &reading.event.names;
    all_there(names, &arguments.names).or_else(|why| if names.is_empty() { Ok(()) } else { Err(why) })?;
    let radio = radio(arguments, config)?;
    let (event, problems) = taken(reading, arguments)?;
    for remark in problems.iter().chain(&event.remarks) {
        eprintln!("{remark}");
    }
    let runtime = super::runtime()?;
    let mut code = if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(PARTIAL) };
    for challenge in &event.challenges {
        let sent = runtime.block_on(send(challenge, &radio, config));
        let name = &challenge.spec.name;
        match sent {
            Ok(sent) => output.line(&sent.people(challenge, &radio), &sent.programs(challenge, &radio)),
            Err(error) => {
                code = ExitCode::FAILURE;
                eprintln!("{name}: {error:#}");
                if output.json {
                    output.line("", &json!({"challenge": name, "status": "failed", "error": format!("{error:#}")}));
                }
            }
        }
    }
    Ok(code)
}

fn radio(arguments: &Arguments, config: &Config) -> anyhow::Result<RadioConfig> {
    let mut radio = match config.radio(&arguments.radio) {
        Some(radio) => radio.clone(),
        None => plain(arguments)?,
    };
    if arguments.paced {
        radio.driver.pace();
    }
    match &arguments.out {
        Some(out) if !radio.driver.record_in(out) => {
            bail!("radio {} makes no recordings: --out is not for it", radio.id)
        }
        _ => Ok(radio),
    }
}

fn plain(arguments: &Arguments) -> anyhow::Result<RadioConfig> {
    let driver = match arguments.radio.as_str() {
        "file" => Driver::file(Path::new(".")),
        "null" => Driver::null(),
        other => bail!("no radio {other:?} is configured; without a configuration there are `file` and `null`"),
    };
    Ok(RadioConfig {
        id: RadioId::new(&arguments.radio)?,
        model: None,
        frequency_limits: Vec::new(),
        sample_rate: DEFAULT_SAMPLE_RATE,
        offset_hz: 0,
        driver,
    })
}

/// Where some challenges were named and all of them are right, nothing else in the file matters.
fn taken(reading: Reading, arguments: &Arguments) -> Result<(Event, Vec<Remark>), Refused> {
    let is_right = |name: &String| reading.event.challenges.iter().any(|new| new.spec.name.as_str() == name);
    let named = !arguments.names.is_empty() && arguments.names.iter().all(is_right);
    match (named, arguments.keep_going) {
        (true, _) => Ok((in_order(reading.event, &arguments.names), Vec::new())),
        (false, true) => reading.sound(),
        (false, false) => reading.whole().map(|event| (event, Vec::new())),
    }
}

/// The challenges in the order in which they were named.
fn in_order(mut event: Event, names: &[String]) -> Event {
    event.challenges.sort_by_key(|challenge| names.iter().position(|name| name == challenge.spec.name.as_str()));
    event
}

fn all_there(known: &[String], names: &[String]) -> anyhow::Result<()> {
    let Some(name) = names.iter().find(|name| !known.contains(name)) else { return Ok(()) };
    match closest(name, known.iter().map(String::as_str)) {
        Some(meant) => bail!("there is no challenge {name:?}; did you mean {meant:?}?"),
        None => bail!("there is no challenge {name:?}; there are {}", known.join(", ")),
    }
}

/// What went on air.
struct Sent {
    frequency: Frequency,
}

impl Sent {
    fn people(&self, challenge: &Challenge, radio: &RadioConfig) -> String {
        let (spec, frequency) = (&challenge.spec, self.frequency);
        let what = format!("{}: {} on {frequency}, {:.1} s", spec.name, spec.modulation, challenge.duration);
        match radio.driver.recordings() {
            Some(dir) => format!("{what}, recorded in {}", dir.join(format!("{}.sigmf-meta", spec.name)).display()),
            None => what,
        }
    }

    fn programs(&self, challenge: &Challenge, radio: &RadioConfig) -> serde_json::Value {
        let spec = &challenge.spec;
        let file = |ending| radio.driver.recordings().map(|dir| dir.join(format!("{}.{ending}", spec.name)));
        json!({
            "challenge": spec.name,
            "status": "success",
            "modulation": spec.modulation,
            "frequency": self.frequency,
            "duration": challenge.duration,
            "radio": radio.id,
            "meta": file("sigmf-meta"),
            "data": file("sigmf-data"),
        })
    }
}

async fn send(challenge: &Challenge, radio: &RadioConfig, config: &Config) -> anyhow::Result<Sent> {
    let spec = &challenge.spec;
    let frequency = draw(challenge, &radio.frequency_limits, &config.frequency_rules)?;
    let source = match (&spec.flag, &challenge.file) {
        (Flag::Text(text), _) => Source::Text(text.clone()),
        (Flag::File(file), Some(path)) => Source::File { path: std::path::absolute(path)?, name: file.path.clone() },
        (Flag::File(file), None) => bail!("{} is not there", file.path),
    };
    let configured = config.radio(radio.id.as_str()).is_some();
    let job = Job {
        radio: radio.clone(),
        lock: configured.then(|| config.lock_file(&radio.id)),
        challenge: spec.name.clone(),
        title: Title::Challenge,
        frequency,
        modulation: spec.modulation.clone(),
        parameters: spec.parameters.clone(),
        source,
    };
    let (_hold, standing) = tokio::sync::watch::channel(Standing::Transmit(Deadline::NEVER));
    match watch(&this_program(), &job, config.watchdog(), standing, |_| ()).await.verdict {
        Verdict::Success => Ok(Sent { frequency }),
        Verdict::Failed(error) | Verdict::Aborted(error) => bail!(error),
    }
}

/// A nominal frequency for this time, such that the whole signal lies within the challenge's bands, the radio's limits
/// and the band plan, and touches nothing that is protected.
fn draw(challenge: &Challenge, limits: &[Band], rules: &FrequencyRules) -> anyhow::Result<Frequency> {
    let tuning = &challenge.spec.tuning;
    if let challengectl_common::Tuning::Frequency(frequency) = tuning {
        return Ok(*frequency);
    }
    let span = OccupiedSpan::new(&challenge.occupied_bandwidth);
    let bands = tuning.bands();
    let free = FrequencySet::of(&bands).within(&bands, span).within(limits, span).permitted(rules, span);
    free.draw(|below| rand::random_range(0..below))
        .context("no frequency of its ranges lies within the radio's limits and frequency_rules")
}
