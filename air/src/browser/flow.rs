//! How far a listener is behind.

use std::time::Duration;
use tokio::time::Instant;

/// The longest delay of a listener. A browser acknowledges twice a second what has arrived; when it is further behind,
/// nothing is sent until it has caught up, since kernels buffer minutes of sound for a browser that does not read.
const MAX_LAG: Duration = Duration::from_millis(1500);

/// A browser that acknowledges nothing for so long is disconnected.
const MAX_SILENCE: Duration = Duration::from_secs(5);

/// The samples of the band that were sent, and those that were acknowledged.
pub(super) struct Flow {
    max_lag: u64,
    /// The newest sample sent, and the newest acknowledged; `None` before the first.
    sent: Option<u64>,
    acknowledged: u64,
    /// Since when an acknowledgement is owed.
    owed: Option<Instant>,
}

impl Flow {
    pub(super) fn new(rate: u32) -> Self {
        let max_lag = (f64::from(rate) * MAX_LAG.as_secs_f64()) as u64;
        Self { max_lag, sent: None, acknowledged: 0, owed: None }
    }

    /// Returns whether the listener is near enough to be sent more.
    pub(super) fn may_send(&self) -> bool {
        self.sent.is_none_or(|sent| sent.saturating_sub(self.acknowledged) <= self.max_lag)
    }

    pub(super) fn sent(&mut self, sample: u64, now: Instant) {
        if self.sent.is_none() {
            self.acknowledged = sample;
        }
        self.sent = Some(self.sent.map_or(sample, |sent| sent.max(sample)));
        self.owed.get_or_insert(now);
    }

    pub(super) fn acknowledge(&mut self, sample: u64, now: Instant) {
        let Some(sent) = self.sent else { return };
        self.acknowledged = sample.clamp(self.acknowledged, sent);
        self.owed = (self.acknowledged < sent).then_some(now);
    }

    /// Returns when the listener is to be disconnected, unless it acknowledges something.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.owed.map(|since| since + MAX_SILENCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_listener_that_does_not_read_gets_no_more_and_is_gone_after_5_seconds() {
        let now = Instant::now();
        let mut flow = Flow::new(1000);
        flow.sent(50_000, now);
        assert!(flow.may_send());
        flow.sent(51_600, now + SECOND);
        assert!(!flow.may_send());
        assert_eq!(flow.deadline(), Some(now + 5 * SECOND));
    }

    #[test]
    fn an_acknowledgement_lets_it_go_on() {
        let now = Instant::now();
        let mut flow = Flow::new(1000);
        flow.sent(50_000, now);
        flow.sent(51_600, now);
        flow.acknowledge(51_000, now + SECOND);
        assert!(flow.may_send());
        assert_eq!(flow.deadline(), Some(now + 6 * SECOND));
        flow.acknowledge(u64::MAX, now + SECOND);
        assert_eq!(flow.deadline(), None);
    }
}
