//! A radio of the virtual air, which receivers tune into over the network.

use super::{Radio, Tuning};
use anyhow::{Context, bail, ensure};
use challengectl_air::sources::{Address, Key, Transmitter};
use challengectl_air::spectrum::{RATE_STEP, RATES, Transmission};
use challengectl_waveform::Complex32;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The socket of a runner's own air, in its state folder.
const SOCKET: &str = "air.sock";

/// The keys of such a radio in `runner.yml`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The air of another host, `HOST:PORT`; `None`: the runner's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The file with the key of that air's transmitters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// The socket of the air of this host; by default that of the runner's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socket: Option<PathBuf>,
}

impl Settings {
    /// Returns whether it transmits into the runner's own air.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.server.is_none()
    }

    fn address(&self) -> anyhow::Result<Address> {
        let Some(server) = &self.server else {
            let socket = self.socket.clone().context("no socket of an air is known; set socket")?;
            return Ok(Address::Socket(socket));
        };
        let file = self.key_file.as_deref();
        let file = file.context("an air of another host takes nothing without its key; set key_file")?;
        Ok(Address::Server(server.clone(), Key::read(file)?))
    }
}

/// Returns the socket of the air of a runner with this state folder.
#[must_use]
pub fn own_socket(state: &Path) -> PathBuf {
    state.join(SOCKET)
}

impl super::Settings for Settings {
    fn unconfigured() -> Option<Self> {
        None
    }

    fn open(&self, tuning: &Tuning) -> anyhow::Result<Box<dyn Radio>> {
        let rate = u32::try_from(tuning.sample_rate).unwrap_or(u32::MAX);
        ensure!(
            RATES.contains(&rate) && rate.is_multiple_of(RATE_STEP),
            "{} samples per second: the air takes multiples of {RATE_STEP} from {} to {}; set sample_rate",
            tuning.sample_rate,
            RATES.start(),
            RATES.end()
        );
        let transmission = Transmission {
            challenge: tuning.challenge.to_string(),
            centre_hz: tuning.centre.hz() as f64,
            nominal_hz: tuning.nominal.hz() as f64,
            rate,
        };
        let address = self.address()?;
        let transmitter = Transmitter::connect(&address, &transmission);
        let transmitter = transmitter.with_context(|| match &address {
            Address::Socket(path) => format!(
                "no air answers at {}; `challengectl-runner run` or `challengectl-runner air` must run on this host",
                path.display()
            ),
            Address::Server(server, _) => format!(
                "no air takes the transmission at {server}; `challengectl-runner air` must run there, with transmitters and \
                 the same key_file"
            ),
        })?;
        Ok(Box::new(Air { transmitter: Some(transmitter), left: tuning.samples }))
    }

    fn resolve(&mut self, folder: &Path) {
        for path in [&mut self.key_file, &mut self.socket].into_iter().flatten() {
            *path = folder.join(&*path);
        }
    }

    fn settle(&mut self, state: &Path) {
        if self.is_own() {
            self.socket.get_or_insert_with(|| own_socket(state));
        }
    }
}

struct Air {
    /// `None` once the carrier is off.
    transmitter: Option<Transmitter>,
    /// Samples of the signal that are not written yet.
    left: u64,
}

impl Radio for Air {
    /// Does nothing: the carrier goes on with the first sample.
    fn start(&mut self) -> anyhow::Result<()> {
        Ok(())
    }

    fn write(&mut self, samples: &[Complex32]) -> anyhow::Result<()> {
        let Some(transmitter) = &mut self.transmitter else { bail!("the carrier is off") };
        transmitter.send(samples).context("the air")?;
        self.left = self.left.saturating_sub(samples.len() as u64);
        Ok(())
    }

    /// Turns the carrier off: at once if samples are missing, else after the last one, at most 80 ms later.
    fn stop(&mut self) -> anyhow::Result<()> {
        let Some(transmitter) = self.transmitter.take() else { return Ok(()) };
        let ended = if self.left == 0 { transmitter.finish() } else { transmitter.cut() };
        ended.context("the air has not confirmed that the carrier is off; its connection is closed, which cuts it")
    }
}
