//! Unlocking hints, which cost points.

use super::Flags;
use crate::CoreError;
use crate::session::Owner;
use crate::store::Connection;
use crate::store::flags::unlocks::{self, Unlock};
use crate::store::flags::{board, solves};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A hint to unlock.
#[derive(Debug, Clone)]
pub struct Hint {
    /// Its id.
    pub id: i64,
    /// What it costs.
    pub cost: u32,
    /// The hints that have to be unlocked before it.
    pub after: Vec<i64>,
}

impl Flags {
    /// Unlocks a hint for an owner, by an account. Its cost is taken off the owner's points.
    ///
    /// # Errors
    /// [`CoreError::Conflict`] when it is unlocked, [`CoreError::Forbidden`] when others have to be unlocked before it,
    /// [`CoreError::Invalid`] when the owner has too few points.
    pub async fn unlock(self: &Arc<Self>, owner: Owner, who: String, hint: Hint) -> Result<Unlock, CoreError> {
        let this = Arc::clone(self);
        let work = async move {
            let mut transaction = this.context.store.write_for_players().await?;
            let own = unlocks::of_owner(&mut transaction, &owner).await?;
            let unlocked = || CoreError::Conflict("You've already unlocked this target".to_owned());
            if own.iter().any(|it| it.hint_id == hint.id) {
                return Err(unlocked());
            }
            if hint.after.iter().any(|before| !own.iter().any(|it| it.hint_id == *before)) {
                let why = "You must unlock other hints before accessing this hint";
                return Err(CoreError::Forbidden(why.to_owned()));
            }
            if hint.cost > points(&mut transaction, &owner, &own).await? {
                return Err(CoreError::Invalid("You do not have enough points to unlock this hint".to_owned()));
            }
            let at = this.context.clock.now();
            let id = unlocks::record(&mut transaction, hint.id, &owner, &who, hint.cost, at).await?;
            let id = id.ok_or_else(unlocked)?;
            crate::store::commit(transaction).await?;
            Ok(Unlock { id, hint_id: hint.id, owner, cost: hint.cost, at })
        };
        self.context.run_to_completion(work).await
    }

    /// Returns the hints that an owner has unlocked.
    pub async fn unlocks(&self, owner: &Owner) -> Result<Vec<Unlock>, CoreError> {
        Ok(unlocks::of_owner(&mut *self.context.store.read_for_players().await?, owner).await?)
    }
}

/// Returns the points of an owner, as on the scoreboard.
async fn points(connection: &mut Connection, owner: &Owner, unlocked: &[Unlock]) -> Result<u32, CoreError> {
    let shown: BTreeSet<i64> = board::solvable(connection, None).await?.iter().map(|it| it.id).collect();
    let mut solved = solves::of_owner(connection, owner).await?;
    solved.retain(|solve| shown.contains(&solve.challenge_id));
    Ok(super::board::points(&solved, unlocked.iter()))
}
