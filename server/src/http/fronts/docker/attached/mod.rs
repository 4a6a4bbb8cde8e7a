//! What belongs to a challenge.

pub mod files;
pub mod flags;
pub mod hints;
pub mod solutions;
pub mod tags;
pub mod topics;
pub mod unlocks;

use crate::http::Problem;
use crate::http::extract::fields::Fields;
use crate::http::fronts::docker::{number, renamed};
use challengectl_coordinator::catalog::{Attachment, AttachmentKind};
use challengectl_coordinator::{Coordinator, Person};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::IntoParams;

/// Characters of a tag or a topic.
const MAX_VALUE: usize = 256;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OfChallenge {
    /// Those of this challenge alone.
    #[param(value_type = Option<i64>, minimum = 1)]
    pub challenge_id: Option<String>,
}

/// Returns what is attached to the challenge of a path.
async fn attached(
    kind: AttachmentKind,
    challenge: &str,
    coordinator: &Coordinator,
) -> Result<Vec<Attachment>, Problem> {
    let id = number("Challenge", challenge)?;
    coordinator.catalog.entry(id).await.map_err(renamed("Challenge"))?;
    Ok(coordinator.catalog.attachments(kind, Some(id)).await?)
}

/// Returns the challenge to which a body attaches something.
fn challenge(fields: &Fields) -> Result<i64, Problem> {
    for name in ["challenge_id", "challenge"] {
        if let Some(id) = fields.number(name)? {
            return Ok(id);
        }
    }
    Err(Problem::invalid("challenge_id: is missing"))
}

/// Attaches the value of a body: a tag or a topic.
async fn attach(
    kind: AttachmentKind,
    fields: &Fields,
    person: &Person,
    coordinator: &Coordinator,
) -> Result<Attachment, Problem> {
    let challenge = challenge(fields)?;
    let attached = coordinator.catalog.attach(challenge, kind, value(fields)?, person.actor()).await;
    attached.map_err(renamed("Challenge"))
}

/// Reads the value of a tag or a topic.
fn value(fields: &Fields) -> Result<Map<String, Value>, Problem> {
    let value = fields.needed("value")?.trim();
    if value.chars().count() > MAX_VALUE {
        return Err(Problem::invalid(format!("value: at most {MAX_VALUE} characters")));
    }
    Ok(Map::from_iter([("value".to_owned(), json!(value))]))
}
