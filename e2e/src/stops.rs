//! What ends transmissions before their time, and how long it takes until they are off.

use crate::operator::Operator;
use crate::site::{Site, Times};
use anyhow::Result;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::time::Duration;

/// Short, so that a lease that ends is not waited for long.
pub(crate) const LEASE: Duration = Duration::from_secs(3);
pub(crate) const TIMES: Times = Times { lease: 3.0, grace: 0.5, heartbeat: 1.0 };

/// Time for all radios to be on air, also after a start of the server.
pub(crate) const ON_AIR: Duration = Duration::from_secs(60);

/// Time for all radios to be off, whatever the reason.
pub(crate) const OFF: Duration = Duration::from_secs(2 * LEASE.as_secs() + 5);

/// What ends a transmission before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Reason {
    /// An operator's emergency stop.
    Stop,
    /// The service manager ends the agent.
    AgentEnds,
    /// `kill -9` of the agent.
    AgentKilled,
    /// `kill -9` of the server: the lease runs out.
    ServerGone,
    /// The server stands still: the lease runs out.
    ServerHangs,
}

impl Reason {
    /// Makes it happen to the first runner of a site.
    pub(crate) async fn happen(self, site: &mut Site, operator: &Operator) -> Result<()> {
        match self {
            Self::Stop => operator.post("/api/control/emergency-stop").await,
            Self::AgentEnds => site.stop_runner(0),
            Self::AgentKilled => site.kill_runner(0),
            Self::ServerGone => site.kill_server(),
            Self::ServerHangs => signal_server(site, Signal::SIGSTOP),
        }
    }

    /// Lets transmissions go on.
    pub(crate) async fn undo(self, site: &mut Site, operator: &Operator) -> Result<()> {
        match self {
            Self::Stop => operator.post("/api/control/release").await,
            Self::AgentEnds | Self::AgentKilled => site.start_runner(0),
            Self::ServerGone => site.start_server(),
            Self::ServerHangs => signal_server(site, Signal::SIGCONT),
        }
    }

    /// Returns whether the lease has to run out.
    pub(crate) fn ends_lease(self) -> bool {
        matches!(self, Self::ServerGone | Self::ServerHangs)
    }
}

fn signal_server(site: &Site, signal: Signal) -> Result<()> {
    Ok(kill(Pid::from_raw(i32::try_from(site.server_id()?)?), signal)?)
}
