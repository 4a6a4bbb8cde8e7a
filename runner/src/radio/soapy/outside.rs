//! Work on a device by a process that does not transmit with it.

use super::Settings;
use super::apply::Transmitter;
use super::find::{enumerate, find};
use super::model::{AfterKill, Idle, Moment};
use super::ranges::explain;
use challengectl_waveform::Complex32;

/// Silences a device whose process was killed.
pub(super) fn silence(settings: &Settings) -> anyhow::Result<()> {
    match settings.model().after_kill {
        AfterKill::Nothing => Ok(()),
        AfterKill::Enumerate => {
            let mut wanted = settings.device.rest().clone();
            wanted.insert("driver".to_owned(), settings.device.driver().to_owned());
            enumerate(&wanted)?;
            // It must be among the free ones, which enumerating has opened and closed.
            find(&settings.device).map(|_| ())
        }
        AfterKill::OpenAndClose => open_and_close(settings, false),
        AfterKill::OpenAndCloseStream => open_and_close(settings, true),
    }
}

/// Checks whether the device can be opened and accepts a setting. One that may radiate while it is open is only looked for,
/// since no lease permits a carrier.
pub(super) fn probe(settings: &Settings) -> anyhow::Result<()> {
    match settings.model().idle {
        Idle::Silent => open_and_close(settings, false),
        Idle::Radiates | Idle::Unknown => find(&settings.device).map(drop),
    }
}

fn open_and_close(settings: &Settings, stream: bool) -> anyhow::Result<()> {
    let open = find(&settings.device)?.open()?;
    let transmitter = Transmitter { device: &open.device, settings, model: settings.model() };
    let mut result = transmitter.gains_down();
    result = result.and(transmitter.bias_tee_off(Moment::Open));
    if stream {
        let stream = open.device.tx_stream::<Complex32>(&[settings.channel]);
        result = result.and(stream.map(drop).map_err(|error| explain("setting a stream up", &error)));
    }
    result
}
