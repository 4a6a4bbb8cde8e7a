//! The catalog: challenges of all kinds, as organisers of CTFd know them, with what belongs to each: flags, tags, topics,
//! hints, solutions and files.
//!
//! It is no second store: what all fronts know of a challenge is where they have it, and a card keeps the rest.

mod attachments;
mod change;
mod flags;
mod listing;
mod sheet;

pub use crate::store::attachments::{Attachment, Kind as AttachmentKind};
pub use crate::store::catalog::entries::{Entry, Subject};
pub use crate::store::catalog::{Card, Logic, Requirements};
pub use crate::store::instances::services::SecretUse;
pub use flags::EntryFlag;
pub use listing::{Access, Listed};
pub use sheet::Sheet;

use crate::CoreError;
use crate::context::Context;
use crate::files::Files;
use crate::flags::Flags;
use crate::instances::Instances;
use crate::store::Connection;
use crate::store::catalog::entries;
use std::sync::Arc;

/// The challenges of all kinds.
#[derive(Debug)]
pub struct Catalog {
    context: Arc<Context>,
    flags: Arc<Flags>,
    instances: Arc<Instances>,
    files: Arc<Files>,
}

impl Catalog {
    pub(crate) fn new(
        context: Arc<Context>,
        flags: Arc<Flags>,
        instances: Arc<Instances>,
        files: Arc<Files>,
    ) -> Arc<Self> {
        Arc::new(Self { context, flags, instances, files })
    }
}

/// Returns a challenge of any kind.
async fn entry(connection: &mut Connection, id: i64) -> Result<Entry, CoreError> {
    let found = entries::all(connection, Some(id)).await?.into_iter().next();
    found.ok_or_else(|| missing(id))
}

fn missing(id: i64) -> CoreError {
    CoreError::NotFound(format!("challenge {id}"))
}
