//! Submitting flags of challenges without sessions, such as those on air; and the list of submissions.

use super::judge::{PodFlags, Try};
use super::{Flags, Sender, Submission, Verdict};
use crate::CoreError;
use crate::session::Owner;
use crate::store;
use crate::store::flags::{self, Score, board, submissions};
use crate::store::log::history::Page;
use std::sync::Arc;

impl Flags {
    /// Compares a submission with the flags of a challenge that are the same for everybody, and with what pods have besides.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] when the challenge has no flag, [`CoreError::TooMany`] after too many wrong ones within a
    /// minute, [`CoreError::Forbidden`] when no attempt is left.
    pub(crate) async fn submit(
        self: &Arc<Self>,
        challenge: i64,
        owner: Owner,
        pods: PodFlags,
        sender: Sender,
        text: String,
    ) -> Result<Verdict, CoreError> {
        self.check_rate(challenge, &owner)?;
        let this = Arc::clone(self);
        let judged = async move {
            let session = pods.session.as_ref();
            let it = Try { challenge, owner: &owner, sender: &sender, session, pods: &pods, text: &text };
            let mut transaction = this.context.store.write_for_players().await?;
            let pending = this.judge_in(&mut transaction, &it).await?;
            store::commit(transaction).await?;
            Ok(this.conclude(&it, pending))
        };
        self.context.run_to_completion(judged).await
    }

    /// Returns submissions, the newest first, and the number of all.
    pub async fn submissions(&self, page: Page) -> Result<(Vec<Submission>, u64), CoreError> {
        Ok(submissions::page(&mut *self.context.store.read().await?, page).await?)
    }

    /// Returns the id of the latest submission; 0 without any.
    pub async fn latest_submission(&self) -> Result<i64, CoreError> {
        Ok(submissions::latest(&mut *self.context.store.read_for_players().await?).await?)
    }

    /// Returns the name of a team or an account, or the name that somebody without one gave.
    pub async fn name_of(&self, owner: &Owner) -> Result<String, CoreError> {
        let name = board::name(&mut *self.context.store.read_for_players().await?, owner).await?;
        Ok(name.unwrap_or_else(|| owner.name().to_owned()))
    }

    /// Returns whether players see a challenge, and can solve it.
    pub async fn is_solvable(&self, challenge: i64) -> Result<bool, CoreError> {
        Ok(!board::solvable(&mut *self.context.store.read_for_players().await?, Some(challenge)).await?.is_empty())
    }

    /// Returns what a challenge is worth; `None` if it cannot be solved by a flag.
    pub async fn score(&self, challenge: i64) -> Result<Option<(Score, u16)>, CoreError> {
        let mut connection = self.context.store.read_for_players().await?;
        let Some(score) = flags::score(&mut connection, challenge).await? else { return Ok(None) };
        let parts = flags::of(&mut connection, challenge).await?.last().map_or(0, |flag| flag.part + 1);
        Ok(Some((score, parts)))
    }
}
