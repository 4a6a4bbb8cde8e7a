//! `transmit`.

mod frequency;

use super::output::Output;
use crate::config::{Config, RadioConfig};
use crate::process::clock::{Deadline, Moment};
use crate::process::this_program;
use crate::radio::{Driver, RecordingName};
use crate::transmit::{Children, Job, Payload, Rest, Stage, Standing, Station, Verdict};
use anyhow::bail;
use challengectl_common::challenge::Kind;
use challengectl_common::{self as common, Frequency, RadioId, closest};
use challengectl_event::{Challenge, Event, Reader, Reading, Refused, Remark, well_known_ranges};
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// The exit status if some challenges were sent and others left out.
const PARTIAL: u8 = 3;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The event file: challenges.yml, an older server-config.yml, or a legacy flags CSV
    file: PathBuf,
    /// The challenges to send; by default all of them. The rest of the file is not checked
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// The folder of the challenges' files; by default that of the event file
    #[arg(long, value_name = "DIR")]
    base: Option<PathBuf>,
    /// Send the valid challenges, also when others of the file are invalid
    ///
    /// Lists what was left out, and then exits with status 3, as `challengectl-server import` does.
    #[arg(long)]
    keep_going: bool,
    /// A radio of the configuration, or a driver that needs none, such as `file` or `null`
    #[arg(long, value_name = "RADIO", default_value = "file")]
    radio: String,
    /// The folder for recordings
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Take as long as on air, even with a radio without its own clock
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
    let ranges =
        well_known_ranges().chain(event.ranges.iter().cloned()).map(|range| (range.name, range.band)).collect();
    let radio = radio.within(&ranges).map_err(anyhow::Error::msg)?;
    for remark in problems.iter().chain(&event.remarks) {
        eprintln!("{remark}");
    }
    let runtime = super::runtime()?;
    let mut code = if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(PARTIAL) };
    let children = Children::new(&this_program(), config.timeouts());
    let mut sender = Sender { rest: Rest::of(&radio, config), radio, config, children: &children, identified: None };
    for challenge in &event.challenges {
        let sent = runtime.block_on(sender.send(challenge));
        let radio = &sender.radio;
        let name = &challenge.spec.name;
        match sent {
            Ok(sent) => output.print(&sent.people(challenge, radio), &sent.programs(challenge, radio)),
            Err(error) => {
                code = ExitCode::FAILURE;
                eprintln!("{name}: {error:#}");
                if output.json {
                    output.print("", &json!({"challenge": name, "status": "failed", "error": format!("{error:#}")}));
                }
            }
        }
    }
    runtime.block_on(children.release());
    Ok(code)
}

fn radio(arguments: &Arguments, config: &Config) -> anyhow::Result<RadioConfig> {
    let mut radio = match config.radio(&arguments.radio) {
        Some(radio) => radio.clone(),
        None => unconfigured(&arguments.radio)?,
    };
    let settings = radio.driver.settings_mut();
    if arguments.paced {
        settings.pace();
    }
    match &arguments.out {
        Some(out) if !settings.record_in(out) => bail!("radio {} makes no recordings; leave out --out", radio.id),
        _ => Ok(radio),
    }
}

/// Returns the radio of a driver that needs no configuration.
fn unconfigured(name: &str) -> anyhow::Result<RadioConfig> {
    let drivers = Driver::unconfigured();
    let names: Vec<_> = drivers.iter().map(|driver| format!("`{}`", driver.name())).collect();
    let Some(driver) = drivers.into_iter().find(|driver| driver.name() == name) else {
        bail!("no radio {name:?} is configured; without a configuration there are {}", names.join(" and "))
    };
    Ok(RadioConfig::with_defaults(RadioId::new(name)?, driver))
}

/// Returns the challenges to send, and the problems that `--keep-going` ignores. If challenges are named and all of
/// these are valid, the rest of the file does not matter.
fn taken(reading: Reading, arguments: &Arguments) -> Result<(Event, Vec<Remark>), Refused> {
    let is_valid = |name: &String| reading.event.challenges.iter().any(|new| new.spec.name.as_str() == name);
    let named = !arguments.names.is_empty() && arguments.names.iter().all(is_valid);
    match (named, arguments.keep_going) {
        (true, _) => Ok((in_order(reading.event, &arguments.names), Vec::new())),
        (false, true) => reading.sound(),
        (false, false) => reading.whole().map(|event| (event, Vec::new())),
    }
}

