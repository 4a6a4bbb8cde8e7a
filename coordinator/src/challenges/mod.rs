//! Challenges: creating, changing, triggering, import and export, and the conference.

mod cards;
mod change;
mod conference;
pub mod export;
mod flag_keys;
pub mod folder;
mod form;
pub mod import;
mod import_cards;
pub(crate) mod import_upload;
mod look_alike;
mod names;
pub mod preview;
mod put;
pub mod step;
mod texts;
mod trigger;

pub use form::Form;
pub(super) use look_alike::{Looks, difference};

use crate::CoreError;
use crate::air::Air;
use crate::bus::cached::Cached;
use crate::context::Context;
use crate::files::Files;
use crate::store::Connection;
use crate::store::challenges;
pub use crate::store::challenges::Challenge;
use crate::store::challenges::ranges;
use challengectl_common::challenge::NamedRange;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// The challenges, and the event file that they come from.
#[derive(Debug)]
pub struct Challenges {
    pub(crate) context: Arc<Context>,
    pub(crate) air: Arc<Air>,
    pub(crate) files: Arc<Files>,
    pub(crate) specs: Cached<Vec<Challenge>>,
    pub(crate) event_file: OnceLock<PathBuf>,
}

impl Challenges {
    pub(crate) fn new(air: Arc<Air>) -> Arc<Self> {
        let (context, files) = (Arc::clone(&air.context), Arc::clone(&air.files));
        Arc::new(Self { context, air, files, specs: Cached::default(), event_file: OnceLock::new() })
    }
}

impl Challenges {
    /// Returns all challenges, by name. The database is read only after a change, since thousands may have the public
    /// page open.
    pub async fn all(&self) -> Result<Arc<Vec<Challenge>>, CoreError> {
        let read = async || Ok(challenges::all(&mut *self.context.store.read().await?).await?);
        Ok(self.specs.get(&self.context.revision, read).await?.1)
    }

    /// Returns the frequency ranges that challenges can refer to, by name: those imported with an event, and the
    /// well-known ones.
    pub async fn ranges(&self) -> Result<Vec<NamedRange>, CoreError> {
        let mut known = ranges::all(&mut *self.context.store.read().await?).await?;
        for range in challengectl_event::well_known_ranges() {
            if !known.iter().any(|own| own.name == range.name) {
                known.push(range);
            }
        }
        known.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(known)
    }

    /// Returns one challenge.
    pub async fn one(&self, id: i64) -> Result<Challenge, CoreError> {
        existing(&mut *self.context.store.read().await?, id).await
    }
}

async fn existing(connection: &mut Connection, id: i64) -> Result<Challenge, CoreError> {
    challenges::find(connection, id).await?.ok_or_else(|| CoreError::NotFound(format!("challenge {id}")))
}
