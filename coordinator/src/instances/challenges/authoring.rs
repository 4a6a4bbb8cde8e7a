//! Creates, changes and deletes challenges of kind `instance`.

use super::Instances;
use crate::audit::Actor;
use crate::context::command::Command;
use crate::flags::{FlagKeys, Part, Score, Worth};
use crate::instances::secrets::check_variables;
use crate::store::instances::{self, About, NewInstanceChallenge, authoring, sessions};
use crate::store::{Connection, challenges, flags};
use crate::{CoreError, Person, Role};
use challengectl_common::Timestamp;
use challengectl_common::wire::LogLevel;
use challengectl_event::instance::{Form, Slug};
use std::sync::Arc;

/// The outcome of sessions whose challenge is deleted.
const DELETED: &str = "killed";

/// A challenge as its author sees it.
#[derive(Debug, Clone)]
pub struct Authored {
    /// The id, never reused.
    pub id: i64,
    /// The version of its spec.
    pub version: i64,
    /// All but its flags.
    pub form: Form,
}

impl Instances {
    /// Returns all challenges of this kind, also hidden ones, by name.
    pub async fn authored(&self) -> Result<Vec<Authored>, CoreError> {
        let forms = authoring::forms(&mut *self.context.store.read().await?, None).await?;
        Ok(forms.into_iter().map(|(it, form)| Authored { id: it.id, version: it.version, form }).collect())
    }

    /// Returns one challenge of this kind, also a hidden one.
    pub async fn authored_one(&self, id: i64) -> Result<Authored, CoreError> {
        let forms = authoring::forms(&mut *self.context.store.read_for_players().await?, Some(id)).await?;
        one(forms.into_iter().map(|(it, form)| Authored { id: it.id, version: it.version, form }), id)
    }

    /// Adds a challenge. Without flags, each of its instances has one of its own. Returns it as it is stored.
    ///
    /// # Errors
    /// [`CoreError::Invalid`]; [`CoreError::Conflict`] when the form's slug is taken.
    pub async fn create(self: &Arc<Self>, form: Form, actor: Actor) -> Result<Authored, CoreError> {
        form.check().map_err(CoreError::Invalid)?;
        let this = Arc::clone(self);
        self.context
            .command(actor, "challenge.create", move |mut command| async move {
                let (who, now, mut form) = (command.who(), command.now(), form);
                let slug = free_slug(&mut command, &form).await?;
                let id = add(&mut command, &this.flags.keys, &form, &slug, now).await?;
                let done = command.commit(form.name.as_str(), Some(&format!("instance {slug}"))).await?;
                this.context.log(LogLevel::Info, format!("Challenge {} created by {who}", form.name));
                (form.id, form.parts) = (Some(slug), Vec::new());
                Ok(done.with(Authored { id, version: 1, form }))
            })
            .await
    }

    /// Changes a challenge as `change` says, which gets it without its flags; these stay unless it gives others. A changed
    /// spec is another version; sessions keep theirs.
    ///
    /// # Errors
    /// [`CoreError::Invalid`]; [`CoreError::Forbidden`] when the person may not change what was changed.
    pub async fn update(
        self: &Arc<Self>,
        id: i64,
        change: impl FnOnce(Form) -> Form + Send + 'static,
        person: &Person,
    ) -> Result<(), CoreError> {
        let (this, role) = (Arc::clone(self), person.role);
        self.context
            .command(person.actor(), "challenge.update", move |mut command| async move {
                let forms = authoring::forms(&mut command, Some(id)).await?;
                let before = one(forms.into_iter().map(|(_, form)| form), id)?;
                let form = change(before.clone());
                let fields = changed(&before, &form);
                check(&before, &form, &fields, role)?;
                let now = command.now();
                replace(&mut command, &this.flags.keys, id, &before, &form, now).await?;
                let (who, name) = (command.who(), form.name.as_str());
                let fields = fields.join(", ");
                let done = command.commit(name, Some(&fields)).await?;
                if !fields.is_empty() {
                    this.context.log(LogLevel::Info, format!("Challenge {name} changed by {who} ({fields})"));
                }
                Ok(done)
            })
            .await
    }

