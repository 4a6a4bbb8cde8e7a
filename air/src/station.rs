//! A whole air: the spectrum, the sockets that transmitters come in by, and everything that receivers connect to.
//!
//! It has threads of its own, so that nothing that it does delays the program that it is in.

use crate::browser;
use crate::limits::{self, Limits};
use crate::receivers::{rtl_tcp, zmq};
use crate::sources::{self, Key, KeyError};
use crate::spectrum::{self, Noise, Spectrum};
use serde::{Deserialize, Serialize};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};

/// What an air is like and where it listens.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Noise, fading, paths.
    pub spectrum: spectrum::Settings,
    /// Receivers over the protocol of `rtl_tcp`.
    pub rtl_tcp: rtl_tcp::Settings,
    /// The receiver in the browser; without it there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub browser: Option<browser::Settings>,
    /// Streams of complex floats over ZeroMQ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub streams: Vec<zmq::Settings>,
    /// Transmitters on other hosts; without it there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transmitters: Option<Transmitters>,
    /// Limits of all receivers together.
    pub limits: limits::Settings,
}

/// How transmitters on other hosts come in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transmitters {
    /// Where they connect.
    pub listen: SocketAddr,
    /// The file with the key that they must have.
    pub key_file: PathBuf,
}

/// Why an air cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A value is beyond its limits.
    #[error("air: {0}")]
    Settings(String),
    /// Another program listens there, or this host does not have the address.
    #[error("air: {address} cannot be listened at: {error}")]
    Listen {
        /// Where.
        address: String,
        /// Why not.
        error: io::Error,
    },
    /// There is no key for transmitters.
    #[error("air: transmitters.key_file: {0}")]
    Key(#[from] KeyError),
    /// No thread can be started.
    #[error("air: {0}")]
    Threads(io::Error),
}

impl Settings {
    /// Resolves relative paths against the folder of the configuration file.
    pub fn resolve(&mut self, folder: &Path) {
        if let Some(transmitters) = &mut self.transmitters {
            transmitters.key_file = folder.join(&transmitters.key_file);
        }
    }

    /// Checks all values.
    ///
    /// # Errors
    /// A text that names the value and its limits.
    pub fn check(&self) -> Result<(), String> {
        self.spectrum.check().map_err(|why| format!("spectrum: {why}"))?;
        self.streams.iter().try_for_each(zmq::Settings::check).map_err(|why| format!("streams: {why}"))?;
        if let Some(browser) = &self.browser {
            browser.check().map_err(|why| format!("browser: {why}"))?;
        }
        let receivers = [("ppm", self.rtl_tcp.ppm, 1000.0), ("gain_db", self.rtl_tcp.gain_db, 200.0)];
        for (name, value, limit) in receivers {
            if !(-limit..=limit).contains(&value) {
                return Err(format!("rtl_tcp: {name} is {value}; it must be from -{limit} to {limit}"));
            }
        }
        Ok(())
    }
}

/// An air that is served, until it is dropped.
#[derive(Debug)]
pub struct Station {
    spectrum: Spectrum,
    rtl_tcp: Vec<SocketAddr>,
    streams: Vec<SocketAddr>,
    browser: Option<SocketAddr>,
    transmitters: Option<SocketAddr>,
    /// Emptied when the station is dropped: one for browsers, whose floods delay nothing else, and one for the rest.
    runtimes: Vec<Runtime>,
}

impl Station {
    /// Starts an air. Transmitters of this host connect to the Unix socket at `socket`.
    ///
    /// # Errors
    /// [`StartError`]; then nothing listens.
    pub fn start(settings: &Settings, socket: &Path) -> Result<Self, StartError> {
        settings.check().map_err(StartError::Settings)?;
        let runtime = runtime("air-io")?;
        let inside = runtime.enter();
        let spectrum = Spectrum::start(settings.spectrum.clone()).map_err(StartError::Threads)?;
        let own = sources::listen_unix(socket);
        let own = own.map_err(|error| StartError::Listen { address: socket.display().to_string(), error })?;
        runtime.spawn(own.run(spectrum.clone()));
        let transmitters =
            settings.transmitters.as_ref().map(|there| take_in(there, &runtime, &spectrum)).transpose()?;
        let limits = Limits::new(settings.limits.clone());
        let rtl_tcp = serve_rtl_tcp(settings, &runtime, &spectrum, &limits)?;
        let streams = settings.streams.iter().map(|stream| serve_stream(stream, &runtime, &spectrum, &limits));
        let streams = streams.collect::<Result<_, _>>()?;
        drop(inside);
        let browser = settings.browser.as_ref().map(|browser| serve_browsers(browser, &spectrum)).transpose()?;
        let (at, browser) = browser.map_or((None, None), |(at, runtime)| (Some(at), Some(runtime)));
        let runtimes = browser.into_iter().chain([runtime]).collect();
        Ok(Self { spectrum, rtl_tcp, streams, browser: at, transmitters, runtimes })
    }

