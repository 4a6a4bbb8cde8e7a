//! The host: its firewall rules for containers, kept in place, its bridges, and processes that engines have forgotten.

pub(crate) mod bridges;
pub(crate) mod netavark;
mod nft;
mod rules;
pub(crate) mod strays;

use super::EngineError;
use tokio::sync::Mutex;

pub(super) use rules::BRIDGES;

/// The firewall rules of this host. Those of two runners are the same.
#[derive(Default)]
pub(crate) struct Firewall(Mutex<State>);

#[derive(Default)]
struct State {
    /// The rules as `nft` listed them after they were put in place, in the form of its version.
    placed: Option<String>,
    /// Whether they could not be put in place the last time, which is logged once.
    fails: bool,
}

impl Firewall {
    /// Puts the rules in place unless they are as they were put. It takes 4 ms if they are.
    ///
    /// Others remove them: `nftables.service` flushes all tables when it is restarted.
    pub(crate) async fn keep(&self) -> Result<(), EngineError> {
        // Serialises putting them in place.
        let mut state = self.0.lock().await;
        let kept = keep(&mut state.placed).await;
        match &kept {
            Err(error) if !state.fails => tracing::error!("{error}"),
            Ok(()) if state.fails => tracing::info!("the firewall rules for containers are in place"),
            _ => {}
        }
        state.fails = kept.is_err();
        kept
    }
}

async fn keep(placed: &mut Option<String>) -> Result<(), EngineError> {
    if placed.is_some() && nft::list().await? == *placed {
        return Ok(());
    }
    if placed.is_some() {
        tracing::warn!("the firewall rules for containers were changed or removed; putting them back");
    }
    nft::put(&rules::text()).await?;
    *placed = nft::list().await?;
    Ok(())
}
