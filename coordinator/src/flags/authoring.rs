//! Flags as authors write them.

use super::{FlagKeys, Flags};
use crate::CoreError;
use crate::audit::Actor;
use crate::store::flags::{self, Score, StoredFlag};
pub use challengectl_event::instance::{Flag, Part};
use std::sync::Arc;

/// What a challenge may be worth; scores of an event are sums of these.
pub(crate) const MAX_POINTS: u32 = 1_000_000;
/// Parts of a challenge, and flags of a part.
const MAX_PARTS: usize = 50;
/// Above, a limit of attempts is none.
const MAX_ATTEMPTS: u32 = 1_000_000;
/// The share of a part.
const MAX_SHARE: u32 = 1_000_000;

/// What a challenge is worth, and by which flags it is solved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worth {
    /// For all parts together.
    pub points: u32,
    /// Wrong submissions of one owner; `None`: as many as the rate allows.
    pub max_attempts: Option<u32>,
    /// At least one.
    pub parts: Vec<Part>,
}

impl Worth {
    /// Returns that of a challenge with one flag.
    #[must_use]
    pub fn of_one(points: u32, flag: Flag) -> Self {
        Self { points, max_attempts: None, parts: vec![Part { share: 1, flags: vec![flag] }] }
    }

    pub(crate) fn score(&self) -> Score {
        Score { points: self.points, max_attempts: self.max_attempts }
    }
}

impl Score {
    /// Checks its bounds.
    pub(crate) fn check(self) -> Result<(), CoreError> {
        if self.points > MAX_POINTS {
            return Err(CoreError::Invalid(format!("points: more than {MAX_POINTS}")));
        }
        if self.max_attempts.is_some_and(|max| !(1..=MAX_ATTEMPTS).contains(&max)) {
            return Err(CoreError::Invalid(format!("max_attempts: 1 to {MAX_ATTEMPTS}; leave it out for any number")));
        }
        Ok(())
    }
}

impl FlagKeys {
    /// Checks what a challenge is worth, and seals its flags.
    pub(crate) fn seal_all(&self, worth: &Worth) -> Result<Vec<StoredFlag>, CoreError> {
        worth.score().check()?;
        let is_bounded = |count: usize| (1..=MAX_PARTS).contains(&count);
        if !is_bounded(worth.parts.len()) || !worth.parts.iter().all(|part| is_bounded(part.flags.len())) {
            return Err(CoreError::Invalid(format!("parts: 1 to {MAX_PARTS}, each with 1 to {MAX_PARTS} flags")));
        }
        if worth.parts.iter().any(|part| !(1..=MAX_SHARE).contains(&part.share)) {
            return Err(CoreError::Invalid(format!("share: 1 to {MAX_SHARE}")));
        }
        let parts = (0..).zip(&worth.parts);
        parts
            .flat_map(|(number, part)| part.flags.iter().map(move |flag| (number, part.share, flag)))
            .map(|(number, share, flag)| self.seal(number, share, flag))
            .collect()
    }

    /// Opens the flags of a challenge, part by part.
    pub(crate) fn parts(&self, stored: &[StoredFlag]) -> Result<Vec<Part>, CoreError> {
        let mut parts: Vec<Part> = Vec::new();
        let mut last = None;
        for flag in stored {
            if last != Some(flag.part) {
                parts.push(Part { share: flag.share, flags: Vec::new() });
                last = Some(flag.part);
            }
            let opened = Flag { mode: flag.mode, content: self.open(flag)? };
            if let Some(part) = parts.last_mut() {
                part.flags.push(opened);
            }
        }
        Ok(parts)
    }
}

impl Flags {
    /// Checks what a challenge is worth, and seals its flags.
    pub(crate) fn seal(&self, worth: &Worth) -> Result<Vec<StoredFlag>, CoreError> {
        self.keys.seal_all(worth)
    }

    /// Sets the flags of a challenge, and what it is worth. Solves stay as they are.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] when there is no such challenge; [`CoreError::Invalid`].
    pub async fn put(self: &Arc<Self>, challenge: i64, worth: Worth, actor: Actor) -> Result<(), CoreError> {
        let sealed = self.seal(&worth)?;
        self.context
            .command(actor, "challenge.flags", move |mut command| async move {
                let name = flags::challenge_name(&mut command, challenge).await?;
                let name = name.ok_or_else(|| CoreError::NotFound(format!("challenge {challenge}")))?;
                flags::put(&mut command, challenge, worth.score(), &sealed).await?;
                let details = format!("{} points, {} flags", worth.points, sealed.len());
                command.commit(&name, Some(&details)).await
            })
            .await
    }
}
