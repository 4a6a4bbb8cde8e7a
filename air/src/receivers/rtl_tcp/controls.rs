//! The settings of a client, as its commands change them.

use super::command::{Command, is_rate};
use super::gain::Gain;
use parking_lot::Mutex;
use tokio::sync::Notify;

/// The settings of a dongle before the first command.
const FIRST_FREQUENCY: u32 = 100_000_000;
const FIRST_RATE: u32 = 2_048_000;

/// The settings of a client.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Settings {
    pub(super) frequency: u32,
    pub(super) rate: u32,
    pub(super) correction: i32,
    pub(super) gain: Gain,
    pub(super) is_test: bool,
}

/// Shared by the tasks that read the client's commands and that send its samples.
#[derive(Debug)]
pub(super) struct Controls {
    settings: Mutex<Settings>,
    /// Notified with commands.
    changed: Notify,
}

impl Controls {
    pub(super) fn new() -> Self {
        let settings =
            Settings { frequency: FIRST_FREQUENCY, rate: FIRST_RATE, correction: 0, gain: Gain::new(), is_test: false };
        Self { settings: Mutex::new(settings), changed: Notify::new() }
    }

    pub(super) fn obey(&self, command: Command) {
        let mut settings = self.settings.lock();
        match command {
            Command::Frequency(hertz) => settings.frequency = hertz,
            Command::Rate(rate) if is_rate(rate) => settings.rate = rate,
            Command::ManualGain(is_manual) => settings.gain.set_manual(is_manual),
            Command::Gain(tenths) => settings.gain.set(tenths),
            Command::GainIndex(index) => settings.gain.set_index(index),
            Command::Correction(ppm) => settings.correction = ppm,
            Command::Test(is_test) => settings.is_test = is_test,
            Command::Rate(_) | Command::Nothing => {}
        }
        drop(settings);
        self.changed.notify_one();
    }

    pub(super) fn settings(&self) -> Settings {
        *self.settings.lock()
    }

    /// Sets the rate back, when there is no bandwidth for another.
    pub(super) fn keep_rate(&self, rate: u32) {
        self.settings.lock().rate = rate;
    }

    /// Adjusts the automatic gain to the mean power of a block.
    pub(super) fn follow(&self, power: f64) {
        self.settings.lock().gain.follow(power);
    }

    /// Waits for a command.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }
}
