//! Adds or changes one challenge, for imports and operators, and decides which changes cut its carrier.

use super::step::Step;
use crate::store::air::assignments;
use crate::store::challenges::{self, Challenge, SignalProfile};
use crate::store::{Connection, StoreError};
use challengectl_common::challenge::Kind;
use challengectl_common::{ChallengeSpec, Timestamp};

/// Adds a challenge, or updates `before`. If the challenge is on air and its signal no longer matches, its carrier is
/// cut.
pub(crate) async fn put(
    connection: &mut Connection,
    before: Option<&Challenge>,
    spec: &ChallengeSpec,
    profile: &SignalProfile,
    now: Timestamp,
) -> Result<Step, StoreError> {
    let challenge = spec.name.to_string();
    let Some(before) = before else {
        challenges::insert(connection, spec, profile, now, now).await?;
        return Ok(Step::Added { challenge });
    };
    let fields = changed_fields(&before.spec, spec);
    if fields.is_empty() && before.air.profile == *profile {
        return Ok(Step::Unchanged { challenge });
    }
    challenges::update(connection, before.id, spec, profile, now).await?;
    let outdated = !spec.enabled || fields.iter().any(|field| ON_AIR.contains(field));
    let cut = outdated && assignments::abort_of_challenge(connection, before.id, now).await?.is_some();
    Ok(Step::Updated { challenge, fields, cut })
}

/// The fields whose change cuts the carrier: the signal differs, or another radio may have to send it.
const ON_AIR: [&str; 5] = ["modulation", "frequency", "flag", "parameters", "only_on"];

fn changed_fields(before: &ChallengeSpec, after: &ChallengeSpec) -> Vec<&'static str> {
    let (Kind::Transmission(sent_before), Kind::Transmission(sent_after)) = (&before.kind, &after.kind);
    let fields = [
        ("name", before.name != after.name),
        ("modulation", sent_before.modulation != sent_after.modulation),
        ("frequency", sent_before.tuning != sent_after.tuning),
        ("flag", sent_before.payload != sent_after.payload),
        ("parameters", sent_before.parameters != sent_after.parameters),
        ("enabled", before.enabled != after.enabled),
        ("priority", sent_before.priority != sent_after.priority),
        ("min_delay", sent_before.min_delay_ms != sent_after.min_delay_ms),
        ("max_delay", sent_before.max_delay_ms != sent_after.max_delay_ms),
        ("public_view", before.public_view != after.public_view),
        ("only_on", sent_before.only_on != sent_after.only_on),
    ];
    fields.into_iter().filter(|(_, changed)| *changed).map(|(name, _)| name).collect()
}
