//! A server, and a runner whose eight radios transmit into its own air.

use super::ears::Ears;
use crate::load::long_audio::write_tone;
use crate::operator::Operator;
use crate::programs::{Process, program};
use crate::site::{Site, Times, wait_until};
use crate::stops::ON_AIR;
use anyhow::{Context, Result};
use std::net::SocketAddr;
use std::process::Command;

/// Radios of the runner, and challenges that keep them busy.
pub(super) const RADIOS: u64 = 8;

/// Where the air is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Served {
    /// By the runner itself.
    InProcess,
    /// By a process of its own, which outlives the runner.
    Apart,
}

pub(super) struct Place {
    pub(super) site: Site,
    pub(super) operator: Operator,
    pub(super) ears: Ears,
    _air: Option<Process>,
}

impl Place {
    /// Starts all of it; each signal takes so many seconds. `settings` are keys of `air:` in flow style.
    pub(super) async fn start(served: Served, times: Times, seconds: u32, settings: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        write_tone(&folder.path().join("tone.wav"), seconds)?;
        let event = folder.path().join("challenges.yml");
        std::fs::write(&event, event_of_carriers())?;
        let mut site = Site::new(&event, None, times)?;
        site.start_server()?;
        let operator = Operator::set_up(&site).await?;
        let mut yaml = format!("state_dir: {}\nair: {{{settings}}}\nradios:\n", site.path("roof").display());
        for number in 0..RADIOS {
            yaml.push_str(&format!("  - {{id: r{number}, driver: air, sample_rate: 250000}}\n"));
        }
        let url = site.url().to_owned();
        site.enroll_runner(&url, "roof", &yaml)?;
        let socket = site.path("roof/air.sock");
        let air = match served {
            Served::Apart => {
                let mut command = Command::new(program("challengectl-runner")?);
                let air = command.arg("air").env("CHALLENGECTL_CONFIG", site.path("roof.yml"));
                let air = Process::start(air, &site.path("air.log"))?;
                wait_until("the air is served", ON_AIR, || Ok(socket.exists()))?;
                Some(air)
            }
            Served::InProcess => None,
        };
        site.start_runners()?;
        wait_until("the air is served", ON_AIR, || Ok(socket.exists())).with_context(|| site.log("roof.log"))?;
        let ears = Ears::open(&socket, (0..RADIOS).map(frequency))?;
        let place = Self { site, operator, ears, _air: air };
        place.all_on_air()?;
        Ok(place)
    }

    pub(super) fn all_on_air(&self) -> Result<()> {
        let on_air = wait_until("all radios are on air", ON_AIR, || Ok(self.ears.all_on()));
        on_air.with_context(|| self.site.log("roof.log"))
    }

    /// Returns the address after this text in the log of the runner.
    pub(super) fn address(&self, text: &str) -> Result<SocketAddr> {
        let log = self.site.log("roof.log");
        let after = log.split_once(text).with_context(|| format!("{text:?} is not in:\n{log}"))?.1;
        let address = after.trim_start_matches("http://").trim_start_matches("tcp://");
        let end = address.find(|letter: char| !letter.is_ascii_digit() && !".:".contains(letter));
        Ok(address.get(..end.unwrap_or(address.len())).unwrap_or_default().trim_end_matches('.').parse()?)
    }
}

fn frequency(number: u64) -> u64 {
    433_100_000 + 100_000 * number
}

/// A steady carrier for each radio, back at once when it ends.
fn event_of_carriers() -> String {
    let challenge = |number| {
        let frequency = frequency(number);
        format!("  - {{name: C{number}, modulation: nbfm, frequency: {frequency}, file: tone.wav}}\n")
    };
    let challenges: String = (0..RADIOS).map(challenge).collect();
    format!("defaults: {{min_delay: 0.1, max_delay: 0.2}}\nchallenges:\n{challenges}")
}
