//! Opening: starting a session with a process, over the sessions API.

use super::super::{Instances, Placed, placed};
use super::Wish;
use crate::CoreError;
use crate::secrets::random_hex;
use crate::store::instances::sessions;
use challengectl_common::instance::InstanceSpec;
use challengectl_common::wire::instances::OwnFile;
use std::sync::Arc;
use std::time::Duration;

/// What a session with a process is opened with. Its owner may have several of a challenge, none waits for an engine, and none
/// is started again when its process has ended.
#[derive(Debug, Clone, Default)]
pub struct Opening {
    /// How long it lives without a sign of life, unless the challenge says so.
    pub idle: Option<Duration>,
    /// A structure of the Protein Data Bank that the process shall open.
    pub pdb_id: Option<String>,
    /// The file that its owner has sent.
    pub file: Option<OwnFile>,
}

impl Instances {
    /// Decides what comes of a session whose process has not started. One that was to open something may have failed at that,
    /// which is not the server's fault: it is shown as failed. Of others nothing is left.
    pub(super) async fn unopened(self: &Arc<Self>, id: i64, opening: &Opening) -> Result<Placed, CoreError> {
        if opening.file.is_none() && opening.pdb_id.is_none() {
            self.dismiss(id).await?;
            return Err(CoreError::StartFailed);
        }
        let mut connection = self.context.store.read_for_players().await?;
        let session = sessions::get(&mut connection, id).await?.ok_or(CoreError::StartFailed)?;
        placed(&mut connection, session).await
    }
}

/// Returns an error unless what is asked for is what the challenge has.
pub(super) fn fits(spec: &InstanceSpec, wish: &Wish) -> Result<(), CoreError> {
    match (wish.opening(), &spec.process) {
        (Some(_), None) => Err(CoreError::Invalid(format!("challenge_id: {} has no process", wish.challenge))),
        (None, Some(_)) => {
            Err(CoreError::Conflict("the instances of this challenge are made over /api/sessions".to_owned()))
        }
        _ => Ok(()),
    }
}

/// Returns what the front calls the session: random. The sessions API has UUIDs of version 4 (RFC 9562, section 5.4).
pub(super) fn key(wish: &Wish) -> String {
    if wish.opening().is_none() {
        return random_hex::<16>();
    }
    let random = u128::from_be_bytes(rand::random());
    let uuid = random & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let text = format!("{uuid:032x}");
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}
