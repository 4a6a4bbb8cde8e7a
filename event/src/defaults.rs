//! What the challenges of a file have when they say nothing else.

use crate::report::Reported;
use crate::values::delays::Delays;

/// The defaults of the challenges that follow.
#[derive(Debug, Clone)]
pub(crate) struct Defaults {
    pub(crate) delays: Result<Delays, Reported>,
    /// The text that is painted before each.
    pub(crate) watermark: Option<String>,
}

impl Default for Defaults {
    fn default() -> Self {
        Self { delays: Ok(Delays::default()), watermark: None }
    }
}