    /// Shows a challenge to players, or hides it. Its instances live on.
    pub async fn enable(self: &Arc<Self>, id: i64, enabled: bool, actor: Actor) -> Result<(), CoreError> {
        let this = Arc::clone(self);
        let action = if enabled { "challenge.enable" } else { "challenge.disable" };
        self.context
            .command(actor, action, move |mut command| async move {
                let forms = authoring::forms(&mut command, Some(id)).await?;
                let form = Form { enabled, ..one(forms.into_iter().map(|(_, form)| form), id)? };
                let (who, now) = (command.who(), command.now());
                authoring::update(&mut command, id, &form, now).await?;
                let done = command.commit(form.name.as_str(), None).await?;
                let how = if enabled { "enabled" } else { "disabled" };
                this.context.log(LogLevel::Info, format!("Challenge {} {how} by {who}", form.name));
                Ok(done)
            })
            .await
    }

    /// Deletes a challenge, and stops its instances. What was solved stays.
    pub async fn delete(self: &Arc<Self>, id: i64, actor: Actor) -> Result<(), CoreError> {
        let this = Arc::clone(self);
        self.context
            .command(actor, "challenge.delete", move |mut command| async move {
                let missing = || CoreError::NotFound(format!("challenge {id}"));
                let challenge = instances::get(&mut command, id).await?.ok_or_else(missing)?;
                let mut stopped = 0;
                for session in sessions::all_present(&mut command).await? {
                    if session.challenge_id == id && this.stop_in(&mut command, session, DELETED).await? {
                        stopped += 1;
                    }
                }
                challenges::delete(&mut command, id).await?;
                let newest = sessions::revision(&mut command).await?;
                let who = command.who();
                let name = challenge.name.as_str();
                let done = command.commit(name, Some(&format!("{stopped} instances stopped"))).await?;
                this.wake(newest);
                this.context.log(LogLevel::Info, format!("Challenge {name} deleted by {who}"));
                Ok(done)
            })
            .await
    }
}

fn one<T>(found: impl IntoIterator<Item = T>, id: i64) -> Result<T, CoreError> {
    found.into_iter().next().ok_or_else(|| CoreError::NotFound(format!("challenge {id}")))
}

