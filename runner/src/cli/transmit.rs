//! `transmit`.

use super::output::Output;
use crate::config::{Config, DEFAULT_SAMPLE_RATE, RadioConfig};
use crate::radio::{Driver, Title};
use crate::transmit::watch::this_program;
use crate::transmit::{Deadline, Job, Source, Standing, Verdict, watch};
use anyhow::{Context, anyhow, bail};
use challengectl_common::{Band, Flag, Frequency, RadioId, closest};
use challengectl_event::Challenge;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The event file: challenges.yml, an older server-config.yml, or a legacy flags CSV
    file: PathBuf,
    /// The challenges to send; by default all of them
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Where files of challenges are looked up; by default beside the event file
    #[arg(long, value_name = "DIR")]
    base: Option<PathBuf>,
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
    let event = challengectl_event::read(&arguments.file, arguments.base.as_deref())?;
    let radio = radio(arguments, config)?;
    let challenges = choose(&event.challenges, &arguments.names)?;
    for remark in &event.remarks {
        eprintln!("{remark}");
    }
    let runtime = super::runtime()?;
    let mut code = ExitCode::SUCCESS;
    for challenge in challenges {
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

fn choose<'a>(challenges: &'a [Challenge], names: &[String]) -> anyhow::Result<Vec<&'a Challenge>> {
    if names.is_empty() {
        return Ok(challenges.iter().collect());
    }
    let find = |name: &String| {
        let known = || challenges.iter().map(|challenge| challenge.spec.name.as_str());
        challenges.iter().find(|challenge| challenge.spec.name.as_str() == name).ok_or_else(|| {
            match closest(name, known()) {
                Some(meant) => anyhow!("there is no challenge {name:?}; did you mean {meant:?}?"),
                None => anyhow!("there is no challenge {name:?}; there are {}", known().collect::<Vec<_>>().join(", ")),
            }
        })
    };
    names.iter().map(find).collect()
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
    let frequency = draw(challenge, &radio.frequency_limits)?;
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

/// A nominal frequency for this time, such that the whole signal lies within the challenge's bands and the radio's
/// limits.
fn draw(challenge: &Challenge, limits: &[Band]) -> anyhow::Result<Frequency> {
    let tuning = &challenge.spec.tuning;
    if let challengectl_common::Tuning::Frequency(frequency) = tuning {
        return Ok(*frequency);
    }
    let below = -challenge.occupied_bandwidth.start.min(0.0).floor() as u64;
    let above = challenge.occupied_bandwidth.end.max(0.0).ceil() as u64;
    let room = |band: Band| Band::new(band.low().checked_add(below)?, band.high().checked_sub(above)?);
    let bands: Vec<Band> = tuning
        .bands()
        .into_iter()
        .flat_map(|band| match limits {
            [] => vec![Some(band)],
            limits => limits.iter().map(|limit| band.intersection(limit)).collect(),
        })
        .filter_map(|band| room(band?))
        .collect();
    // Every hertz is as likely as every other.
    let total: u64 = bands.iter().map(|band| band.width() + 1).sum();
    let mut at = if total == 0 { 0 } else { rand::random_range(0..total) };
    for band in bands {
        if at <= band.width() {
            return Frequency::from_hz(band.low() + at).context("the range begins at 0 Hz");
        }
        at -= band.width() + 1;
    }
    bail!("no frequency of its ranges lies within the radio's limits")
}
