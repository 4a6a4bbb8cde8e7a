//! An air with transmissions, and the page.

use crate::signals::{self, Signal};
use anyhow::{Result, bail};
use challengectl_air::Spectrum;
use challengectl_air::browser::{BandSettings, Settings, serve};
use challengectl_air::spectrum::{self, Mixer, Source, Transmission};
use std::net::Ipv4Addr;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

/// The longest time for a condition to come true, on a machine that does much else.
const LIMIT: Duration = Duration::from_secs(60);

/// Ends with all that belongs to it when it is dropped.
pub struct Site {
    pub port: u16,
    /// Holds the port while nothing listens there.
    held: TcpSocket,
    pub folder: TempDir,
    pub spectrum: Spectrum,
    settings: Settings,
    /// Aborted on drop.
    transmissions: JoinSet<()>,
    server: JoinSet<()>,
}

impl Site {
    /// Serves an air with the six signals on it.
    pub async fn start() -> Result<Self> {
        let mut site = Self::quiet(Settings::default()).await?;
        for signal in signals::all(site.folder.path())? {
            let transmission = Transmission {
                challenge: String::new(),
                centre_hz: signal.hertz,
                nominal_hz: signal.hertz,
                rate: signal.rate,
            };
            site.transmissions.spawn(transmit(site.spectrum.transmit(transmission)?, signal));
        }
        Ok(site)
    }

    /// Serves an air with noise alone. Title and bands are set here.
    pub async fn quiet(settings: Settings) -> Result<Self> {
        Self::of(Spectrum::start(noisy())?, settings).await
    }

    /// Serves an air with noise alone, and a time that goes on only by the mixer's steps.
    pub async fn stepped() -> Result<(Self, Mixer)> {
        let (spectrum, mixer) = Spectrum::stepped(noisy());
        Ok((Self::of(spectrum, Settings::default()).await?, mixer))
    }

    async fn of(spectrum: Spectrum, settings: Settings) -> Result<Self> {
        let bands = [("2 m", 145e6), ("70 cm", 433.5e6)];
        let bands = bands.map(|(name, centre_hz)| BandSettings { name: name.to_owned(), centre_hz, rate: 2_048_000 });
        // Others are not given a port that is bound, and a listener with `SO_REUSEADDR` may have it (socket(7)).
        let held = TcpSocket::new_v4()?;
        held.set_reuseaddr(true)?;
        held.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let mut site = Self {
            port: held.local_addr()?.port(),
            held,
            folder: tempfile::tempdir()?,
            spectrum,
            settings: Settings { title: "Air of the tests".to_owned(), bands: bands.into(), ..settings },
            transmissions: JoinSet::new(),
            server: JoinSet::new(),
        };
        site.open().await?;
        Ok(site)
    }

    /// Serves, at the port that it had before.
    pub async fn open(&mut self) -> Result<()> {
        let socket = TcpListener::bind(self.held.local_addr()?).await?;
        let (spectrum, settings) = (self.spectrum.clone(), self.settings.clone());
        self.server.spawn(async move {
            let _ = serve(socket, &spectrum, settings).await;
        });
        Ok(())
    }

    /// Ends serving.
    pub async fn close(&mut self) {
        self.server.shutdown().await;
    }
}

/// Returns settings by which the signals are 30 dB and more above the noise in each of the channels.
fn noisy() -> spectrum::Settings {
    spectrum::Settings { noise_db_hz: Some(-105.0), ..Default::default() }
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

/// Waits for a condition that others bring about.
pub async fn until(what: &str, condition: impl Fn() -> bool) -> Result<()> {
    let waiting = async {
        let mut looks = interval(Duration::from_millis(5));
        while !condition() {
            looks.tick().await;
        }
    };
    match timeout(LIMIT, waiting).await {
        Ok(()) => Ok(()),
        Err(_) => bail!("{what}: not within {LIMIT:?}"),
    }
}
