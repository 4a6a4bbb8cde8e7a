//! Fourier transforms. They are planned where a source or receiver is opened, and not in the mixer's thread.

use parking_lot::Mutex;
use rustfft::{Fft, FftDirection, FftPlanner};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// Plans that are kept. Beyond that, those that nothing uses are dropped: a client that asks for one odd rate after the
/// other must not fill the memory.
const MAX_PLANS: usize = 64;

/// A planned transform.
#[derive(Clone)]
pub(super) struct Transform(pub(super) Arc<dyn Fft<f32>>);

impl fmt::Debug for Transform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transform({})", self.0.len())
    }
}

/// Plans by their lengths, of either direction.
#[derive(Debug, Default)]
pub(super) struct Plans {
    forward: Mutex<HashMap<usize, Transform>>,
    inverse: Mutex<HashMap<usize, Transform>>,
}

impl Plans {
    pub(super) fn forward(&self, len: usize) -> Transform {
        find(&self.forward, len, FftDirection::Forward)
    }

    pub(super) fn inverse(&self, len: usize) -> Transform {
        find(&self.inverse, len, FftDirection::Inverse)
    }
}

fn find(plans: &Mutex<HashMap<usize, Transform>>, len: usize, direction: FftDirection) -> Transform {
    if let Some(found) = plans.lock().get(&len) {
        return found.clone();
    }
    // Without the lock, since planning takes milliseconds.
    let planned = Transform(FftPlanner::new().plan_fft(len, direction));
    let mut plans = plans.lock();
    if plans.len() >= MAX_PLANS {
        plans.retain(|_, plan| Arc::strong_count(&plan.0) > 1);
    }
    plans.entry(len).or_insert(planned).clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_are_shared_and_those_that_nothing_uses_are_dropped() {
        let plans = Plans::default();
        let kept = plans.forward(7);
        assert!(Arc::ptr_eq(&kept.0, &plans.forward(7).0));
        (1..1000).for_each(|len| drop(plans.forward(len)));
        assert!(plans.forward.lock().len() <= MAX_PLANS);
        assert!(Arc::ptr_eq(&kept.0, &plans.forward(7).0));
    }
}
