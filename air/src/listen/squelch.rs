//! The squelch: silence while there is only noise.

/// Decibels by which the signal falls below the threshold before the squelch closes.
const HYSTERESIS: f32 = 3.0;

/// Frames for which it stays open after the signal: 40 ms, so that fading within a word does not cut it.
const TAIL: u32 = 2;

/// Opens when the signal exceeds the noise by a threshold.
#[derive(Debug, Default)]
pub(super) struct Squelch {
    /// Frames for which it stays open, including this one.
    open: u32,
}

impl Squelch {
    /// Returns whether the frame is let through. `excess` is the level of the frame above that of the noise, in decibels.
    pub(super) fn lets_through(&mut self, threshold: Option<f32>, excess: f32) -> bool {
        let Some(threshold) = threshold else { return true };
        let threshold = if self.open > 0 { threshold - HYSTERESIS } else { threshold };
        self.open = if excess >= threshold { TAIL + 1 } else { self.open.saturating_sub(1) };
        self.open > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn off_is_always_open() {
        assert!(Squelch::default().lets_through(None, -200.0));
    }

    #[test]
    fn it_opens_at_the_threshold_and_closes_40_ms_after_the_signal_has_gone_3_db_below() {
        let mut squelch = Squelch::default();
        let heard: Vec<_> = [5.0, 9.9, 10.0, 8.0, 7.1, 6.9, 6.9, 6.9, 9.0, 10.0]
            .into_iter()
            .map(|excess| squelch.lets_through(Some(10.0), excess))
            .collect();
        assert_eq!(heard, [false, false, true, true, true, true, true, false, false, true]);
    }
}
