//! An air with transmissions, and the page.

use crate::signals::{self, Signal};
use anyhow::Result;
use challengectl_air::Spectrum;
use challengectl_air::browser::{BandSettings, Settings, serve};
use challengectl_air::spectrum::{self, Source, Transmission};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Ends with all that belongs to it when it is dropped.
pub struct Site {
    pub port: u16,
    pub folder: TempDir,
    /// Aborted on drop.
    _tasks: JoinSet<()>,
    _spectrum: Spectrum,
}

impl Site {
    /// With the six signals on air.
    pub async fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        // 30 dB and more above the noise in each of the channels.
        let spectrum = Spectrum::start(spectrum::Settings { noise_db_hz: Some(-105.0), ..Default::default() })?;
        let mut tasks = JoinSet::new();
        for signal in signals::all(folder.path())? {
            let transmission = Transmission {
                challenge: String::new(),
                centre_hz: signal.hertz,
                nominal_hz: signal.hertz,
                rate: signal.rate,
            };
            tasks.spawn(transmit(spectrum.transmit(transmission)?, signal));
        }
        let socket = TcpListener::bind("127.0.0.1:0").await?;
        let port = socket.local_addr()?.port();
        let band = BandSettings { name: "2 m".to_owned(), centre_hz: 145e6, rate: 2_048_000 };
        let settings = Settings { title: "Air of the tests".to_owned(), bands: vec![band], ..Settings::default() };
        let air = spectrum.clone();
        tasks.spawn(async move {
            let _ = serve(socket, &air, settings).await;
        });
        Ok(Self { port, folder, _tasks: tasks, _spectrum: spectrum })
    }
}

/// Sends the samples again and again.
async fn transmit(source: Source, signal: Signal) {
    let mut samples = signal.samples.iter().copied().cycle();
    loop {
        while source.room() > 0 {
            let _ = source.send(samples.by_ref().take(source.room()).collect());
        }
        source.mixed().await;
    }
}
