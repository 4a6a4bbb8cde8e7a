//! The server as a whole: `build` opens the database and the listener, `run_until` serves until it is stopped.

use crate::config::{Config, ConfigError};
use crate::console;
use crate::events::{Live, Origins};
use crate::http::{self, Components, Ingress, MetricsAudience, Proxies, Receiver, State};
use crate::listener;
use crate::tls::{self, TlsError};
use actix_web::dev::Server;
use actix_web::middleware::{NormalizePath, from_fn};
use actix_web::{App, web};
use challengectl_coordinator::deployers::{Deployers, NewDeployer};
use challengectl_coordinator::store::{ServerLock, Store, StoreError};
use challengectl_coordinator::{Accounts, Clock, Coordinator, CoreError, FileFolder, Players};
use challengectl_host::service;
use rustls::ServerConfig;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

const READ_LOGINS_EVERY: Duration = Duration::from_secs(1);
/// How often uses of logins are written, well within the one-minute resolution that the database keeps.
const WRITE_USES_EVERY: Duration = Duration::from_secs(5);

/// Why the server cannot start or stopped serving.
#[derive(Debug, thiserror::Error)]
pub enum ApplicationError {
    /// A setting is invalid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The TLS certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The contents of the database cannot be loaded.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// The address in the settings.
        address: SocketAddr,
        /// The reason.
        error: std::io::Error,
    },
    /// The listener failed.
    #[error("serving failed: {0}")]
    Serve(#[from] std::io::Error),
}

/// A server that is listening.
pub struct Application {
    address: SocketAddr,
    secure: bool,
    server: Server,
    /// The engine front, on an address of its own.
    engine: Option<(SocketAddr, Server)>,
    /// The pacstar front, on an address of its own.
    pacstar: Option<(SocketAddr, Server)>,
    /// `None` if the socket could not be created.
    console: Option<Server>,
    coordinator: Arc<Coordinator>,
    accounts: Arc<Accounts>,
    deployers: Arc<Deployers>,
    live: Live,
    _lock: ServerLock,
}

impl Application {
    /// Opens the database and the listener. Call it within a tokio runtime of several threads.
    pub async fn build(config: &Config) -> Result<Self, ApplicationError> {
        let rules = config.rules()?;
        let (proxies, metrics) = (Proxies(config.proxies()?), MetricsAudience(config.metrics_networks()?));
        let store = Store::open(&config.data_dir).await?;
        let lock = ServerLock::acquire(&config.data_dir)?;
        let accounts = Arc::new(Accounts::open(store.clone(), &config.data_dir, Clock::system()).await?);
        let files = FileFolder::within(&config.data_dir);
        files.remove_leftovers()?;
        let coordinator = Coordinator::start(store, files, rules, Clock::system()).await?;
        let players = Players::new(Arc::clone(&coordinator.context), Arc::clone(&accounts), config.players.settings()?);
        let deployers =
            Deployers::new(Arc::clone(&coordinator.context), Arc::clone(&accounts), config.pacstar.deployers());
        if let Some(file) = &config.event_file {
            coordinator.challenges.reload_from(file.clone());
        }

        let state_source = http::dashboard_state(Arc::clone(&coordinator));
        let live = Live::start(&coordinator, &accounts, Origins::new(config.origins()?), state_source);
        let tls = tls::load(&config.tls, &config.data_dir, config.listen.ip())?;
        let secure = tls.is_some();
        let ingress = Ingress { proxies, over_tls: secure };
        let components = Components {
            coordinator: Arc::clone(&coordinator),
            accounts: Arc::clone(&accounts),
            players,
            deployers: Arc::clone(&deployers),
        };
        let state = State::new(components, live.endpoint(), ingress, metrics, config.clone());
        let receiver = Receiver::new(config.receive.air()?, config.receive.players);
        let state = web::Data::new(state);
        let routes = http::routes(state.clone(), receiver);
        let application =
            move || App::new().wrap(from_fn(http::measure)).wrap(from_fn(http::protect)).configure(routes.clone());
        let refused = |error| ApplicationError::Listen { address: config.listen, error };
        let listener = listener::listen(config.listen).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        if let Some(pem) = tls::own_certificate(&config.tls, &config.data_dir)? {
            coordinator.fleet.show_certificate(pem);
        }
        let console =
            console::listen(&config.data_dir).and_then(|listener| console::serve(listener, application.clone()));
        let console = console.map_err(|error| {
            let socket = console::socket(&config.data_dir);
            tracing::error!(socket = %socket.display(), %error, "the local console is not available");
        });
        let pacstar = match config.pacstar.listen {
            // Where others reach it, tokens are not sent in clear.
            Some(address) if address.ip().is_loopback() || config.pacstar.behind_proxy => {
                Some(serve_pacstar(address, None, state.clone())?)
            }
            Some(address) => Some(serve_pacstar(address, tls.clone(), state.clone())?),
            None => None,
        };
        let server = listener::serve(listener, tls, application).map_err(refused)?;
        let engine = match config.engine.listen {
            Some(address) => Some(serve_engine(address, state, &coordinator).await?),
            None => None,
        };
        Ok(Self {
            address,
            secure,
            server,
            engine,
            pacstar,
            console: console.ok(),
            coordinator,
            accounts,
            deployers,
            live,
            _lock: lock,
        })
    }

