//! Creating, changing and deleting challenges.

use super::view::{Deployment, view};
use super::{DeployedChallenge, Deployments, Sheet, find};
use crate::CoreError;
use crate::audit::Actor;
use crate::instances::{add, flag_of, free_slug, replace};
use crate::secrets::random_hex;
use crate::store::deployments::slots;
use crate::store::instances::{self, authoring};
use crate::store::{Connection, challenges, deployments};
use challengectl_common::Timestamp;
use challengectl_event::instance::{Form, Part};
use std::sync::Arc;
use std::time::Duration;

/// The outcome of sessions whose challenge is deleted.
const DELETED: &str = "killed";

impl Deployments {
    /// Adds a challenge, made by the deployer with this key. Nothing of it runs before it is deployed.
    ///
    /// # Errors
    /// [`CoreError::Invalid`]; [`CoreError::Conflict`] when there is one of this name.
    pub async fn create(self: &Arc<Self>, sheet: Sheet, by: String, actor: Actor) -> Result<Deployment, CoreError> {
        sheet.check()?;
        let this = Arc::clone(self);
        self.context
            .command(actor, "deployment.create", move |mut command| async move {
                refuse_taken(&mut command, &sheet.name, 0).await?;
                let (now, form) = (command.now(), sheet.form()?);
                let slug = free_slug(&mut command, &form).await?;
                let id = add(&mut command, &this.instances.flags.keys, &form, &slug, now).await?;
                let new = DeployedChallenge {
                    id,
                    key: random_hex::<12>(),
                    name: String::new(),
                    description: String::new(),
                    config: serde_json::Value::Null,
                    teams: 0,
                    active: true,
                    made_by: by,
                    created_at: now,
                    updated_at: now,
                    engine: None,
                    version: 1,
                    goal: None,
                    images: Vec::new(),
                };
                let new = sheet.on(new);
                deployments::insert(&mut command, &new).await?;
                deployments::add_manner(&mut command, id, new.version, &sheet.manner).await?;
                let view = view(&this.instances, &mut command, new).await?;
                Ok(command.commit(&sheet.name, None).await?.with(view))
            })
            .await
    }

    /// Changes a challenge, unless it was changed since this time. What runs stays as it is until the next deploy.
    ///
    /// # Errors
    /// [`CoreError::NotFound`], [`CoreError::Invalid`]; [`CoreError::Conflict`] when it was changed meanwhile, or the name
    /// is taken or may no longer change.
    pub async fn update(
        self: &Arc<Self>,
        key: String,
        since: Timestamp,
        sheet: Sheet,
        actor: Actor,
    ) -> Result<Deployment, CoreError> {
        sheet.check()?;
        let this = Arc::clone(self);
        self.context
            .command(actor, "deployment.update", move |mut command| async move {
                let before = find(&mut command, &key).await?;
                if before.updated_at != since {
                    return Err(CoreError::Conflict("the challenge was changed meanwhile; try again".to_owned()));
                }
                if before.name != sheet.name {
                    refuse_rename(&mut command, &before).await?;
                    refuse_taken(&mut command, &sheet.name, before.id).await?;
                }
                // Two changes within a millisecond are told apart.
                let now = command.now().max(since.after(Duration::from_millis(1)));
                let after = DeployedChallenge { updated_at: now, ..sheet.on(before) };
                let after = this.respecify(&mut command, after, &sheet).await?;
                deployments::update(&mut command, &after).await?;
                let view = view(&this.instances, &mut command, after).await?;
                Ok(command.commit(&sheet.name, None).await?.with(view))
            })
            .await
    }

    /// Writes the spec of a challenge, as another version if it differs. Returns the challenge with its version.
    async fn respecify(
        &self,
        connection: &mut Connection,
        mut it: DeployedChallenge,
        sheet: &Sheet,
    ) -> Result<DeployedChallenge, CoreError> {
        let forms = authoring::forms(connection, Some(it.id)).await?;
        let (_, before) = forms.into_iter().next().ok_or_else(super::missing)?;
        let manner = deployments::manner(connection, it.id, it.version).await?;
        let own = sheet.form()?;
        // Flags that were set otherwise stay as long as the variable does. Without it, each team has one of its own.
        let parts = match (flag_of(&before.spec), flag_of(&own.spec)) {
            (before, after) if before == after => Vec::new(),
            (_, None) => vec![Part::of_session()],
            (_, Some(_)) => own.parts,
        };
        let form = Form { name: own.name, description: own.description, spec: own.spec, parts, ..before.clone() };
        replace(connection, &self.instances.flags.keys, it.id, &before, &form, it.updated_at).await?;
        if form.spec == before.spec && sheet.manner != manner {
            authoring::add_version(connection, it.id, &form.spec).await?;
        }
        let now = instances::get(connection, it.id).await?.map_or(it.version, |it| it.version);
        if now != it.version {
            it.version = now;
            deployments::add_manner(connection, it.id, now, &sheet.manner).await?;
        }
        Ok(it)
    }

    /// Deletes a challenge, and has all of its instances removed. Their names and addresses stay leased until they are.
    ///
    /// # Errors
    /// [`CoreError::NotFound`].
    pub async fn delete(self: &Arc<Self>, key: String, actor: Actor) -> Result<(), CoreError> {
        let this = Arc::clone(self);
        self.context
            .command(actor, "deployment.delete", move |mut command| async move {
                let it = find(&mut command, &key).await?;
                let all = slots::of_challenge(&mut command, it.id).await?;
                for slot in all {
                    this.remove(&mut command, slot, DELETED).await?;
                }
                challenges::delete(&mut command, it.id).await?;
                this.settle(&mut command).await?;
                this.commit(command, &it.name, None).await
            })
            .await
    }
}

/// Refuses another name of a challenge whose names are in use.
async fn refuse_rename(connection: &mut Connection, it: &DeployedChallenge) -> Result<(), CoreError> {
    let has_slots = !slots::of_challenge(connection, it.id).await?.is_empty();
    if it.goal.is_some() || has_slots {
        let why = format!("name: {} was deployed, and its namespace has this name; make another challenge", it.name);
        return Err(CoreError::Conflict(why));
    }
    Ok(())
}

async fn refuse_taken(connection: &mut Connection, name: &str, id: i64) -> Result<(), CoreError> {
    if deployments::is_taken(connection, name, id).await? {
        return Err(CoreError::Conflict(format!("name: there is a challenge {name} already")));
    }
    Ok(())
}
