//! Challenges of kind `instance`, for operators.

mod change;
pub mod import;

use super::{Switch, done};
use crate::http::extract::body::{Json, OptionalJson, With};
use crate::http::extract::echo::Echo;
use crate::http::fronts::challenge_id;
use crate::http::openapi::answers::{Conflict, Done};
use crate::http::state::Shared;
use crate::http::{Admin, Operator, Problem, Viewer};
use actix_web::{HttpResponse, web};
use challengectl_common::ChallengeName;
use challengectl_common::instance::{InstanceSpec, Policy};
use challengectl_coordinator::instances::Authored;
use challengectl_coordinator::{Coordinator, Role};
use challengectl_event::instance::{Form, Slug};
use change::Change;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(as = InstanceChallenges)]
struct List {
    challenges: Vec<Shown>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OneInstanceChallenge)]
struct One {
    challenge: Shown,
}

#[derive(Serialize, ToSchema)]
#[schema(as = InstanceChallengeCreated)]
struct Created {
    status: &'static str,
    message: &'static str,
    challenge_id: i64,
    id: Option<Slug>,
}

/// A challenge without its flags.
#[derive(Serialize, ToSchema)]
#[schema(as = InstanceChallenge)]
struct Shown {
    challenge_id: i64,
    /// The version of the spec. Instances keep the one that they were started with.
    version: i64,
    /// What names it in URLs.
    id: Option<Slug>,
    name: ChallengeName,
    /// Whether players see it.
    enabled: bool,
    category: String,
    difficulty: String,
    description: String,
    tags: Vec<String>,
    author: String,
    estimated_time: String,
    learning_objectives: Vec<String>,
    hints: Vec<String>,
    policy: Policy,
    points: u32,
    max_attempts: Option<u32>,
    /// What an instance consists of. Only admins see it, since variables and commands may reveal a flag.
    #[serde(skip_serializing_if = "Option::is_none")]
    spec: Option<InstanceSpec>,
    /// Keys of its `challenge.yml` that have no meaning here; for admins.
    #[serde(skip_serializing_if = "Option::is_none")]
    other_keys: Option<Map<String, Value>>,
}

impl Shown {
    fn seen_by(role: Role, authored: Authored) -> Self {
        let Authored { id, version, form } = authored;
        let Form { spec, other_keys, .. } = form;
        Self {
            challenge_id: id,
            version,
            id: form.id,
            name: form.name,
            enabled: form.enabled,
            category: form.category,
            difficulty: form.difficulty,
            description: form.description,
            tags: form.tags,
            author: form.author,
            estimated_time: form.estimated_time,
            learning_objectives: form.learning_objectives,
            hints: form.hints,
            policy: form.policy,
            points: form.points,
            max_attempts: form.max_attempts,
            spec: Some(spec).filter(|_| role.sees_payload()),
            other_keys: Some(other_keys).filter(|_| role.sees_payload()),
        }
    }
}

/// List the challenges of kind instance.
#[utoipa::path(get, path = "/api/instance-challenges", responses((status = OK, body = List)))]
pub async fn list(Viewer(person): Viewer, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    let all = coordinator.instances.authored().await?;
    let challenges = all.into_iter().map(|authored| Shown::seen_by(person.role, authored)).collect();
    Ok(HttpResponse::Ok().json(List { challenges }))
}

/// Show a challenge of kind instance.
#[utoipa::path(get, path = "/api/instance-challenges/{instance_challenge_id}", responses((status = OK, body = One)))]
pub async fn one(
    Viewer(person): Viewer,
    coordinator: Shared<Coordinator>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let authored = coordinator.instances.authored_one(challenge_id(&id)?).await?;
    Ok(HttpResponse::Ok().json(One { challenge: Shown::seen_by(person.role, authored) }))
}

/// Create a challenge of kind instance.
///
/// Without `parts`, each of its instances has a flag of its own.
#[utoipa::path(post, path = "/api/instance-challenges", responses((status = CREATED, body = Created), Conflict))]
pub async fn create(
    With(Admin(person), Json(form)): With<Admin, Json<Form>>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let Authored { id, form, .. } = coordinator.instances.create(form, person.actor()).await?;
    let message = "Challenge created successfully";
    Ok(HttpResponse::Created().json(Created { status: "success", message, challenge_id: id, id: form.id }))
}

/// Change the given fields of a challenge of kind instance.
///
/// A changed `spec` is another version, which new instances get. `spec`, `points`, `max_attempts` and `parts` require the
/// role admin.
#[utoipa::path(put, path = "/api/instance-challenges/{instance_challenge_id}", responses(Done))]
pub async fn update(
    With(Operator(person), echo): With<Operator, Echo<Change>>,
    coordinator: Shared<Coordinator>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = challenge_id(&id)?;
    let authored = coordinator.instances.authored_one(id).await?;
    let change = echo.over(&Shown::seen_by(person.role, authored))?;
    coordinator.instances.update(id, |form| change.over(form), &person).await?;
    Ok(done("Challenge updated successfully"))
}

/// Delete a challenge of kind instance, and stop its instances.
#[utoipa::path(delete, path = "/api/instance-challenges/{instance_challenge_id}", responses(Done))]
pub async fn delete(
    Admin(person): Admin,
    coordinator: Shared<Coordinator>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    coordinator.instances.delete(challenge_id(&id)?, person.actor()).await?;
    Ok(done("Challenge deleted successfully"))
}

/// Show a challenge of kind instance to players; with `{"enabled": false}`, hide it.
#[utoipa::path(post, path = "/api/instance-challenges/{instance_challenge_id}/enable", responses(Done))]
pub async fn enable(
    With(Operator(person), OptionalJson(switch)): With<Operator, OptionalJson<Switch>>,
    coordinator: Shared<Coordinator>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let Switch { enabled } = switch.unwrap_or_default();
    coordinator.instances.enable(challenge_id(&id)?, enabled, person.actor()).await?;
    Ok(done(if enabled { "Challenge enabled" } else { "Challenge disabled" }))
}

/// Hide a challenge of kind instance. Its instances live on.
#[utoipa::path(post, path = "/api/instance-challenges/{instance_challenge_id}/disable", responses(Done))]
pub async fn disable(
    Operator(person): Operator,
    coordinator: Shared<Coordinator>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    coordinator.instances.enable(challenge_id(&id)?, false, person.actor()).await?;
    Ok(done("Challenge disabled"))
}