/// Sorts the challenges into the order in which they were named.
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

/// A challenge that was sent.
struct Sent {
    frequency: Frequency,
}

impl Sent {
    fn people(&self, challenge: &Challenge, radio: &RadioConfig) -> String {
        let (spec, frequency) = (&challenge.spec, self.frequency);
        let Kind::Transmission(transmission) = &spec.kind;
        let what = format!("{}: {} on {frequency}, {:.1} s", spec.name, transmission.modulation, challenge.duration);
        match radio.driver.settings().recording(&spec.name) {
            Some(files) => format!("{what}, recorded in {}", files.meta.display()),
            None => what,
        }
    }

    fn programs(&self, challenge: &Challenge, radio: &RadioConfig) -> serde_json::Value {
        let spec = &challenge.spec;
        let Kind::Transmission(transmission) = &spec.kind;
        let files = radio.driver.settings().recording(&spec.name);
        json!({
            "challenge": spec.name,
            "status": "success",
            "modulation": transmission.modulation,
            "frequency": self.frequency,
            "duration": challenge.duration,
            "radio": radio.id,
            "meta": files.as_ref().map(|files| &files.meta),
            "data": files.as_ref().map(|files| &files.data),
        })
    }
}

/// A radio that sends one challenge after another.
struct Sender<'a> {
    radio: RadioConfig,
    config: &'a Config,
    children: &'a Children,
    rest: Rest,
    /// When it last identified its station.
    identified: Option<Moment>,
}

impl Sender<'_> {
    async fn send(&mut self, challenge: &Challenge) -> anyhow::Result<Sent> {
        let (radio, config) = (&self.radio, self.config);
        let (spec, frequency) =
            (&challenge.spec, frequency::draw(challenge, &radio.frequency_limits, &config.frequency_rules)?);
        let Kind::Transmission(transmission) = &spec.kind;
        let job = Job {
            radio: radio.clone(),
            lock: config.radio(radio.id.as_str()).map(|radio| config.lock_file(&radio.id)),
            challenge: spec.name.clone(),
            recording: RecordingName::Challenge,
            frequency,
            modulation: transmission.modulation.clone(),
            parameters: transmission.parameters.clone(),
            payload: payload(challenge)?,
            station: Station::of(config, self.identified),
        };
        self.take_rest().await;
        let begin = |stage| {
            if let Stage::OnAir { samples: 0, length } = stage {
                self.rest.begin(length.duration());
            }
        };
        let (_hold, standing) = tokio::sync::watch::channel(Standing::Transmit(Deadline::NEVER));
        let ended = self.children.carry_out(&job, standing, begin).await;
        self.rest.end().await;
        if ended.identified {
            self.identified = Some(Moment::now());
        }
        match ended.verdict {
            Verdict::Success => Ok(Sent { frequency }),
            Verdict::Failed(error) | Verdict::RadioFailed(error) | Verdict::Aborted(error) => bail!(error),
        }
    }

    async fn take_rest(&self) {
        let left = self.rest.remaining();
        if left > Duration::ZERO {
            eprintln!("radio {} rests for {:.1} s, by its duty_cycle", self.radio.id, left.as_secs_f64());
            tokio::time::sleep(left).await;
        }
    }
}

fn payload(challenge: &Challenge) -> anyhow::Result<Payload> {
    let Kind::Transmission(transmission) = &challenge.spec.kind;
    match (&transmission.payload, &challenge.file) {
        (common::Payload::Text(text), _) => Ok(Payload::Text(text.clone())),
        (common::Payload::File(file), Some(path)) => {
            Ok(Payload::File { path: std::path::absolute(path)?, name: file.path.clone() })
        }
        (common::Payload::File(file), None) => bail!("{} does not exist", file.path),
    }
}
