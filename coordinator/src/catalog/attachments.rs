//! Tags, topics, hints, solutions and files of challenges.

use super::{Attachment, AttachmentKind, Catalog, entry};
use crate::CoreError;
use crate::audit::Actor;
use crate::context::command::Command;
use crate::files::incoming::Incoming;
use crate::store::Connection;
use crate::store::attachments;
use crate::store::catalog::entries;
use crate::store::instances::About;
use challengectl_common::Digest;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Attachments of one kind of one challenge.
const MAX_OF_A_KIND: usize = 100;
/// Bytes of an attachment: a solution is a text of some pages.
const MAX_CONTENT: usize = 256 * 1024;

impl AttachmentKind {
    fn actions(self) -> [&'static str; 3] {
        match self {
            Self::Tag => ["tag.create", "tag.update", "tag.delete"],
            Self::Topic => ["topic.create", "topic.update", "topic.delete"],
            Self::Hint => ["hint.create", "hint.update", "hint.delete"],
            Self::Solution => ["solution.create", "solution.update", "solution.delete"],
            Self::File => ["file.attach", "file.update", "file.detach"],
        }
    }
}

impl Catalog {
    /// Returns what is attached to all challenges, or to one, of a kind.
    pub async fn attachments(
        &self,
        kind: AttachmentKind,
        challenge: Option<i64>,
    ) -> Result<Vec<Attachment>, CoreError> {
        Ok(attachments::all(&mut *self.context.store.read().await?, kind, challenge).await?)
    }

    /// Returns one attachment.
    pub async fn attachment(&self, kind: AttachmentKind, id: i64) -> Result<Attachment, CoreError> {
        find(&mut *self.context.store.read_for_players().await?, kind, id).await
    }

    /// Attaches something to a challenge. Returns it.
    ///
    /// # Errors
    /// [`CoreError::NotFound`]; [`CoreError::Invalid`] when it is too large, or there are too many.
    pub async fn attach(
        self: &Arc<Self>,
        challenge: i64,
        kind: AttachmentKind,
        content: Map<String, Value>,
        actor: Actor,
    ) -> Result<Attachment, CoreError> {
        check(&content)?;
        let [action, ..] = kind.actions();
        self.context
            .command(actor, action, move |mut command| async move {
                let known = entry(&mut command, challenge).await?;
                if attachments::all(&mut command, kind, Some(challenge)).await?.len() >= MAX_OF_A_KIND {
                    let what = kind.as_str();
                    return Err(CoreError::Invalid(format!("a challenge has at most {MAX_OF_A_KIND} of each {what}")));
                }
                let id = attachments::insert(&mut command, challenge, kind, &content).await?;
                mirror(&mut command, challenge, kind, known.about).await?;
                let done = command.commit(known.name.as_str(), Some(&format!("{} {id}", kind.as_str()))).await?;
                Ok(done.with(Attachment { id, challenge_id: challenge, kind, content }))
            })
            .await
    }

    /// Changes fields of an attachment: those that are given. Returns it.
    ///
    /// # Errors
    /// As [`attach`](Self::attach).
    pub async fn change_attachment(
        self: &Arc<Self>,
        kind: AttachmentKind,
        id: i64,
        given: Map<String, Value>,
        actor: Actor,
    ) -> Result<Attachment, CoreError> {
        let [_, action, _] = kind.actions();
        self.context
            .command(actor, action, move |mut command| async move {
                let mut known = find(&mut command, kind, id).await?;
                known.content.extend(given);
                check(&known.content)?;
                attachments::update(&mut command, id, &known.content).await?;
                let of = entry(&mut command, known.challenge_id).await?;
                mirror(&mut command, of.id, kind, of.about).await?;
                let done = command.commit(of.name.as_str(), Some(&format!("{} {id}", kind.as_str()))).await?;
                Ok(done.with(known))
            })
            .await
    }

    /// Removes an attachment.
    ///
    /// # Errors
    /// [`CoreError::NotFound`].
    pub async fn detach(self: &Arc<Self>, kind: AttachmentKind, id: i64, actor: Actor) -> Result<(), CoreError> {
        let [_, _, action] = kind.actions();
        self.context
            .command(actor, action, move |mut command| async move {
                let known = find(&mut command, kind, id).await?;
                attachments::delete(&mut command, id).await?;
                let of = entry(&mut command, known.challenge_id).await?;
                mirror(&mut command, of.id, kind, of.about).await?;
                command.commit(of.name.as_str(), Some(&format!("{} {id}", kind.as_str()))).await
            })
            .await
    }

    /// Attaches a file to a challenge, for a purpose: `challenge` or `solution`.
    ///
    /// # Errors
    /// As [`attach`](Self::attach).
    pub async fn attach_file(
        self: &Arc<Self>,
        challenge: i64,
        name: &str,
        purpose: &str,
        mut content: Incoming,
        actor: Actor,
    ) -> Result<Attachment, CoreError> {
        // Before it is kept.
        self.entry(challenge).await?;
        let sha1 = content.sha1().await?;
        let digest = self.files.keep(content, name, actor.clone()).await?.to_string();
        let fields = [("name", name), ("type", purpose), ("digest", &digest), ("sha1", &sha1)];
        let fields = fields.into_iter().map(|(name, text)| (name.to_owned(), json!(text))).collect();
        self.attach(challenge, AttachmentKind::File, fields, actor).await
    }

    /// Returns the attachments that are the file with this content and name.
    pub async fn file(&self, digest: Digest, name: &str) -> Result<Vec<Attachment>, CoreError> {
        let (mut all, digest) = (self.attachments(AttachmentKind::File, None).await?, digest.to_string());
        all.retain(|it| it.text("digest") == digest && it.text("name") == name);
        Ok(all)
    }
}

async fn find(connection: &mut Connection, kind: AttachmentKind, id: i64) -> Result<Attachment, CoreError> {
    let known = attachments::get(connection, kind, id).await?;
    known.ok_or_else(|| CoreError::NotFound(format!("{} {id}", kind.as_str())))
}

fn check(content: &Map<String, Value>) -> Result<(), CoreError> {
    let length: usize = content.values().map(|value| value.as_str().map_or(0, str::len)).sum();
    if length > MAX_CONTENT {
        return Err(CoreError::Invalid(format!("content: more than {MAX_CONTENT} bytes")));
    }
    Ok(())
}

/// Shows tags and hints by the other fronts.
async fn mirror(
    command: &mut Command,
    challenge: i64,
    kind: AttachmentKind,
    mut about: About,
) -> Result<(), CoreError> {
    let (field, texts) = match kind {
        AttachmentKind::Tag => ("value", &mut about.tags),
        AttachmentKind::Hint => ("content", &mut about.hints),
        _ => return Ok(()),
    };
    let all = attachments::all(command, kind, Some(challenge)).await?;
    *texts = all.iter().map(|it| it.text(field).to_owned()).collect();
    Ok(entries::set_about(command, challenge, &about).await?)
}