/// What came of a challenge that was put.
pub(crate) enum Put {
    Added,
    /// The fields that have changed; none if it is the same.
    Updated(Vec<&'static str>),
}

/// Adds a challenge, or changes the one that has its slug, which stays enabled or disabled unless `says_enabled`.
pub(crate) async fn put(
    connection: &mut Connection,
    keys: &FlagKeys,
    form: &Form,
    says_enabled: bool,
    now: Timestamp,
) -> Result<Put, CoreError> {
    form.check().map_err(CoreError::Invalid)?;
    let slug = form.slug();
    let Some(known) = instances::find(connection, slug.as_str()).await? else {
        add(connection, keys, form, &slug, now).await?;
        return Ok(Put::Added);
    };
    let forms = authoring::forms(connection, Some(known.id)).await?;
    let mut before = one(forms.into_iter().map(|(_, form)| form), known.id)?;
    before.parts = keys.parts(&flags::of(connection, known.id).await?)?;
    let enabled = if says_enabled { form.enabled } else { before.enabled };
    // The id never changes; a file need not give it.
    let form = Form { enabled, id: before.id.clone(), ..form.clone() };
    let fields = changed(&before, &form);
    if !fields.is_empty() {
        replace(connection, keys, known.id, &before, &form, now).await?;
    }
    Ok(Put::Updated(fields))
}

pub(crate) async fn add(
    connection: &mut Connection,
    keys: &FlagKeys,
    form: &Form,
    slug: &Slug,
    now: Timestamp,
) -> Result<i64, CoreError> {
    check_variables(connection, &form.spec).await?;
    let worth = worth(form);
    let sealed = keys.seal_all(&worth)?;
    let new = NewInstanceChallenge {
        slug: slug.as_str(),
        name: &form.name,
        enabled: form.enabled,
        about: &About::from(form),
        policy: &form.policy,
        spec: &form.spec,
    };
    let id = instances::insert(connection, &new, now).await?;
    flags::put(connection, id, worth.score(), &sealed).await?;
    Ok(id)
}

pub(crate) async fn replace(
    connection: &mut Connection,
    keys: &FlagKeys,
    id: i64,
    before: &Form,
    form: &Form,
    now: Timestamp,
) -> Result<(), CoreError> {
    authoring::update(connection, id, form, now).await?;
    if form.spec != before.spec {
        check_variables(connection, &form.spec).await?;
        authoring::add_version(connection, id, &form.spec).await?;
    }
    let worth = worth(form);
    let sealed = keys.seal_all(&worth)?;
    if !form.parts.is_empty() {
        flags::put(connection, id, worth.score(), &sealed).await?;
    } else if worth.score() != (Score { points: before.points, max_attempts: before.max_attempts }) {
        flags::put_score(connection, id, worth.score()).await?;
    }
    Ok(())
}

fn worth(form: &Form) -> Worth {
    let parts = if form.parts.is_empty() { vec![Part::of_session()] } else { form.parts.clone() };
    Worth { points: form.points, max_attempts: form.max_attempts, parts }
}

/// Returns the slug that a new challenge gets. One that is made of its name gets a number if it is taken.
pub(crate) async fn free_slug(command: &mut Command, form: &Form) -> Result<Slug, CoreError> {
    let wanted = form.slug();
    let (mut slug, mut number) = (wanted.clone(), 1);
    while instances::find(command, slug.as_str()).await?.is_some() {
        if form.id.is_some() {
            return Err(CoreError::Conflict(format!("id: there is a challenge {slug} already")));
        }
        number += 1;
        slug = wanted.numbered(number);
    }
    Ok(slug)
}

/// The fields that decide what runs on the hosts, and what is won by it.
const OF_ADMINS: [&str; 4] = ["spec", "points", "max_attempts", "parts"];

fn check(before: &Form, form: &Form, fields: &[&str], role: Role) -> Result<(), CoreError> {
    if form.id != before.id {
        return Err(CoreError::Invalid("id: it never changes; leave it out".to_owned()));
    }
    if let Some(field) = fields.iter().find(|field| OF_ADMINS.contains(field)).filter(|_| role < Role::Admin) {
        return Err(CoreError::Forbidden(format!("{field}: requires the role {}", Role::Admin)));
    }
    form.check().map_err(CoreError::Invalid)
}

fn changed(before: &Form, after: &Form) -> Vec<&'static str> {
    let fields = [
        ("name", before.name != after.name),
        ("enabled", before.enabled != after.enabled),
        ("category", before.category != after.category),
        ("difficulty", before.difficulty != after.difficulty),
        ("description", before.description != after.description),
        ("tags", before.tags != after.tags),
        ("author", before.author != after.author),
        ("estimated_time", before.estimated_time != after.estimated_time),
        ("learning_objectives", before.learning_objectives != after.learning_objectives),
        ("hints", before.hints != after.hints),
        ("policy", before.policy != after.policy),
        ("spec", before.spec != after.spec),
        ("points", before.points != after.points),
        ("max_attempts", before.max_attempts != after.max_attempts),
        ("parts", !after.parts.is_empty() && before.parts != after.parts),
        ("other_keys", before.other_keys != after.other_keys),
    ];
    fields.into_iter().filter(|(_, changed)| *changed).map(|(name, _)| name).collect()
}
