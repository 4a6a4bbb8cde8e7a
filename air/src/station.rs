//! A whole air: the spectrum, the sockets of transmitters, and those of receivers.
//!
//! It has threads of its own, so that it does not delay the program that it is part of.

use crate::browser;
use crate::limits::{self, Limits};
use crate::receivers::{rtl_tcp, zmq};
use crate::sources::{self, Key, KeyError};
use crate::spectrum::{self, Spectrum};
use serde::{Deserialize, Serialize};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::{Builder, Handle, Runtime};

/// The settings of an air.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Noise, fading, paths.
    pub spectrum: spectrum::Settings,
    /// Receivers over the protocol of `rtl_tcp`.
    pub rtl_tcp: rtl_tcp::Settings,
    /// The receiver in the browser; `None`: it is not served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub browser: Option<browser::Settings>,
    /// Streams of complex floats over ZeroMQ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub streams: Vec<zmq::Settings>,
    /// Transmitters on other hosts; `None`: only those of this host can transmit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transmitters: Option<Transmitters>,
    /// Limits of all receivers together.
    pub limits: limits::Settings,
}

/// The way in for transmitters on other hosts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transmitters {
    /// The address at which they connect.
    pub listen: SocketAddr,
    /// The file with the key that they must have.
    pub key_file: PathBuf,
}

/// Why an air cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A value is outside of its limits.
    #[error("air: {0}")]
    Settings(String),
    /// Another program listens there, or this host does not have the address.
    #[error("air: cannot listen at {address}: {error}")]
    Listen {
        /// The address or the socket.
        address: String,
        /// The cause.
        error: io::Error,
    },
    /// The key of transmitters cannot be read.
    #[error("air: transmitters.key_file: {0}")]
    Key(#[from] KeyError),
    /// A thread cannot be started.
    #[error("air: cannot start a thread: {0}")]
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
    _runtimes: Runtimes,
}

impl Station {
    /// Starts an air. Transmitters of this host connect to the Unix socket at `socket`.
    ///
    /// # Errors
    /// [`StartError`]; then nothing listens.
    pub fn start(settings: &Settings, socket: &Path) -> Result<Self, StartError> {
        settings.check().map_err(StartError::Settings)?;
        let mut runtimes = Runtimes::default();
        let spectrum = Spectrum::start(settings.spectrum.clone()).map_err(StartError::Threads)?;
        let transmitters = take_transmitters(settings, socket, &runtimes.start("air-transmit")?, &spectrum)?;
        let receivers = runtimes.start("air-receive")?;
        let limits = Limits::new(settings.limits.clone());
        let rtl_tcp = serve_rtl_tcp(settings, &receivers, &spectrum, &limits)?;
        let streams = settings.streams.iter().map(|stream| serve_stream(stream, &receivers, &spectrum, &limits));
        let streams = streams.collect::<Result<_, _>>()?;
        let browser = match &settings.browser {
            Some(browser) => Some(serve_browsers(browser, &runtimes.start("air-browser")?, &spectrum)?),
            None => None,
        };
        Ok(Self { spectrum, rtl_tcp, streams, browser, transmitters, _runtimes: runtimes })
    }

    /// Returns the spectrum.
    #[must_use]
    pub fn spectrum(&self) -> &Spectrum {
        &self.spectrum
    }

    /// Returns the addresses at which SDR programs connect.
    #[must_use]
    pub fn rtl_tcp(&self) -> &[SocketAddr] {
        &self.rtl_tcp
    }

    /// Returns the addresses at which subscribers of the streams connect, in the order of the settings.
    #[must_use]
    pub fn streams(&self) -> &[SocketAddr] {
        &self.streams
    }

    /// Returns the address at which the receiver in the browser is served.
    #[must_use]
    pub fn browser(&self) -> Option<SocketAddr> {
        self.browser
    }

    /// Returns the address at which transmitters of other hosts connect.
    #[must_use]
    pub fn transmitters(&self) -> Option<SocketAddr> {
        self.transmitters
    }
}

