//! Creates, changes and deletes challenges.

use super::existing;
use super::form::{Checked, Form};
use super::look_alike::{Looks, difference};
use super::put::put;
use super::step::Step;
use crate::audit::Actor;
use crate::challenges::Challenges;
use crate::store::Connection;
use crate::store::air::assignments;
use crate::store::challenges::{self, Challenge};
use crate::{CoreError, Person, Role};
use challengectl_common::ChallengeName;
use challengectl_common::wire::LogLevel;
use std::sync::Arc;

impl Challenges {
    /// Adds a challenge, due at once. Returns its id.
    ///
    /// # Errors
    /// [`CoreError::Invalid`] with all of its problems, [`CoreError::Conflict`] when its name is taken.
    pub async fn create(self: &Arc<Self>, form: &Form, actor: Actor) -> Result<i64, CoreError> {
        let Checked { spec, profile } = self.checked(None, form, Role::Admin).await?;
        let this = Arc::clone(self);
        self.context
            .command(actor, "challenge.create", |mut command| async move {
                let (who, now) = (command.who(), command.now());
                name_is_free(&mut command, &spec.name, None).await?;
                let id = challenges::insert(&mut command, &spec, &profile, now, now).await?;
                let done = command.commit(spec.name.as_str(), None).await?;
                this.context.log(LogLevel::Info, format!("Challenge {} created by {who}", spec.name));
                Ok(done.with(id))
            })
            .await
    }

    /// Changes the given fields. If the challenge is on air and its signal no longer matches, the carrier is cut.
    ///
    /// # Errors
    /// [`CoreError::Invalid`] with all problems, [`CoreError::Conflict`] when the name is taken or the challenge was
    /// changed meanwhile.
    pub async fn update(self: &Arc<Self>, id: i64, form: &Form, person: &Person) -> Result<(), CoreError> {
        let before = self.one(id).await?;
        let checked = self.checked(Some(&before.spec), form, person.role).await?;
        let (this, actor) = (Arc::clone(self), person.actor());
        self.context
            .run_to_completion(async move { this.replace(before, checked, "challenge.update", actor).await })
            .await
    }

    /// Enables or disables a challenge; disabling cuts its carrier. The challenge is not checked, so that one with a
    /// damaged file can be disabled.
    pub async fn enable(self: &Arc<Self>, id: i64, enabled: bool, actor: Actor) -> Result<(), CoreError> {
        let this = Arc::clone(self);
        self.context
            .run_to_completion(async move {
                let before = this.one(id).await?;
                let mut checked = Checked { spec: before.spec.clone(), profile: before.air.profile.clone() };
                checked.spec.enabled = enabled;
                let action = if enabled { "challenge.enable" } else { "challenge.disable" };
                this.replace(before, checked, action, actor).await
            })
            .await
    }

    async fn replace(
        &self,
        before: Challenge,
        checked: Checked,
        action: &'static str,
        actor: Actor,
    ) -> Result<(), CoreError> {
        let Checked { spec, profile } = checked;
        let mut command = self.context.begin(actor, action).await?;
        let (who, now) = (command.who(), command.now());
        let current = existing(&mut command, before.id).await?;
        if current.spec != before.spec {
            return Err(CoreError::Conflict("the challenge was changed meanwhile; read it again".to_owned()));
        }
        name_is_free(&mut command, &spec.name, Some(before.id)).await?;
        let step = put(&mut command, Some(&current), &spec, &profile, now).await?;
        let fields = if let Step::Updated { fields, .. } = step { fields.join(", ") } else { String::new() };
        command.commit(spec.name.as_str(), Some(&fields)).await?;
        self.air.take_over_changes().await?;
        if !fields.is_empty() {
            self.context.log(LogLevel::Info, format!("Challenge {} changed by {who} ({fields})", spec.name));
        }
        if !current.air.live {
            let due_at = current.air.due_at;
            self.air.publish_off_air(Challenge { spec, ..current }, due_at, now);
        }
        Ok(())
    }

    /// Deletes a challenge; if it is on air, its carrier is cut. Its history stays.
    pub async fn delete(self: &Arc<Self>, id: i64, actor: Actor) -> Result<(), CoreError> {
        let this = Arc::clone(self);
        self.context
            .command(actor, "challenge.delete", move |mut command| async move {
                let challenge = existing(&mut command, id).await?;
                let (who, now) = (command.who(), command.now());
                assignments::abort_of_challenge(&mut command, id, now).await?;
                challenges::delete(&mut command, id).await?;
                let name = challenge.spec.name.as_str();
                let done = command.commit(name, None).await?;
                this.air.take_over_changes().await?;
                this.context.log(LogLevel::Info, format!("Challenge {name} deleted by {who}"));
                Ok(done)
            })
            .await
    }
}

/// Checks that no other challenge has this name, or one that looks like it.
pub(super) async fn name_is_free(
    connection: &mut Connection,
    name: &ChallengeName,
    own: Option<i64>,
) -> Result<(), CoreError> {
    match challenges::id_of(connection, name).await? {
        Some(id) if Some(id) != own => Err(CoreError::Conflict(format!("there is a challenge {name} already"))),
        Some(_) => Ok(()),
        None => {
            let all = challenges::all(connection).await?;
            let others = all.iter().filter(|other| Some(other.id) != own).map(|other| &other.spec.name);
            let looks = Looks::of(others);
            let alike = looks.like(name).map(|other| format!("{}; choose another name", difference(name, other)));
            alike.map_or(Ok(()), |alike| Err(CoreError::Conflict(alike)))
        }
    }
}
