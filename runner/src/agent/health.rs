//! The health of radios. One that fails several times in a row is taken out: the server is told that it takes no work, and
//! why. It is tried again, with growing pauses.

use super::Agent;
use crate::config::{Config, RadioConfig};
use crate::process::lock::is_taken;
use crate::process::this_program;
use crate::transmit::{Verdict, errand, was_left_open};
use challengectl_common::RadioId;
use challengectl_common::wire::FailedRadio;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// Failures in a row after which a radio is taken out.
const MAX_FAILURES: u32 = 3;

/// The first pause before a radio is tried again, and the maximum.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const MAX_PAUSE: Duration = Duration::from_secs(300);

/// The maximum length of a reason, by the server's limit.
const MAX_REASON_CHARS: usize = 250;

#[derive(Default)]
pub(super) struct Health {
    radios: Mutex<BTreeMap<RadioId, State>>,
}

#[derive(Default)]
struct State {
    /// The number of failures in a row.
    failures: u32,
    /// The pause before the next try; `None`: [`FIRST_PAUSE`].
    pause: Option<Duration>,
    /// The last failure, if it is taken out.
    out: Option<String>,
}

impl Health {
    /// Returns the radios that are taken out.
    pub(super) fn failed_radios(&self) -> Vec<FailedRadio> {
        let radios = self.radios.lock();
        let out = radios.iter().filter_map(|(id, state)| Some((id, state.out.as_ref()?)));
        out.map(|(id, why)| FailedRadio { id: id.clone(), reason: why.chars().take(MAX_REASON_CHARS).collect() })
            .collect()
    }

    /// Returns why a radio takes no work; `None` if it does.
    pub(super) fn why_out(&self, radio: &RadioId) -> Option<String> {
        let radios = self.radios.lock();
        let why = radios.get(radio)?.out.as_ref()?;
        Some(format!("radio {radio} is taken out, since it fails: {why}"))
    }

    /// Counts the end of a transmission. Returns whether the radio must be taken out.
    fn count(&self, radio: &RadioId, verdict: &Verdict) -> bool {
        let mut radios = self.radios.lock();
        let state = radios.entry(radio.clone()).or_default();
        match verdict {
            Verdict::Success => *state = State::default(),
            Verdict::RadioFailed(why) => {
                state.failures += 1;
                if state.failures >= MAX_FAILURES && state.out.is_none() {
                    state.out = Some(why.clone());
                    return true;
                }
            }
            // Not caused by the radio.
            Verdict::Failed(_) | Verdict::Aborted(_) => {}
        }
        false
    }

    /// Returns the pause before the next try, and makes the one after it longer.
    fn next_pause(&self, radio: &RadioId) -> Duration {
        let mut radios = self.radios.lock();
        let state = radios.entry(radio.clone()).or_default();
        let pause = state.pause.unwrap_or(FIRST_PAUSE);
        state.pause = Some((pause * 2).min(MAX_PAUSE));
        pause
    }

    /// Takes a radio in again. One more failure takes it out.
    fn take_in(&self, radio: &RadioId) {
        if let Some(state) = self.radios.lock().get_mut(radio) {
            state.failures = MAX_FAILURES - 1;
            state.out = None;
        }
    }
}

/// Counts the end of a transmission, and takes out a radio that has failed too often.
pub(super) fn record(agent: &Arc<Agent>, radio: &RadioId, verdict: &Verdict) {
    if !agent.health.count(radio, verdict) {
        return;
    }
    let why = agent.health.why_out(radio).unwrap_or_default();
    tracing::error!("{why}; it is tried again by itself");
    // Registering tells the server.
    agent.unlink();
    let (agent, radio) = (Arc::clone(agent), radio.clone());
    tokio::spawn(async move { try_again(&agent, &radio).await });
}

/// Waits until the radio works again, as far as can be checked without a carrier, and takes it in.
async fn try_again(agent: &Agent, radio: &RadioId) {
    let Some(config) = agent.config.radio(radio.as_str()) else { return };
    loop {
        sleep(agent.health.next_pause(radio)).await;
        match errand::probe(&this_program(), config, agent.config.timeouts().open).await {
            Ok(()) => break,
            Err(error) => tracing::info!("radio {radio} still fails: {error}"),
        }
    }
    agent.health.take_in(radio);
    tracing::warn!("radio {radio} works again");
    agent.unlink();
}

/// Silences the devices that were open when their process was killed in an earlier life of this runner.
pub(super) async fn silence_left_open(config: &Config) {
    let mut silencing = JoinSet::new();
    for radio in config.radios.iter().filter(|radio| was_left_open(&config.lock_file(&radio.id))) {
        let (radio, file, limit) = (radio.clone(), config.lock_file(&radio.id), config.timeouts().open);
        silencing.spawn(async move { silence(&radio, &file, limit).await });
    }
    silencing.join_all().await;
}

async fn silence(radio: &RadioConfig, lock: &Path, limit: Duration) {
    // A process that has outlived the agent closes the device by itself.
    let began = Instant::now();
    while is_taken(lock) && began.elapsed() < limit {
        sleep(Duration::from_millis(50)).await;
    }
    if !was_left_open(lock) {
        return;
    }
    match errand::silence(&this_program(), radio, Some(lock), limit).await {
        Ok(()) => tracing::warn!("radio {}: was open when its process was killed; it is silent now", radio.id),
        Err(error) => tracing::error!("radio {}: may still transmit from before: {error}; unplug it", radio.id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_radio_is_out_after_three_failures_in_a_row_and_tried_after_growing_pauses() {
        let (health, radio) = (Health::default(), RadioId::new("roof").unwrap());
        let failed = Verdict::RadioFailed("it is gone".to_owned());
        assert!(!health.count(&radio, &failed) && !health.count(&radio, &failed));
        assert!(!health.count(&radio, &Verdict::Success));
        assert!(!health.count(&radio, &failed) && !health.count(&radio, &failed));
        assert!(!health.count(&radio, &Verdict::Aborted("by order".to_owned())));
        assert!(health.why_out(&radio).is_none());
        assert!(health.count(&radio, &failed));
        assert_eq!(health.failed_radios()[0].reason, "it is gone");
        let pauses: Vec<_> = (0..10).map(|_| health.next_pause(&radio).as_secs()).collect();
        assert_eq!(pauses, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        health.take_in(&radio);
        assert!(health.failed_radios().is_empty());
        assert!(health.count(&radio, &failed), "one more failure is enough");
    }
}
