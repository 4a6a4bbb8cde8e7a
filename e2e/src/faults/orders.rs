//! The orders of a proxy: which requests get which treatment.

use super::classify::Call;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::time::Duration;

/// The treatment of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// Delivered after this delay, even if its sender has given up by then.
    Delay(Duration),
    /// Delivered twice at the same time.
    Twice,
    /// Delivered and answered, and delivered again after this delay.
    Again(Duration),
    /// The connection is reset before the server gets anything.
    ResetBefore,
    /// Delivered, and the connection is reset instead of an answer.
    ResetAfter,
    /// Neither delivered nor answered.
    Lose,
    /// Delivered, never answered.
    LoseAnswer,
    /// A copy is kept for later; the request itself is delivered as usual, or lost.
    Keep { deliver: bool },
}

impl Treatment {
    /// Draws a treatment. `longest` is the maximum delay.
    pub fn draw(rng: &mut StdRng, longest: Duration) -> Self {
        let late = longest.mul_f64(rng.random_range(0.05..1.0));
        match rng.random_range(0..7) {
            0 => Self::Delay(late),
            1 => Self::Twice,
            2 => Self::Again(late),
            3 => Self::ResetBefore,
            4 => Self::ResetAfter,
            5 => Self::Lose,
            _ => Self::LoseAnswer,
        }
    }
}

/// The orders for the next requests.
#[derive(Debug, Default)]
pub struct Orders {
    armed: Vec<(Call, Treatment)>,
    storm: Option<Storm>,
}

/// Random treatments of requests of every kind.
#[derive(Debug)]
struct Storm {
    rng: StdRng,
    share: f64,
    longest: Duration,
}

impl Orders {
    /// Orders a treatment of the next request of this kind.
    pub fn arm(&mut self, call: Call, treatment: Treatment) {
        self.armed.push((call, treatment));
    }

    /// Applies random treatments to this share of all requests from now on.
    pub fn storm(&mut self, seed: u64, share: f64, longest: Duration) {
        self.storm = Some(Storm { rng: StdRng::seed_from_u64(seed), share, longest });
    }

    /// Cancels all orders.
    pub fn calm(&mut self) {
        *self = Self::default();
    }

    /// Whether an order is still waiting for its request.
    pub fn is_armed(&self) -> bool {
        !self.armed.is_empty()
    }

    /// Returns the treatment of a request.
    pub fn take(&mut self, call: Call) -> Option<Treatment> {
        if let Some(index) = self.armed.iter().position(|(wanted, _)| *wanted == call) {
            return Some(self.armed.remove(index).1);
        }
        let storm = self.storm.as_mut()?;
        storm.rng.random_bool(storm.share).then(|| Treatment::draw(&mut storm.rng, storm.longest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_applies_to_the_next_request_of_its_kind_once() {
        let mut orders = Orders::default();
        orders.arm(Call::SignOut, Treatment::Lose);
        assert_eq!(orders.take(Call::Heartbeat), None);
        assert_eq!(orders.take(Call::SignOut), Some(Treatment::Lose));
        assert_eq!(orders.take(Call::SignOut), None);
    }
}
