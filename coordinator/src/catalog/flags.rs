//! Flags, one by one.

use super::{Catalog, Logic, Subject, entry};
use crate::CoreError;
use crate::audit::Actor;
use crate::context::command::Command;
use crate::flags::{DEFAULT_FORMAT, Flag, FlagMode};
use crate::store::Connection;
use crate::store::catalog::flags::{self, NumberedFlag};
use crate::store::flags::{self as stored_flags, score};
use std::sync::Arc;

/// Flags of one challenge.
const MAX_FLAGS: usize = 50;

/// A flag of a challenge, with its content.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub struct EntryFlag {
    pub id: i64,
    pub challenge_id: i64,
    pub flag: Flag,
}

impl Catalog {
    /// Returns the flags of all challenges, or of one, without those that each instance has of its own.
    pub async fn flags(&self, challenge: Option<i64>) -> Result<Vec<EntryFlag>, CoreError> {
        let all = flags::all(&mut *self.context.store.read().await?, challenge).await?;
        let own = all.into_iter().filter(|it| it.flag.mode != FlagMode::Session);
        own.map(|it| self.opened(&it)).collect()
    }

    /// Returns one flag.
    pub async fn flag(&self, id: i64) -> Result<EntryFlag, CoreError> {
        self.opened(&find(&mut *self.context.store.read_for_players().await?, id).await?)
    }

    /// Adds a flag to a challenge. It takes the place of the flag that each instance has of its own, if there is no other.
    /// Returns its id.
    ///
    /// # Errors
    /// [`CoreError::NotFound`]; [`CoreError::Invalid`].
    pub async fn add_flag(self: &Arc<Self>, challenge: i64, flag: Flag, actor: Actor) -> Result<i64, CoreError> {
        let this = Arc::clone(self);
        self.context
            .command(actor, "flag.create", move |mut command| async move {
                let known = entry(&mut command, challenge).await?;
                if score(&mut command, challenge).await?.is_none() {
                    let why = "challenge_id: the challenge is worth nothing; give it points in the dashboard first";
                    return Err(CoreError::Invalid(why.to_owned()));
                }
                let present = flags::all(&mut command, Some(challenge)).await?;
                let (session, own): (Vec<_>, Vec<_>) =
                    present.into_iter().partition(|it| it.flag.mode == FlagMode::Session);
                if own.len() >= MAX_FLAGS {
                    return Err(CoreError::Invalid(format!("a challenge has at most {MAX_FLAGS} flags")));
                }
                let part = match known.card.logic {
                    Logic::Any | Logic::Team => own.first().map_or(0, |it| it.flag.part),
                    Logic::All => own.iter().map(|it| it.flag.part + 1).max().unwrap_or(0),
                };
                let sealed = this.flags.keys.seal(part, 1, &flag)?;
                if own.is_empty() {
                    for default in session {
                        flags::delete(&mut command, default.id).await?;
                    }
                }
                let id = flags::insert(&mut command, challenge, &sealed).await?;
                Ok(command.commit(known.name.as_str(), Some(&format!("flag {id}"))).await?.with(id))
            })
            .await
    }

    /// Changes a flag as `change` says, which gets it as it is.
    ///
    /// # Errors
    /// [`CoreError::NotFound`]; [`CoreError::Invalid`].
    pub async fn change_flag(
        self: &Arc<Self>,
        id: i64,
        change: impl FnOnce(Flag) -> Flag + Send + 'static,
        actor: Actor,
    ) -> Result<(), CoreError> {
        let this = Arc::clone(self);
        self.context
            .command(actor, "flag.update", move |mut command| async move {
                let known = find(&mut command, id).await?;
                let flag = change(this.opened(&known)?.flag);
                let sealed = this.flags.keys.seal(known.flag.part, known.flag.share, &flag)?;
                flags::update(&mut command, id, &sealed).await?;
                let name = entry(&mut command, known.challenge_id).await?.name;
                command.commit(name.as_str(), Some(&format!("flag {id}"))).await
            })
            .await
    }

    /// Removes a flag. With the last one, each instance has a flag of its own again.
    ///
    /// # Errors
    /// [`CoreError::NotFound`].
    pub async fn delete_flag(self: &Arc<Self>, id: i64, actor: Actor) -> Result<(), CoreError> {
        let this = Arc::clone(self);
        self.context
            .command(actor, "flag.delete", move |mut command| async move {
                let known = find(&mut command, id).await?;
                flags::delete(&mut command, id).await?;
                let of = entry(&mut command, known.challenge_id).await?;
                let is_last = flags::all(&mut command, Some(of.id)).await?.is_empty();
                if is_last && matches!(of.subject, Subject::Instance { .. }) {
                    let default = Flag { mode: FlagMode::Session, content: DEFAULT_FORMAT.to_owned() };
                    flags::insert(&mut command, of.id, &this.flags.keys.seal(0, 1, &default)?).await?;
                }
                command.commit(of.name.as_str(), Some(&format!("flag {id}"))).await
            })
            .await
    }

    /// Returns whether a text is a flag of a challenge, without a record. Flags that containers have of their own do not count.
    pub async fn preview(&self, challenge: i64, text: &str) -> Result<bool, CoreError> {
        let stored = stored_flags::of(&mut *self.context.store.read_for_players().await?, challenge).await?;
        Ok(self.flags.keys.matching(&stored, None, text)?.is_some())
    }

    /// Makes the flags of a challenge alternatives, or parts of which each is needed, within a command.
    pub(super) async fn apply_logic(&self, command: &mut Command, id: i64, logic: Logic) -> Result<(), CoreError> {
        for (number, mut known) in (0..).zip(flags::all(command, Some(id)).await?) {
            known.flag.part = if logic == Logic::All { number } else { 0 };
            flags::update(command, known.id, &known.flag).await?;
        }
        Ok(())
    }

    fn opened(&self, it: &NumberedFlag) -> Result<EntryFlag, CoreError> {
        let flag = Flag { mode: it.flag.mode, content: self.flags.keys.open(&it.flag)? };
        Ok(EntryFlag { id: it.id, challenge_id: it.challenge_id, flag })
    }
}

/// Returns a flag that is not one of instances of their own.
async fn find(connection: &mut Connection, id: i64) -> Result<NumberedFlag, CoreError> {
    let known = flags::get(connection, id).await?.filter(|it| it.flag.mode != FlagMode::Session);
    known.ok_or_else(|| CoreError::NotFound(format!("flag {id}")))
}
