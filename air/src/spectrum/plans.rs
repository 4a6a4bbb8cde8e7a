//! Fourier transforms, planned where a source or receiver is opened and not in the mixer's thread.

use parking_lot::Mutex;
use rustfft::{Fft, FftPlanner};
use std::fmt;
use std::sync::Arc;

/// Plans that are kept; a client that asks for one odd rate after the other must not fill the memory.
const MAX_PLANS: usize = 64;

/// A planned transform.
#[derive(Clone)]
pub(super) struct Transform(pub(super) Arc<dyn Fft<f32>>);

impl fmt::Debug for Transform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transform({})", self.0.len())
    }
}

pub(super) struct Plans(Mutex<Planner>);

struct Planner {
    planner: FftPlanner<f32>,
    planned: usize,
}

impl fmt::Debug for Plans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plans")
    }
}

impl Plans {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Planner { planner: FftPlanner::new(), planned: 0 }))
    }

    pub(super) fn forward(&self, len: usize) -> Transform {
        Transform(self.0.lock().planner().plan_fft_forward(len))
    }

    pub(super) fn inverse(&self, len: usize) -> Transform {
        Transform(self.0.lock().planner().plan_fft_inverse(len))
    }
}

impl Planner {
    /// The planner keeps all that it has planned, so that it is replaced now and then.
    fn planner(&mut self) -> &mut FftPlanner<f32> {
        self.planned += 1;
        if self.planned > MAX_PLANS {
            *self = Self { planner: FftPlanner::new(), planned: 1 };
        }
        &mut self.planner
    }
}