    /// Returns the problems of the settings that would keep the server from starting.
    #[must_use]
    pub fn problems(config: &Config) -> Vec<String> {
        let event_file = config.event_file.iter().filter(|file| !file.is_file());
        let mut problems: Vec<_> =
            event_file.map(|file| format!("event_file: {}: there is no such file", file.display())).collect();
        // The server creates its own certificate when it starts.
        if config.tls.certificate.is_some()
            && let Err(error) = tls::load(&config.tls, &config.data_dir, config.listen.ip())
        {
            problems.push(format!("tls: {error}"));
        }
        problems
    }

    /// The address on which it listens, with the actual port if the settings say 0.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// The address of the engine front, if there is one.
    #[must_use]
    pub fn engine_address(&self) -> Option<SocketAddr> {
        self.engine.as_ref().map(|(address, _)| *address)
    }

    /// The address of the pacstar front, if there is one.
    #[must_use]
    pub fn pacstar_address(&self) -> Option<SocketAddr> {
        self.pacstar.as_ref().map(|(address, _)| *address)
    }

    /// Makes the first Master of the pacstar front. Returns `false` if there is one, or no such front.
    pub async fn make_first_master(&self, new: NewDeployer) -> Result<bool, ApplicationError> {
        Ok(self.pacstar.is_some() && self.deployers.make_first_master(new).await?)
    }

    /// Returns the token with which the first Master of the pacstar front registers from another machine; `None` if there
    /// is a Master, or no such front.
    pub async fn deployer_setup(&self) -> Result<Option<String>, ApplicationError> {
        let token = self.deployers.setup_token().await?.map(str::to_owned);
        Ok(token.filter(|_| self.pacstar.is_some()))
    }

    /// Returns a token that creates the first account; `None` if there are accounts.
    pub async fn open_setup(&self) -> Result<Option<String>, ApplicationError> {
        Ok(self.accounts.open_setup().await?)
    }

    /// Serves until `stop` completes, then assigns nothing more, answers pending requests, and writes the state in
    /// memory to the database.
    pub async fn run_until(self, stop: impl Future<Output = ()>) -> Result<(), ApplicationError> {
        let handle = self.server.handle();
        let engine = self.engine.map(|(_, server)| (server.handle(), tokio::spawn(server)));
        let pacstar = self.pacstar.map(|(_, server)| (server.handle(), tokio::spawn(server)));
        let console = self.console.map(|console| (console.handle(), tokio::spawn(console)));
        let mut jobs = self.coordinator.maintenance.start_jobs();
        jobs.spawn(keep_logins(Arc::clone(&self.accounts)));
        jobs.spawn(service::keep_watchdog({
            let coordinator = Arc::clone(&self.coordinator);
            // Each notification follows a complete reading of the schedule: a disk that reports errors is no reason for
            // a restart, one that never answers is.
            move || {
                let coordinator = Arc::clone(&coordinator);
                async move { coordinator.pulse().await }
            }
        }));
        let mut server = tokio::spawn(self.server);
        service::notify_ready();
        let failed = tokio::select! {
            () = stop => None,
            () = self.coordinator.air.asked_to_end() => None,
            ended = &mut server => Some(ended),
        };
        service::notify_stopping();
        self.coordinator.stop();
        self.live.close();
        let ended = match failed {
            Some(ended) => ended,
            None => {
                handle.stop(true).await;
                server.await
            }
        };
        for (handle, beside) in [console, engine, pacstar].into_iter().flatten() {
            handle.stop(true).await;
            let _ = beside.await;
        }
        drop(jobs);
        if let Err(error) = self.accounts.write_uses().await {
            tracing::error!(%error, "the last uses of logins could not be recorded");
        }
        self.coordinator.close().await;
        ended.map_err(std::io::Error::other)??;
        Ok(())
    }
}

/// Serves the engine front, with the challenge that it has from the beginning.
async fn serve_engine(
    address: SocketAddr,
    state: web::Data<State>,
    coordinator: &Coordinator,
) -> Result<(SocketAddr, Server), ApplicationError> {
    if let Some(sample) = http::engine::sample() {
        coordinator.instances.add_challenge(&sample).await?;
    }
    let refused = |error| ApplicationError::Listen { address, error };
    let listener = listener::listen(address).map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    let routes = http::engine::routes(state);
    let application =
        move || App::new().wrap(from_fn(http::protect)).wrap(NormalizePath::trim()).configure(routes.clone());
    Ok((address, listener::serve(listener, None, application).map_err(refused)?))
}

/// Serves the pacstar front.
fn serve_pacstar(
    address: SocketAddr,
    tls: Option<ServerConfig>,
    state: web::Data<State>,
) -> Result<(SocketAddr, Server), ApplicationError> {
    let refused = |error| ApplicationError::Listen { address, error };
    let listener = listener::listen(address).map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    let routes = http::pacstar::routes(state);
    let application =
        move || App::new().wrap(from_fn(http::protect)).wrap(NormalizePath::trim()).configure(routes.clone());
    Ok((address, listener::serve(listener, tls, application).map_err(refused)?))
}

/// Reads logins into memory, and records their uses in the database, at regular intervals.
async fn keep_logins(accounts: Arc<Accounts>) {
    let writer = Arc::clone(&accounts);
    let writing = async move {
        loop {
            tokio::time::sleep(WRITE_USES_EVERY).await;
            if let Err(error) = writer.write_uses().await {
                tracing::error!(%error, "the uses of logins could not be recorded; trying again");
            }
        }
    };
    let reading = async move {
        loop {
            if let Err(error) = accounts.read_logins().await {
                tracing::error!(%error, "the logins could not be read; trying again");
            }
            tokio::time::sleep(READ_LOGINS_EVERY).await;
        }
    };
    tokio::join!(writing, reading);
}
