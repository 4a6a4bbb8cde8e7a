//! A radio that sends nothing: for rehearsals and measurements.

use super::pace::Pacer;
use super::{Radio, Tuning};
use challengectl_waveform::Complex32;
use serde::{Deserialize, Serialize};

/// The keys of the driver `null`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Whether a transmission takes as long as on air, instead of running as fast as possible.
    #[serde(default)]
    pub paced: bool,
    /// Whether it takes work from a server, although nothing is then on air. Otherwise only `transmit` uses it.
    #[serde(default)]
    pub takes_work: bool,
}

impl super::Settings for Settings {
    fn unconfigured() -> Option<Self> {
        Some(Self { paced: false, takes_work: false })
    }

    fn open(&self, tuning: &Tuning) -> anyhow::Result<Box<dyn Radio>> {
        Ok(Box::new(Null { pacer: Pacer::new(self.paced, tuning.sample_rate) }))
    }

    fn sends_nothing(&self) -> bool {
        true
    }

    fn refuses_work(&self) -> Option<&'static str> {
        (!self.takes_work).then_some("it sends nothing, and takes work only with `takes_work: true`")
    }

    fn pace(&mut self) {
        self.paced = true;
    }
}

/// Puts quotes around the driver's name: people write `null`, which in YAML is not a string.
pub(crate) fn with_quoted_name(settings: &str) -> String {
    settings.replace("driver: null", "driver: \"null\"")
}

struct Null {
    pacer: Pacer,
}

impl Radio for Null {
    fn start(&mut self) -> anyhow::Result<()> {
        self.pacer.start();
        Ok(())
    }

    fn write(&mut self, samples: &[Complex32]) -> anyhow::Result<()> {
        self.pacer.wait(samples.len());
        Ok(())
    }

    fn stop(&mut self) -> anyhow::Result<()> {
        Ok(())
    }
}
