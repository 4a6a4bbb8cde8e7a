//! Challenges of kind `instance`.

pub(super) mod authoring;

use super::{About, Instances};
use crate::CoreError;
use crate::flags::Worth;
use crate::store::flags;
use crate::store::instances::{self, InstanceChallenge, NewInstanceChallenge};
use challengectl_common::ChallengeName;
use challengectl_common::instance::{InstanceSpec, Policy};
use challengectl_event::instance::Slug;

/// A challenge, as its author writes it.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "as in `InstanceChallenge`")]
pub struct Definition {
    pub slug: String,
    pub name: ChallengeName,
    pub about: About,
    pub worth: Worth,
    pub policy: Policy,
    pub spec: InstanceSpec,
}

impl Instances {
    /// Returns the challenges that players see, by category, difficulty and name.
    pub async fn challenges(&self) -> Result<Vec<InstanceChallenge>, CoreError> {
        let mut all = instances::all(&mut *self.context.store.read().await?).await?;
        all.retain(|challenge| challenge.visible);
        let key = |it: &InstanceChallenge| {
            (it.about.category.clone(), difficulty(&it.about.difficulty), it.name.as_str().to_owned(), it.id)
        };
        all.sort_by_cached_key(key);
        Ok(all)
    }

    /// Adds a challenge, unless its slug is known: what people have changed stays. Returns whether it is new.
    pub async fn add_challenge(&self, definition: &Definition) -> Result<bool, CoreError> {
        check(definition)?;
        let sealed = self.flags.seal(&definition.worth)?;
        let mut transaction = self.context.store.write().await?;
        if instances::find(&mut transaction, &definition.slug).await?.is_some() {
            return Ok(false);
        }
        let new = NewInstanceChallenge {
            slug: &definition.slug,
            name: &definition.name,
            enabled: true,
            about: &definition.about,
            policy: &definition.policy,
            spec: &definition.spec,
        };
        let id = instances::insert(&mut transaction, &new, self.context.clock.now()).await?;
        flags::put(&mut transaction, id, definition.worth.score(), &sealed).await?;
        crate::store::commit(transaction).await?;
        Ok(true)
    }
}

fn check(definition: &Definition) -> Result<(), CoreError> {
    let invalid = |why: String| CoreError::Invalid(why);
    Slug::try_from(definition.slug.clone()).map_err(|why| invalid(format!("id: {why}")))?;
    definition.policy.check().map_err(invalid)?;
    definition.spec.check().map_err(invalid)
}

/// Orders difficulties as authors of challenges do; others come last.
fn difficulty(name: &str) -> usize {
    const ORDER: [&str; 5] = ["beginner", "easy", "medium", "hard", "expert"];
    ORDER.iter().position(|known| *known == name).unwrap_or(ORDER.len())
}
