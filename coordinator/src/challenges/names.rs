//! Names of challenges of all kinds, by which those of an event file refer to each other.

use crate::CoreError;
use crate::store::Connection;
use crate::store::catalog::entries::{self, Entry, Subject};
use challengectl_common::ChallengeName;

/// The challenges of all kinds.
pub(super) struct Names(Vec<Entry>);

impl Names {
    pub(super) async fn read(connection: &mut Connection) -> Result<Self, CoreError> {
        Ok(Self(entries::all(connection, None).await?))
    }

    /// Returns the name of a challenge; its id in URLs if others have its name, and `None` if there is none with this number.
    pub(super) fn of(&self, id: i64) -> Option<String> {
        let entry = self.0.iter().find(|entry| entry.id == id)?;
        let is_unique = self.named(entry.name.as_str()).nth(1).is_none();
        match &entry.subject {
            Subject::Instance { slug, .. } if !is_unique => Some(slug.clone()),
            _ => Some(entry.name.to_string()),
        }
    }

    /// Returns the number of the challenge with this name, or this id in URLs. An error names the key.
    pub(super) fn id(&self, key: &str, name: &str) -> Result<i64, CoreError> {
        let mut named = self.named(name);
        let found = match (named.next(), named.next()) {
            (Some(one), None) => Some(one.id),
            (first, _) => self.slug(name).or(first.map(|first| first.id)),
        };
        found.ok_or_else(|| CoreError::Invalid(format!("{key}: there is no challenge {name:?}")))
    }

    /// Returns the number of the challenge of kind `instance` with this id in URLs.
    pub(super) fn slug(&self, wanted: &str) -> Option<i64> {
        let is_it = |entry: &&Entry| matches!(&entry.subject, Subject::Instance { slug, .. } if slug == wanted);
        self.0.iter().find(is_it).map(|entry| entry.id)
    }

    /// Returns the number of the challenge of kind `text` with this name.
    pub(super) fn text(&self, name: &ChallengeName) -> Option<i64> {
        let text = self.0.iter().find(|entry| entry.subject == Subject::Text && entry.name == *name);
        text.map(|entry| entry.id)
    }

    fn named(&self, name: &str) -> impl Iterator<Item = &Entry> {
        self.0.iter().filter(move |entry| entry.name.as_str() == name)
    }
}