/// Runtimes apart from each other: a flood of browsers delays no SDR program, and no receiver the end of a transmission.
#[derive(Debug, Default)]
struct Runtimes(Vec<Runtime>);

impl Runtimes {
    fn start(&mut self, name: &str) -> Result<Handle, StartError> {
        let runtime = Builder::new_multi_thread().worker_threads(2).thread_name(name).enable_all().build();
        let runtime = runtime.map_err(StartError::Threads)?;
        let handle = runtime.handle().clone();
        self.0.push(runtime);
        Ok(handle)
    }
}

impl Drop for Runtimes {
    fn drop(&mut self) {
        // Without waiting, which is not allowed within another runtime.
        self.0.drain(..).for_each(Runtime::shutdown_background);
    }
}

fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let bound = TcpListener::bind(address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        let at = listener.local_addr()?;
        Ok((listener, at))
    });
    bound.map_err(|error| StartError::Listen { address: address.to_string(), error })
}

/// Binds a listener of this runtime.
fn bind_within(runtime: &Handle, address: SocketAddr) -> Result<(tokio::net::TcpListener, SocketAddr), StartError> {
    let _within = runtime.enter();
    let (listener, at) = bind(address)?;
    let listener = tokio::net::TcpListener::from_std(listener);
    Ok((listener.map_err(|error| StartError::Listen { address: at.to_string(), error })?, at))
}

/// Takes transmitters in; returns the address of those of other hosts, if they may transmit.
fn take_transmitters(
    settings: &Settings,
    socket: &Path,
    runtime: &Handle,
    spectrum: &Spectrum,
) -> Result<Option<SocketAddr>, StartError> {
    let _within = runtime.enter();
    let own = sources::listen_unix(socket);
    let own = own.map_err(|error| StartError::Listen { address: socket.display().to_string(), error })?;
    runtime.spawn(own.run(spectrum.clone()));
    let Some(others) = &settings.transmitters else { return Ok(None) };
    let key = Key::read(&others.key_file)?;
    let (listener, at) = bind(others.listen)?;
    let listener = sources::listen_tcp(listener, key);
    let listener = listener.map_err(|error| StartError::Listen { address: at.to_string(), error })?;
    runtime.spawn(listener.run(spectrum.clone()));
    Ok(Some(at))
}

fn serve_rtl_tcp(
    settings: &Settings,
    runtime: &Handle,
    spectrum: &Spectrum,
    limits: &Arc<Limits>,
) -> Result<Vec<SocketAddr>, StartError> {
    let (spectrum, limits) = (spectrum.clone(), Arc::clone(limits));
    let context = rtl_tcp::Context { spectrum, limits, settings: settings.rtl_tcp.clone() };
    let serve = |address: &SocketAddr| {
        let (listener, at) = bind_within(runtime, *address)?;
        runtime.spawn(rtl_tcp::serve(listener, context.clone()));
        Ok(at)
    };
    settings.rtl_tcp.listen.iter().map(serve).collect()
}

fn serve_stream(
    stream: &zmq::Settings,
    runtime: &Handle,
    spectrum: &Spectrum,
    limits: &Arc<Limits>,
) -> Result<SocketAddr, StartError> {
    let (listener, at) = bind_within(runtime, stream.listen)?;
    runtime.spawn(zmq::serve(listener, stream.clone(), spectrum.clone(), Arc::clone(limits)));
    Ok(at)
}

fn serve_browsers(
    settings: &browser::Settings,
    runtime: &Handle,
    spectrum: &Spectrum,
) -> Result<SocketAddr, StartError> {
    let (listener, at) = bind_within(runtime, settings.listen)?;
    let (settings, spectrum) = (settings.clone(), spectrum.clone());
    runtime.spawn(async move {
        let Err(error) = browser::serve(listener, &spectrum, settings).await;
        tracing::error!("the receiver in the browser: {error}");
    });
    Ok(at)
}
