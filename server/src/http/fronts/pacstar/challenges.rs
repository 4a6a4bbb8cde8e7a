//! Challenges: what is to run.

use super::body::{Asked, Lazy, interpret};
use super::envelope::{refused, unprocessable};
use super::principal::{Master, User};
use super::wire::{
    Ceiling, Challenge, ChallengeList, ChallengeStats, Config, NewChallenge, Page, UpdateForm, description, name,
};
use crate::http::Problem;
use crate::http::extract::body::With;
use crate::http::extract::echo::{ReadOnly, is_same};
use crate::http::openapi::answers::{Failed, Missing, Unavailable};
use crate::http::problem::Code;
use crate::http::state::{Shared, State};
use actix_web::HttpResponse;
use actix_web::web::{self, Json};
use challengectl_coordinator::Coordinator;
use challengectl_coordinator::deployments::{Deployment, MAX_TEAMS, Sheet};
use serde_json::{Map, Value};

/// Challenges of one answer, at most.
const MAX_PAGE: usize = 1000;
/// Challenges of one answer.
const PAGE: usize = 100;

/// List the challenges.
///
/// The oldest first. Users do not see those that are inactive.
#[utoipa::path(get, path = "/api/v1/challenges", responses((status = OK, body = ChallengeList), Failed, Unavailable))]
pub async fn list(
    user: User,
    Asked(page): Asked<Page>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<ChallengeList>, Problem> {
    let limit = page.limit.unwrap_or(PAGE);
    if !(1..=MAX_PAGE).contains(&limit) {
        return Err(unprocessable(format!("limit: {limit}, not from 1 to {MAX_PAGE}")));
    }
    let mut all = coordinator.deployments.all().await?;
    all.retain(|it| is_seen(it, &user));
    let total = all.len();
    let skip = page.skip.and_then(|skip| usize::try_from(skip).ok()).unwrap_or(0);
    let challenges = all.into_iter().skip(skip).take(limit).map(|it| Challenge::new(it, &user)).collect();
    Ok(Json(ChallengeList { challenges, total }))
}

/// Create a challenge.
#[utoipa::path(
    post, path = "/api/v1/challenges", request_body = NewChallenge,
    responses((status = CREATED, body = Challenge), Failed, Unavailable)
)]
pub async fn create(
    With(Master(user), body): With<Master, Lazy<NewChallenge>>,
    coordinator: Shared<Coordinator>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let new = body.read()?;
    let by = user.deployer.key.clone();
    let sheet = sheet(&state, new.name, new.description, new.config, new.total_teams, new.is_active)?;
    let made = coordinator.deployments.create(sheet, by, user.actor()).await.map_err(refused)?;
    Ok(HttpResponse::Created().json(Challenge::new(made, &user)))
}

/// Show a challenge.
#[utoipa::path(
    get, path = "/api/v1/challenges/{challenge_id}",
    responses((status = OK, body = Challenge), Failed, Unavailable)
)]
pub async fn show(
    user: User,
    key: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Challenge>, Problem> {
    Ok(Json(Challenge::new(seen(&coordinator, &user, &key).await?, &user)))
}

/// Change a challenge.
///
/// The fields that are given change. What runs stays as it is until the next deploy.
#[utoipa::path(
    put, path = "/api/v1/challenges/{challenge_id}", request_body = UpdateForm,
    responses((status = OK, body = Challenge), Failed, Unavailable)
)]
pub async fn update(
    With(Master(user), body): With<Master, Lazy<UpdateForm>>,
    key: web::Path<String>,
    coordinator: Shared<Coordinator>,
    state: web::Data<State>,
) -> Result<Json<Challenge>, Problem> {
    let key = key.into_inner();
    let current = coordinator.deployments.get(&key).await?;
    let mut fields = body.fields()?;
    let since = current.challenge.updated_at;
    let before = current.challenge.clone();
    let shown = serde_json::to_value(Challenge::new(current, &user)).unwrap_or_default();
    refuse_read_only(&mut fields, &shown)?;
    let change: UpdateForm = interpret(Value::Object(fields))?;
    let config = match change.config {
        Some(config) => config,
        None => interpret(before.config)?,
    };
    let sheet = sheet(
        &state,
        change.name.unwrap_or(before.name),
        change.description.unwrap_or(before.description),
        config,
        change.total_teams.unwrap_or(before.teams),
        change.is_active.unwrap_or(before.active),
    )?;
    let changed = coordinator.deployments.update(key, since, sheet, user.actor()).await.map_err(refused)?;
    Ok(Json(Challenge::new(changed, &user)))
}

/// Delete a challenge.
///
/// All of its instances are removed; their addresses are free as soon as that is done.
#[utoipa::path(
    delete, path = "/api/v1/challenges/{challenge_id}",
    responses((status = NO_CONTENT, description = "It is deleted."), Failed, Unavailable)
)]
pub async fn delete(
    Master(user): Master,
    key: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    coordinator.deployments.delete(key.into_inner(), user.actor()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Count what runs of a challenge.
#[utoipa::path(
    get, path = "/api/v1/challenges/{challenge_id}/stats",
    responses((status = OK, body = ChallengeStats), Failed, Unavailable, Missing)
)]
pub async fn stats(
    user: User,
    key: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<ChallengeStats>, Problem> {
    Ok(Json(ChallengeStats::new(&seen(&coordinator, &user, &key).await?, &user)))
}

/// Returns a challenge that an account sees.
async fn seen(coordinator: &Coordinator, user: &User, key: &str) -> Result<Deployment, Problem> {
    let missing = || Problem::new(Code::NotFound).because("there is no challenge with this id");
    let it = coordinator.deployments.get(key).await?;
    if is_seen(&it, user) { Ok(it) } else { Err(missing()) }
}

fn is_seen(it: &Deployment, user: &User) -> bool {
    it.challenge.active || !user.is_user()
}

/// Takes out the fields that only the server sets, unless one differs from what is shown. What becomes of instances by itself is
/// passed over: it may have changed since the client has read it.
fn refuse_read_only(fields: &mut Map<String, Value>, shown: &Value) -> Result<(), Problem> {
    fields.remove("instances");
    fields.remove("warnings");
    for field in UpdateForm::FIELDS {
        let Some(repeated) = fields.remove(*field) else { continue };
        let is = shown.get(field).unwrap_or(&Value::Null);
        if !is_same(&repeated, is) {
            return Err(unprocessable(format!("{field}: is {is} and read-only; leave it out")));
        }
    }
    Ok(())
}

fn sheet(
    state: &State,
    title: String,
    text: String,
    config: Config,
    teams: u32,
    active: bool,
) -> Result<Sheet, Problem> {
    name(&title)?;
    description(&text)?;
    if !(1..=MAX_TEAMS).contains(&teams) {
        return Err(unprocessable(format!("total_teams: {teams}, not from 1 to {MAX_TEAMS}")));
    }
    let settings = &state.config.pacstar;
    let (spec, manner) = config.spec(Ceiling { cpus: settings.max_cpus, memory_mib: settings.max_memory_mib })?;
    let config = serde_json::to_value(config).map_err(|error| unprocessable(format!("config: {error}")))?;
    Ok(Sheet { name: title, description: text, config, spec, manner, teams, active })
}
