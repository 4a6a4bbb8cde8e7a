//! A radio that sends nothing: for rehearsals and measurements.

use super::pace::Pacer;
use super::{Radio, RadioError, Tuning};
use challengectl_waveform::Complex32;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What `runner.yml` says of such a radio.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// As long as on air, rather than as fast as the host can.
    #[serde(default)]
    pub paced: bool,
    /// It may be handed what others would put on air. Otherwise only `transmit` uses it.
    #[serde(default)]
    pub takes_work: bool,
}

impl Settings {
    #[expect(clippy::unused_self, clippy::needless_pass_by_ref_mut, reason = "every driver has one")]
    pub(super) fn resolve(&mut self, _folder: &Path) {}

    #[expect(clippy::unnecessary_wraps, reason = "other drivers can fail")]
    pub(super) fn open(&self, tuning: &Tuning) -> Result<impl Radio + 'static, RadioError> {
        Ok(Null { pacer: Pacer::new(self.paced, tuning.sample_rate) })
    }
}

struct Null {
    pacer: Pacer,
}

impl Radio for Null {
    fn start(&mut self) -> Result<(), RadioError> {
        self.pacer.start();
        Ok(())
    }

    fn write(&mut self, samples: &[Complex32]) -> Result<(), RadioError> {
        self.pacer.wait(samples.len());
        Ok(())
    }

    fn stop(&mut self) -> Result<(), RadioError> {
        Ok(())
    }
}
