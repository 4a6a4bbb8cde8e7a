//! Flags of challenges of all kinds: their texts and points, submissions, solves, and the scoreboard.

mod authoring;
mod board;
mod judge;
mod keys;
mod shares;
mod submit;
mod tries;
mod unlocks;

pub use crate::store::flags::board::{Solvable, SolvableKind};
pub use crate::store::flags::solves::Solve;
pub use crate::store::flags::submissions::Submission;
pub use crate::store::flags::unlocks::Unlock;
pub use crate::store::flags::{FlagMode, Score};
pub use authoring::{Flag, Part, Worth};
pub use board::{NamedCapture, Progress, Standing};
pub use judge::{Sender, Verdict};
pub use keys::{DEFAULT_FORMAT, MAX_SUBMISSION};
pub use unlocks::Hint;

pub(crate) use judge::{OldFlag, PodFlags, Try};
pub(crate) use keys::FlagKeys;

use crate::context::Context;
use crate::vault::Vault;
use std::sync::Arc;
use tries::Tries;

/// The flags of all challenges.
#[derive(Debug)]
pub struct Flags {
    context: Arc<Context>,
    pub(crate) keys: FlagKeys,
    tries: Tries,
}

impl Flags {
    pub(crate) fn new(context: Arc<Context>, vault: Arc<Vault>) -> Arc<Self> {
        Arc::new(Self { context, keys: FlagKeys::new(vault), tries: Tries::default() })
    }
}
