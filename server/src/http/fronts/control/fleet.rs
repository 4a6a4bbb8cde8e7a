use super::enrollment::provisioning::{Radio as NewRadio, server};
use super::enrollment::token_life::TokenLife;
use super::{Switch, done};
use crate::http::extract::body::{Json, OptionalJson, With};
use crate::http::openapi::answers::{Conflict, Done};
use crate::http::problem::Code;
use crate::http::state::Shared;
use crate::http::{Admin, Operator, Problem, Viewer};
use crate::words::{HostBinding, RunnerStatus};
use actix_web::{HttpRequest, HttpResponse, web};
use challengectl_common::wire::Identification;
use challengectl_common::{Band, DutyCycle, Frequency, RadioId, RunnerId, Timestamp};
use challengectl_coordinator::{Coordinator, IssuedToken, KnownRadio, OnAir, RunnerState};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
struct Runners {
    runners: Vec<Runner>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OneRunner)]
struct One {
    runner: Runner,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Runner {
    runner_id: RunnerId,
    status: RunnerStatus,
    /// Whether it has an active assignment.
    busy: bool,
    enabled: bool,
    host_binding: HostBinding,
    last_heartbeat: Option<Timestamp>,
    /// Seconds by which its clock is ahead of the server's, as of its last heartbeat; negative: behind; null: not known.
    clock_ahead_seconds: Option<f64>,
    /// The frequency limits of all its radios.
    frequency_limits: BTreeSet<Band>,
    /// The challenge of its oldest assignment.
    current_task: Option<String>,
    enrolled_at: Timestamp,
    registered_at: Option<Timestamp>,
    hostname: Option<String>,
    version: Option<String>,
    radios: Vec<Radio>,
}

#[derive(Serialize, ToSchema)]
struct Radio {
    radio_id: RadioId,
    driver: Option<String>,
    model: Option<String>,
    frequency_limits: Vec<Band>,
    /// The named ranges of the event in which it may transmit as well.
    frequency_ranges: Vec<String>,
    sample_rate: Option<u64>,
    /// The part of the time for which it may be on air.
    duty_cycle: Option<DutyCycle>,
    max_on_air_seconds: Option<u32>,
    /// Until when it rests after what it sent last; null: it does not.
    rests_until: Option<Timestamp>,
    /// How it identifies its station.
    identification: Option<Identification>,
    current_task: Option<Task>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RadioTask)]
struct Task {
    assignment_id: i64,
    challenge_id: i64,
    challenge_name: String,
    frequency: Frequency,
    /// Null before the carrier is on.
    progress: Option<f64>,
}

/// List runners.
#[utoipa::path(get, path = "/api/runners", responses((status = OK, body = Runners)))]
pub async fn list(_: Viewer, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    let runners = coordinator.views.runners().await?.into_iter().map(Runner::from).collect();
    Ok(HttpResponse::Ok().json(Runners { runners }))
}

/// Show a runner.
#[utoipa::path(get, path = "/api/runners/{runner_id}", responses((status = OK, body = One)))]
pub async fn one(_: Viewer, coordinator: Shared<Coordinator>, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    let state = coordinator.views.runner(&named(&id)?).await?;
    Ok(HttpResponse::Ok().json(One { runner: state.into() }))
}

/// Remove a runner.
#[utoipa::path(delete, path = "/api/runners/{runner_id}", responses(Done))]
pub async fn remove(
    Admin(person): Admin,
    coordinator: Shared<Coordinator>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    coordinator.runner_api.remove_runner(&named(&id)?, person.actor()).await?;
    Ok(done("Runner removed successfully"))
}

/// Enable a runner; with `{"enabled": false}`, disable it.
#[utoipa::path(post, path = "/api/runners/{runner_id}/enable", responses(Done))]
pub async fn enable(
    With(Operator(person), OptionalJson(switch)): With<Operator, OptionalJson<Switch>>,
    coordinator: Shared<Coordinator>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let Switch { enabled } = switch.unwrap_or_default();
    coordinator.runner_api.enable_runner(&named(&id)?, enabled, person.actor()).await?;
    Ok(done(if enabled { "Runner enabled" } else { "Runner disabled" }))
}

