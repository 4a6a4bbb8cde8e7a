//! The rest of a radio with a duty cycle after each transmission. It survives a restart of the runner.

use crate::config::{Config, RadioConfig};
use crate::process::clock::{Deadline, Moment};
use challengectl_common::{DutyCycle, Timestamp};
use challengectl_host::durable::{self, Readers};
use fs_err as fs;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// The rest of a radio, in memory and on disk.
#[derive(Debug)]
pub struct Rest {
    /// `None`: the radio never rests.
    duty_cycle: Option<DutyCycle>,
    /// When the carrier came on, while it is on.
    on_air_since: Mutex<Option<Moment>>,
    kept: Arc<Kept>,
}

/// The end of the rest, and the file that holds it.
#[derive(Debug)]
struct Kept {
    until: Mutex<Deadline>,
    /// The lock serialises writing, so that the file holds the latest end.
    file: Mutex<PathBuf>,
}

/// The content of the file. It has the time of day, since the boot clock begins anew with each start of the host.
#[derive(Debug, Serialize, Deserialize)]
struct Remembered {
    until: Timestamp,
    /// The rest that was left: a clock that is set back makes it no longer.
    rest_ms: u64,
}

impl Rest {
    /// Reads the rest that is left from the last life of the runner.
    #[must_use]
    pub fn of(radio: &RadioConfig, config: &Config) -> Self {
        let file = config.rest_file(&radio.id);
        let left = radio.duty_cycle.map(|_| left(&file)).unwrap_or_default();
        let kept = Kept { until: Mutex::new(Moment::now().lasting(left)), file: Mutex::new(file) };
        Self { duty_cycle: radio.duty_cycle, on_air_since: Mutex::default(), kept: Arc::new(kept) }
    }

    /// Returns the time until the end of the rest.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.kept.until.lock().remaining()
    }

    /// Sets the rest after a transmission that begins now and is planned to be on air for `planned`: a runner that is
    /// killed meanwhile must find it. To be called in a runtime of Tokio.
    pub fn begin(&self, planned: Duration) {
        *self.on_air_since.lock() = Some(Moment::now());
        // Not waited for: a disk that hangs must not delay a stop.
        drop(self.owe(planned, planned));
    }

    /// Sets the rest for the time on air since [`Self::begin`]; does nothing if the radio was not on air.
    pub async fn end(&self) {
        let since = self.on_air_since.lock().take();
        if let Some(writing) = since.and_then(|since| self.owe(Duration::ZERO, since.elapsed())) {
            let _ = writing.await;
        }
    }

    /// Sets the rest for a time `on_air` that is over in `left`, and writes it off the async threads; `None` without a
    /// duty cycle.
    fn owe(&self, left: Duration, on_air: Duration) -> Option<JoinHandle<()>> {
        let rest = self.duty_cycle?.rest_after(on_air);
        *self.kept.until.lock() = Moment::now().lasting(left.saturating_add(rest));
        let kept = Arc::clone(&self.kept);
        Some(tokio::task::spawn_blocking(move || kept.write()))
    }
}

impl Kept {
    fn write(&self) {
        let file = self.file.lock();
        let left = self.until.lock().remaining();
        if let Err(error) = remember(&file, left) {
            tracing::warn!("the rest of a radio cannot be stored, and a restart would forget it: {error}");
        }
    }
}

fn remember(file: &Path, left: Duration) -> io::Result<()> {
    let rest_ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
    let remembered = Remembered { until: Timestamp::now().after(left), rest_ms };
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    durable::replace(file, &serde_json::to_vec(&remembered)?, Readers::Umask)
}

/// Returns what is left of the rest in a file; none without a file, or with one that is damaged.
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

    #[tokio::test]
    async fn a_runner_that_is_killed_on_air_rests_as_if_all_had_been_sent() {
        let folder = tempfile::tempdir().unwrap();
        let half = ", duty_cycle: 0.5";
        let planned = Duration::from_secs(100);
        rest(folder.path(), half).owe(planned, planned).unwrap().await.unwrap();
        assert_eq!(seconds(&rest(folder.path(), half)), 200);
        // Without a duty cycle there is nothing to remember.
        assert_eq!(seconds(&rest(folder.path(), "")), 0);
    }

    #[tokio::test]
    async fn a_transmission_that_is_cut_costs_only_what_was_on_air() {
        let folder = tempfile::tempdir().unwrap();
        let rest = rest(folder.path(), ", duty_cycle: 0.01");
        rest.end().await;
        assert_eq!(seconds(&rest), 0);
        rest.begin(Duration::from_secs(100));
        rest.end().await;
        assert!(seconds(&rest) < 100, "{:?}", rest.remaining());
        assert!(left(&folder.path().join("state/radios/a.rest")) < Duration::from_secs(100));
    }

    #[tokio::test]
    async fn a_disk_that_hangs_delays_no_transmission() {
        let folder = tempfile::tempdir().unwrap();
        let rest = rest(folder.path(), ", duty_cycle: 0.5");
        let hanging = rest.kept.file.lock();
        rest.begin(Duration::from_secs(100));
        assert_eq!(seconds(&rest), 200);
        drop(hanging);
    }

    #[tokio::test]
    async fn the_longest_time_on_air_with_the_lowest_duty_cycle_is_no_overflow() {
        let folder = tempfile::tempdir().unwrap();
        let rest = rest(folder.path(), ", duty_cycle: 0.0001");
        rest.owe(Duration::MAX, Duration::MAX).unwrap().await.unwrap();
        assert!(rest.remaining() > Duration::from_secs(1_000_000));
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
