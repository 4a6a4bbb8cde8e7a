pub mod flags;
mod form;
pub mod modulations;
pub mod preview;
pub mod ranges;
mod schemas;

use super::{Switch, done};
use crate::http::extract::body::{Json, OptionalJson, With};
use crate::http::extract::echo::Echo;
use crate::http::fronts::challenge_id;
use crate::http::openapi::answers::{Conflict, Done};
use crate::http::state::Shared;
use crate::http::{Admin, Operator, Problem, Viewer};
use crate::words::{ChallengeState, ModulationName};
use actix_web::{HttpResponse, web};
use challengectl_common::challenge::Kind;
use challengectl_common::{Band, ChallengeName, Digest, Frequency, Payload, PublicView, Sender, Timestamp, Tuning};
use challengectl_coordinator::challenges::Challenge as Stored;
use challengectl_coordinator::{Coordinator, Role};
use form::ChallengeForm;
use serde::Serialize;
use serde_json::{Map, Number, Value};
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
struct Challenges {
    challenges: Vec<Challenge>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OneChallenge)]
struct One {
    challenge: Challenge,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ChallengeCreated)]
struct Created {
    status: &'static str,
    message: &'static str,
    challenge_id: i64,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Challenge {
    challenge_id: i64,
    name: ChallengeName,
    /// Null if the frequency is drawn from ranges for each transmission.
    frequency: Option<Frequency>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_ranges: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manual_frequency_range: Option<Range>,
    modulation: ModulationName,
    parameters: Map<String, Value>,
    state: ChallengeState,
    enabled: bool,
    priority: i64,
    last_run: Option<Timestamp>,
    next_run: Timestamp,
    triggered: bool,
    failures: u32,
    #[schema(value_type = f64)]
    min_delay: Number,
    #[schema(value_type = f64)]
    max_delay: Number,
    /// Seconds on air.
    duration: f64,
    /// The span that holds 99 % of the power, in hertz relative to the frequency.
    occupied: Occupied,
    public_view: PublicView,
    /// The runners and radios that may transmit it; empty: all.
    only_on: Vec<Sender>,
    #[serde(flatten)]
    content: Option<Content>,
}

/// The payload. Only admins see it, since even the name of a file may reveal the flag.
#[derive(Serialize, ToSchema)]
#[schema(as = ChallengeContent)]
struct Content {
    flag_file: Option<String>,
    flag_hash: Option<Digest>,
    text: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = FrequencyRange)]
struct Range {
    min_hz: u64,
    max_hz: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OccupiedSpan)]
pub(super) struct Occupied {
    low: f64,
    high: f64,
}

impl Occupied {
    pub(super) fn new(span: &std::ops::Range<f64>) -> Self {
        Self { low: span.start, high: span.end }
    }
}

/// List challenges.
#[utoipa::path(get, path = "/api/challenges", responses((status = OK, body = Challenges)))]
pub async fn list(Viewer(person): Viewer, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    let (now, all) = (coordinator.context.now(), coordinator.challenges.all().await?);
    let challenges = all.iter().map(|stored| Challenge::seen_by(person.role, stored.clone(), now)).collect();
    Ok(HttpResponse::Ok().json(Challenges { challenges }))
}

/// Show a challenge.
#[utoipa::path(get, path = "/api/challenges/{challenge_id}", responses((status = OK, body = One)))]
pub async fn one(
    Viewer(person): Viewer,
    coordinator: Shared<Coordinator>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let stored = coordinator.challenges.one(challenge_id(&id)?).await?;
    Ok(HttpResponse::Ok().json(One { challenge: Challenge::seen_by(person.role, stored, coordinator.context.now()) }))
}

/// Create a challenge.
#[utoipa::path(post, path = "/api/challenges", responses((status = CREATED, body = Created), Conflict))]
pub async fn create(
    With(Admin(person), Json(form)): With<Admin, Json<ChallengeForm>>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let challenge_id = coordinator.challenges.create(&form.into(), person.actor()).await?;
    let message = "Challenge created successfully";
    Ok(HttpResponse::Created().json(Created { status: "success", message, challenge_id }))
}