/// Disable a runner.
#[utoipa::path(post, path = "/api/runners/{runner_id}/disable", responses(Done))]
pub async fn disable(
    Operator(person): Operator,
    coordinator: Shared<Coordinator>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    coordinator.runner_api.enable_runner(&named(&id)?, false, person.actor()).await?;
    Ok(done("Runner disabled"))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    #[serde(alias = "runner_name")]
    runner_id: RunnerId,
    #[serde(default)]
    expires_hours: TokenLife,
    /// The URL at which the runner reaches the server, for its configuration; default: that of this request.
    server_url: Option<String>,
    /// The radios of its configuration. Without them, no configuration is made.
    radios: Option<Vec<NewRadio>>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct EnrollmentTokenCreated {
    status: &'static str,
    message: &'static str,
    runner_id: RunnerId,
    enrollment_token: String,
    expires_at: Timestamp,
    /// The runner's `runner.yml`, which holds the token, if `radios` were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    config_yaml: Option<String>,
}

/// Create an enrollment token for a runner.
///
/// The token is shown only once.
#[utoipa::path(post, path = "/api/enrollment/token", responses((status = CREATED, body = EnrollmentTokenCreated), Conflict))]
pub async fn issue_token(
    With(Admin(person), Json(wanted)): With<Admin, Json<TokenRequest>>,
    coordinator: Shared<Coordinator>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let TokenRequest { runner_id, expires_hours, server_url, radios } = wanted;
    let file = match radios {
        Some(radios) => {
            Some((server(server_url.as_deref(), &request)?, radios.into_iter().map(Into::into).collect::<Vec<_>>()))
        }
        None => None,
    };
    if let Some((server, radios)) = &file {
        // Before a token is made, so that a failure leaves none behind.
        coordinator.fleet.runner_file(server, "", radios)?;
    }
    let issued = coordinator.fleet.issue_enrollment_token(&runner_id, expires_hours.into(), person.actor()).await?;
    let token = issued.token.clone();
    let mut created = EnrollmentTokenCreated::new(runner_id, issued);
    if let Some((server, radios)) = file {
        created.config_yaml = Some(coordinator.fleet.runner_file(&server, &token, &radios)?);
    }
    Ok(HttpResponse::Created().json(created))
}

impl EnrollmentTokenCreated {
    pub(super) fn new(runner_id: RunnerId, issued: IssuedToken) -> Self {
        let (enrollment_token, expires_at) = (issued.token, issued.expires_at);
        Self {
            status: "success",
            message: "Enrollment token created",
            runner_id,
            enrollment_token,
            expires_at,
            config_yaml: None,
        }
    }
}

pub(super) fn named(id: &str) -> Result<RunnerId, Problem> {
    let none = || Problem::new(Code::NotFound).because(format!("there is no runner {id:?}"));
    RunnerId::new(id).map_err(|_| none())
}

impl From<RunnerState> for Runner {
    fn from(state: RunnerState) -> Self {
        let RunnerState { runner, liveness, binding, clock_ahead, work } = state;
        let frequency_limits = runner.limits();
        Self {
            runner_id: runner.id,
            status: liveness.status.into(),
            busy: liveness.busy,
            enabled: runner.enabled,
            host_binding: binding.into(),
            last_heartbeat: runner.last_heartbeat,
            clock_ahead_seconds: clock_ahead.map(|ms| ms as f64 / 1000.0),
            frequency_limits,
            current_task: work.first().map(|work| work.planned.challenge_name.clone()),
            enrolled_at: runner.enrolled_at,
            registered_at: runner.registered_at,
            hostname: runner.hostname,
            version: runner.version,
            radios: runner.radios.into_iter().map(|known| radio(known, &work)).collect(),
        }
    }
}

fn radio(KnownRadio { info, rests_until }: KnownRadio, work: &[OnAir]) -> Radio {
    let current_task = work.iter().find(|work| work.planned.radio_id == info.id).map(|work| Task {
        assignment_id: work.planned.assignment_id,
        challenge_id: work.planned.challenge_id,
        challenge_name: work.planned.challenge_name.clone(),
        frequency: work.planned.frequency,
        progress: work.progress,
    });
    Radio {
        radio_id: info.id,
        driver: info.driver,
        model: info.model,
        frequency_limits: info.frequency_limits,
        frequency_ranges: info.frequency_ranges,
        sample_rate: info.sample_rate,
        duty_cycle: info.duty_cycle,
        max_on_air_seconds: info.max_on_air_seconds,
        rests_until,
        identification: info.identification,
        current_task,
    }
}
