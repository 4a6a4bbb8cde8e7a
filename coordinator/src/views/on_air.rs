//! The transmissions on air.

use crate::CoreError;
use crate::store::air::transmissions::{self, OnAir as Planned};
use crate::views::Views;

/// A transmission that is on air or about to begin.
#[derive(Debug, Clone)]
pub struct OnAir {
    /// The planned transmission.
    pub planned: Planned,
    /// The part that has been on air, 0 to 1; `None` before the carrier is on.
    pub progress: Option<f64>,
}

/// How far a transmission has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It is assigned, and its carrier is not on yet.
    Preparing,
    /// Its carrier is on.
    OnAir,
    /// It was ordered to stop, and its end is not reported yet.
    Ending,
}

impl OnAir {
    /// Returns how far the transmission has come.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        match self.progress {
            _ if self.planned.ending => Phase::Ending,
            None => Phase::Preparing,
            Some(_) => Phase::OnAir,
        }
    }
}

impl Views {
    /// Returns the transmissions that are on air or about to begin, oldest first.
    pub async fn on_air(&self) -> Result<Vec<OnAir>, CoreError> {
        let planned = transmissions::on_air(&mut *self.context.store.read_few().await?).await?;
        let now = |mut planned: Planned| {
            planned.ending |= self.air.leases.is_ending(&planned.runner_id, planned.assignment_id);
            let progress = self.air.leases.progress(&planned.runner_id, planned.assignment_id);
            OnAir { planned, progress }
        };
        Ok(planned.into_iter().map(now).collect())
    }
}