/// Change the given fields of a challenge.
#[utoipa::path(put, path = "/api/challenges/{challenge_id}", responses(Done, Conflict))]
pub async fn update(
    With(Operator(person), echo): With<Operator, Echo<ChallengeForm>>,
    coordinator: Shared<Coordinator>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = challenge_id(&id)?;
    let stored = coordinator.challenges.one(id).await?;
    let form = echo.over(&Challenge::seen_by(person.role, stored, coordinator.context.now()))?;
    coordinator.challenges.update(id, &form.into(), &person).await?;
    Ok(done("Challenge updated successfully"))
}

/// Delete a challenge.
#[utoipa::path(delete, path = "/api/challenges/{challenge_id}", responses(Done))]
pub async fn delete(
    Admin(person): Admin,
    coordinator: Shared<Coordinator>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    coordinator.challenges.delete(challenge_id(&id)?, person.actor()).await?;
    Ok(done("Challenge deleted successfully"))
}

/// Enable a challenge; with `{"enabled": false}`, disable it.
#[utoipa::path(post, path = "/api/challenges/{challenge_id}/enable", responses(Done))]
pub async fn enable(
    With(Operator(person), OptionalJson(switch)): With<Operator, OptionalJson<Switch>>,
    coordinator: Shared<Coordinator>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let Switch { enabled } = switch.unwrap_or_default();
    coordinator.challenges.enable(challenge_id(&id)?, enabled, person.actor()).await?;
    Ok(done(if enabled { "Challenge enabled" } else { "Challenge disabled" }))
}

/// Disable a challenge and end its transmission.
#[utoipa::path(post, path = "/api/challenges/{challenge_id}/disable", responses(Done))]
pub async fn disable(
    Operator(person): Operator,
    coordinator: Shared<Coordinator>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    coordinator.challenges.enable(challenge_id(&id)?, false, person.actor()).await?;
    Ok(done("Challenge disabled"))
}

/// Put a challenge on air as soon as a radio is free.
#[utoipa::path(post, path = "/api/challenges/{challenge_id}/trigger", responses(Done, Conflict))]
pub async fn trigger(
    Operator(person): Operator,
    coordinator: Shared<Coordinator>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    coordinator.challenges.trigger(challenge_id(&id)?, person.actor()).await?;
    Ok(done("Challenge queued for immediate transmission"))
}

impl Challenge {
    pub(super) fn seen_by(role: Role, stored: Stored, now: Timestamp) -> Self {
        let state = stored.state(now).into();
        let Stored { id, spec, air, .. } = stored;
        let Kind::Transmission(transmission) = spec.kind;
        let (frequency, ranges, band) = match transmission.tuning {
            Tuning::Frequency(frequency) => (Some(frequency), None, None),
            Tuning::FrequencyRanges(ranges) => (None, Some(ranges.into_iter().map(|range| range.name).collect()), None),
            Tuning::ManualFrequencyRange(band) => (None, None, Some(range(band))),
        };
        Self {
            challenge_id: id,
            name: spec.name,
            frequency,
            frequency_ranges: ranges,
            manual_frequency_range: band,
            modulation: transmission.modulation.into(),
            parameters: transmission.parameters,
            state,
            enabled: spec.enabled,
            priority: transmission.priority,
            last_run: air.last_success_at,
            next_run: air.due_at,
            triggered: air.triggered_at.is_some(),
            failures: air.failures,
            min_delay: seconds(transmission.min_delay_ms),
            max_delay: seconds(transmission.max_delay_ms),
            duration: air.profile.duration_ms as f64 / 1000.0,
            occupied: Occupied::new(&air.profile.occupied),
            public_view: spec.public_view,
            only_on: transmission.only_on,
            content: role.sees_payload().then(|| content(transmission.payload)),
        }
    }
}

fn content(payload: Payload) -> Content {
    match payload {
        Payload::Text(text) => Content { flag_file: None, flag_hash: None, text: Some(text) },
        Payload::File(file) => Content { flag_file: Some(file.path), flag_hash: Some(file.digest), text: None },
    }
}

fn range(band: Band) -> Range {
    Range { min_hz: band.low(), max_hz: band.high() }
}

/// Renders whole seconds without a fraction, as the examples of the API have them.
fn seconds(millis: i64) -> Number {
    if millis % 1000 == 0 {
        return (millis / 1000).into();
    }
    Number::from_f64(millis as f64 / 1000.0).unwrap_or_else(|| 0.into())
}
