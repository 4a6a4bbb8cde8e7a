//! Challenges of kind `instance` as their authors see them.

use super::{InstanceChallenge, Row, spec};
use crate::store::attachments::number;
use crate::store::cells::to_json;
use crate::store::{Connection, StoreError};
use challengectl_common::Timestamp;
use challengectl_common::instance::InstanceSpec;
use challengectl_event::instance::{Form, Slug};

/// Returns the challenges, all or the one with this id, by name. Their flags are not among it.
pub async fn forms(connection: &mut Connection, id: Option<i64>) -> Result<Vec<(InstanceChallenge, Form)>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, slug, name, enabled, about, COALESCE(points, 0) AS points, policy, version
         FROM challenges JOIN instance_challenges AS it ON it.challenge_id = id
         LEFT JOIN scores ON scores.challenge_id = id WHERE $1 IS NULL OR id = $1 ORDER BY name, id",
    )
    .bind(id)
    .fetch_all(&mut *connection)
    .await?;
    let mut forms = Vec::with_capacity(rows.len());
    for row in rows {
        let challenge = InstanceChallenge::try_from(row)?;
        let spec = spec(connection, challenge.id, challenge.version).await?;
        let max_attempts: Option<Option<u32>> =
            sqlx::query_scalar("SELECT max_attempts FROM scores WHERE challenge_id = $1")
                .bind(challenge.id)
                .fetch_optional(&mut *connection)
                .await?;
        let form = form(&challenge, spec, max_attempts.flatten());
        forms.push((challenge, form));
    }
    Ok(forms)
}

fn form(challenge: &InstanceChallenge, spec: InstanceSpec, max_attempts: Option<u32>) -> Form {
    let about = challenge.about.clone();
    Form {
        id: Slug::try_from(challenge.slug.clone()).ok(),
        name: challenge.name.clone(),
        enabled: challenge.visible,
        category: about.category,
        difficulty: about.difficulty,
        description: about.description,
        tags: about.tags,
        author: about.author,
        estimated_time: about.estimated_time,
        learning_objectives: about.learning_objectives,
        hints: about.hints,
        policy: challenge.policy.clone(),
        spec,
        points: challenge.points,
        max_attempts,
        parts: Vec::new(),
        other_keys: about.other_keys,
    }
}

/// Changes all but the spec, the score and the flags.
pub async fn update(connection: &mut Connection, id: i64, form: &Form, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE challenges SET name = $2, enabled = $3, updated_at = $4 WHERE id = $1")
        .bind(id)
        .bind(form.name.as_str())
        .bind(form.enabled)
        .bind(now.as_millis())
        .execute(&mut *connection)
        .await?;
    let about = super::About::from(form);
    sqlx::query("UPDATE instance_challenges SET about = $2, policy = $3 WHERE challenge_id = $1")
        .bind(id)
        .bind(to_json(&about, "about")?)
        .bind(to_json(&form.policy, "policy")?)
        .execute(&mut *connection)
        .await?;
    number(connection, id, &about.tags, &about.hints).await
}

/// Adds a version of the spec, which new sessions get from then on. Returns its number.
pub async fn add_version(connection: &mut Connection, id: i64, spec: &InstanceSpec) -> Result<i64, StoreError> {
    let version: i64 = sqlx::query_scalar(
        "INSERT INTO instance_specs (challenge_id, version, spec)
         SELECT $1, MAX(version) + 1, $2 FROM instance_specs WHERE challenge_id = $1 RETURNING version",
    )
    .bind(id)
    .bind(to_json(spec, "spec")?)
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query("UPDATE instance_challenges SET version = $2 WHERE challenge_id = $1")
        .bind(id)
        .bind(version)
        .execute(connection)
        .await?;
    Ok(version)
}
