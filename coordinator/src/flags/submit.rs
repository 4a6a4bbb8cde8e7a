//! Submitting flags of challenges without sessions, such as those on air; and the list of submissions.

use super::judge::Try;
use super::{Flags, Sender, Submission, Verdict};
use crate::CoreError;
use crate::session::Owner;
use crate::store;
use crate::store::flags::submissions;
use std::sync::Arc;

impl Flags {
    /// Compares a submission with the flags of a challenge that are the same for everybody.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] when the challenge has no flag, [`CoreError::TooMany`] after too many wrong ones within a
    /// minute, [`CoreError::Forbidden`] when no attempt is left.
    pub async fn submit(
        self: &Arc<Self>,
        challenge: i64,
        owner: Owner,
        sender: Sender,
        text: String,
    ) -> Result<Verdict, CoreError> {
        self.check_rate(challenge, &owner)?;
        let this = Arc::clone(self);
        let judged = async move {
            let it = Try { challenge, owner: &owner, sender: &sender, session: None, text: &text };
            let mut transaction = this.context.store.write().await?;
            let pending = this.judge_in(&mut transaction, &it).await?;
            store::commit(transaction).await?;
            Ok(this.conclude(&it, pending))
        };
        self.context.run_to_completion(judged).await
    }

    /// Returns submissions, the newest first: those before this id.
    pub async fn submissions(&self, before: Option<i64>, limit: u32) -> Result<Vec<Submission>, CoreError> {
        Ok(submissions::page(&mut *self.context.store.read().await?, before, limit).await?)
    }
}