    /// The spectrum.
    #[must_use]
    pub fn spectrum(&self) -> &Spectrum {
        &self.spectrum
    }

    /// Where SDR programs connect.
    #[must_use]
    pub fn rtl_tcp(&self) -> &[SocketAddr] {
        &self.rtl_tcp
    }

    /// Where subscribers of the streams connect, in the order of the settings.
    #[must_use]
    pub fn streams(&self) -> &[SocketAddr] {
        &self.streams
    }

    /// Where the receiver in the browser is served.
    #[must_use]
    pub fn browser(&self) -> Option<SocketAddr> {
        self.browser
    }

    /// Where transmitters of other hosts connect.
    #[must_use]
    pub fn transmitters(&self) -> Option<SocketAddr> {
        self.transmitters
    }
}

impl Drop for Station {
    fn drop(&mut self) {
        // Also within another runtime, where nothing may wait.
        self.runtimes.drain(..).for_each(Runtime::shutdown_background);
    }
}

fn runtime(name: &str) -> Result<Runtime, StartError> {
    let runtime = Builder::new_multi_thread().worker_threads(2).thread_name(name).enable_all().build();
    runtime.map_err(StartError::Threads)
}

fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let bound = TcpListener::bind(address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        let at = listener.local_addr()?;
        Ok((listener, at))
    });
    bound.map_err(|error| StartError::Listen { address: address.to_string(), error })
}

/// Must be called within the runtime.
fn bind_async(address: SocketAddr) -> Result<(tokio::net::TcpListener, SocketAddr), StartError> {
    let (listener, at) = bind(address)?;
    let listener = tokio::net::TcpListener::from_std(listener);
    Ok((listener.map_err(|error| StartError::Listen { address: at.to_string(), error })?, at))
}

fn take_in(there: &Transmitters, runtime: &Runtime, spectrum: &Spectrum) -> Result<SocketAddr, StartError> {
    let key = Key::read(&there.key_file)?;
    let (listener, at) = bind(there.listen)?;
    let listener = sources::listen_tcp(listener, key);
    let listener = listener.map_err(|error| StartError::Listen { address: at.to_string(), error })?;
    runtime.spawn(listener.run(spectrum.clone()));
    Ok(at)
}

fn serve_rtl_tcp(
    settings: &Settings,
    runtime: &Runtime,
    spectrum: &Spectrum,
    limits: &Arc<Limits>,
) -> Result<Vec<SocketAddr>, StartError> {
    let seed = settings.spectrum.seed;
    let context = rtl_tcp::Context {
        spectrum: spectrum.clone(),
        limits: Arc::clone(limits),
        noise: Arc::new(Noise::new(seed)),
        settings: settings.rtl_tcp.clone(),
        seed,
    };
    let mut addresses = Vec::new();
    for address in &settings.rtl_tcp.listen {
        let (listener, at) = bind_async(*address)?;
        runtime.spawn(rtl_tcp::serve(listener, context.clone()));
        addresses.push(at);
    }
    Ok(addresses)
}

fn serve_stream(
    stream: &zmq::Settings,
    runtime: &Runtime,
    spectrum: &Spectrum,
    limits: &Arc<Limits>,
) -> Result<SocketAddr, StartError> {
    let (listener, at) = bind_async(stream.listen)?;
    runtime.spawn(zmq::serve(listener, stream.clone(), spectrum.clone(), Arc::clone(limits)));
    Ok(at)
}

fn serve_browsers(settings: &browser::Settings, spectrum: &Spectrum) -> Result<(SocketAddr, Runtime), StartError> {
    let runtime = runtime("air-browser")?;
    let inside = runtime.enter();
    let (listener, at) = bind_async(settings.listen)?;
    let (settings, spectrum) = (settings.clone(), spectrum.clone());
    runtime.spawn(async move {
        let Err(error) = browser::serve(listener, &spectrum, settings).await;
        tracing::error!("the receiver in the browser: {error}");
    });
    drop(inside);
    Ok((at, runtime))
}
