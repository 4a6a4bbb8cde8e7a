//! The rest that a radio with a duty cycle takes after each time on air, also over a restart of the runner.

use crate::config::{Config, RadioConfig};
use crate::process::clock::{Deadline, Moment};
use challengectl_common::{DutyCycle, Timestamp};
use challengectl_host::durable::{self, Readers};
use fs_err as fs;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// When a radio may be on air again.
#[derive(Debug)]
pub struct Rest {
    /// `None`: it never rests.
    duty_cycle: Option<DutyCycle>,
    file: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    until: Deadline,
    /// When the carrier came on, while it is on.
    on_air_since: Option<Moment>,
}

/// What the file holds. The boot clock of another start of the host means nothing.
#[derive(Debug, Serialize, Deserialize)]
struct Remembered {
    until: Timestamp,
    /// The whole rest: more is never left, however the clock was set.
    rest_ms: u64,
}

impl Rest {
    /// Takes up the rest that the radio's last transmission has left.
    #[must_use]
    pub fn of(radio: &RadioConfig, config: &Config) -> Self {
        let file = config.rest_file(&radio.id);
        let left = radio.duty_cycle.map(|_| left(&file)).unwrap_or_default();
        let state = State { until: Moment::now().lasting(left), on_air_since: None };
        Self { duty_cycle: radio.duty_cycle, file, state: Mutex::new(state) }
    }

    /// Returns how long the radio still rests.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.state.lock().until.remaining()
    }

    /// Has the radio rest after a transmission that begins now and is planned to be on air for so long: a runner that is
    /// killed meanwhile must find its rest.
    pub fn begin(&self, planned: Duration) {
        self.state.lock().on_air_since = Some(Moment::now());
        self.owe(planned, planned);
    }

    /// Has the radio rest for what it was on air since [`Self::begin`]; nothing, if it was not.
    pub fn end(&self) {
        let since = self.state.lock().on_air_since.take();
        if let Some(since) = since {
            self.owe(Duration::ZERO, since.elapsed());
        }
    }

    /// The rest for a time `on_air` that is over in `left`.
    fn owe(&self, left: Duration, on_air: Duration) {
        let Some(duty_cycle) = self.duty_cycle else { return };
        let rest = duty_cycle.rest_after(on_air);
        self.state.lock().until = Moment::now().lasting(left + rest);
        if let Err(error) = remember(&self.file, left, rest) {
            tracing::warn!("the rest of a radio cannot be stored, and a restart would forget it: {error}");
        }
    }
}

fn remember(file: &Path, left: Duration, rest: Duration) -> io::Result<()> {
    let rest_ms = u64::try_from((left + rest).as_millis()).unwrap_or(u64::MAX);
    let remembered = Remembered { until: Timestamp::now().after(left + rest), rest_ms };
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    durable::replace(file, &serde_json::to_vec(&remembered)?, Readers::Umask)
}

/// What is left of the rest that a file remembers; none without a file, or with one that is damaged.
fn left(file: &Path) -> Duration {
    let read = || serde_json::from_slice::<Remembered>(&fs::read(file).ok()?).ok();
    read().map_or(Duration::ZERO, |it| it.until.since(Timestamp::now()).min(Duration::from_millis(it.rest_ms)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rest(folder: &Path, duty_cycle: &str) -> Rest {
        let text = format!("state_dir: state\nradios: [{{id: a, driver: \"null\"{duty_cycle}}}]\n");
        let mut config = Config::parse(&text, "runner.yml", None).unwrap();
        config.state_dir = folder.join("state");
        Rest::of(config.radio("a").unwrap(), &config)
    }

    fn seconds(rest: &Rest) -> u64 {
        rest.remaining().as_secs_f64().round() as u64
    }

    #[test]
    fn a_runner_that_is_killed_on_air_rests_as_if_all_had_been_sent() {
        let folder = tempfile::tempdir().unwrap();
        let half = ", duty_cycle: 0.5";
        rest(folder.path(), half).begin(Duration::from_secs(100));
        assert_eq!(seconds(&rest(folder.path(), half)), 200);
        // Without a duty cycle there is nothing to remember.
        assert_eq!(seconds(&rest(folder.path(), "")), 0);
    }

    #[test]
    fn a_transmission_that_is_cut_costs_only_what_was_on_air() {
        let folder = tempfile::tempdir().unwrap();
        let rest = rest(folder.path(), ", duty_cycle: 0.01");
        rest.end();
        assert_eq!(seconds(&rest), 0);
        rest.begin(Duration::from_secs(100));
        rest.end();
        assert!(seconds(&rest) < 100, "{:?}", rest.remaining());
    }

    #[test]
    fn a_clock_that_was_set_back_makes_no_rest_longer() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.rest");
        let until = Timestamp::now().after(Duration::from_secs(1_000_000));
        fs::write(&file, serde_json::to_vec(&Remembered { until, rest_ms: 5_000 }).unwrap()).unwrap();
        assert_eq!(left(&file), Duration::from_secs(5));
        fs::write(&file, b"{").unwrap();
        assert_eq!(left(&file), Duration::ZERO);
    }
}
