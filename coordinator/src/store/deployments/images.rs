//! The images of what is deployed: those that its first instance was seen to have.

use super::super::cells::{from_json, to_json};
use super::super::{Connection, StoreError};
use challengectl_common::wire::deployments::ContainerImage;

/// Returns the images of a challenge, empty before any was seen; `None` if a slot of this version of the spec and of this
/// generation is behind its challenge, or that is deleted.
pub async fn agreed(
    connection: &mut Connection,
    challenge: i64,
    version: i64,
    generation: i64,
) -> Result<Option<Vec<ContainerImage>>, StoreError> {
    let images: Option<String> = sqlx::query_scalar(
        "SELECT images FROM deployed_challenges
         WHERE challenge_id = $1 AND deployed_version = $2 AND generation = $3",
    )
    .bind(challenge)
    .bind(version)
    .bind(generation)
    .fetch_optional(connection)
    .await?;
    images.map(|images| from_json(&images, "images")).transpose()
}

/// Records the images that the first instance was seen to have.
pub async fn agree(connection: &mut Connection, challenge: i64, images: &[ContainerImage]) -> Result<(), StoreError> {
    sqlx::query("UPDATE deployed_challenges SET images = $2 WHERE challenge_id = $1")
        .bind(challenge)
        .bind(to_json(&images, "images")?)
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets the images of a challenge of which some have failed, and none runs: whoever deploys it again has mended them.
pub async fn forget_failed(connection: &mut Connection, challenge: i64) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE deployed_challenges SET images = '[]' WHERE challenge_id = $1 AND EXISTS (
             SELECT 1 FROM slots JOIN sessions ON sessions.id = session_id
             WHERE slots.challenge_id = $1 AND state = 'starting' AND message IS NOT NULL
         ) AND NOT EXISTS (
             SELECT 1 FROM slots JOIN sessions ON sessions.id = session_id
             WHERE slots.challenge_id = $1 AND paused = 0 AND state IN ('running', 'lost')
         )",
    )
    .bind(challenge)
    .execute(connection)
    .await?;
    Ok(())
}
