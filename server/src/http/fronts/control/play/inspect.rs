//! What instances print, for operators.

use crate::http::extract::body::{Json, With};
use crate::http::extract::query::Query;
use crate::http::openapi::answers::{Missing, Unavailable};
use crate::http::problem::Code;
use crate::http::state::Shared;
use crate::http::{Admin, Operator, Problem};
use actix_web::{HttpResponse, web};
use challengectl_common::instance::ContainerName;
use challengectl_common::wire::inspections::InspectionAnswer;
use challengectl_coordinator::Coordinator;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

const DEFAULT_LINES: u32 = 200;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// The container; absent: the first.
    #[param(pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
    container: Option<String>,
    /// How many lines, from the end.
    #[param(minimum = 1, maximum = 10_000, default = 200)]
    lines: Option<u32>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = InstanceCommand)]
pub struct Command {
    /// The container; absent: the first.
    #[serde(default)]
    container: Option<ContainerName>,
    /// The program with its arguments; no shell reads them.
    #[schema(min_items = 1, max_items = 100)]
    command: Vec<String>,
}

/// What was printed.
#[derive(Serialize, ToSchema)]
#[schema(as = InstanceOutput)]
struct Printed {
    /// The last 96 KiB at most; null: it could not be looked at.
    output: Option<String>,
    /// The exit code of a command that has ended.
    exit_code: Option<i64>,
    /// Why it could not be looked at, or not to the end.
    reason: Option<String>,
}

/// Show what a container of an instance has printed.
#[utoipa::path(
    get,
    path = "/api/instances/{instance_id}/output",
    responses((status = OK, body = Printed), Missing, Unavailable)
)]
pub async fn output(
    With(_, Query(which)): With<Operator, Query<Which>>,
    instance_id: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let name = |text: String| ContainerName::try_from(text).map_err(|error| Problem::invalid(error.to_string()));
    let container = which.container.map(name).transpose()?;
    let lines = which.lines.unwrap_or(DEFAULT_LINES);
    Ok(printed(coordinator.instances.output(number(&instance_id)?, container, lines).await?))
}

/// Show what a cluster has recorded about the objects of an instance.
///
/// One line for each event, the oldest first. Other engines record none, and say so.
#[utoipa::path(
    get,
    path = "/api/instances/{instance_id}/events",
    responses((status = OK, body = Printed), Missing, Unavailable)
)]
pub async fn events(
    _: Operator,
    instance_id: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    Ok(printed(coordinator.instances.events(number(&instance_id)?).await?))
}

/// Run a command in a container of an instance.
///
/// The answer comes when it has ended, or after 15 seconds with what it has printed until then.
#[utoipa::path(
    post,
    path = "/api/instances/{instance_id}/run",
    responses((status = OK, body = Printed), Missing, Unavailable)
)]
pub async fn run(
    With(Admin(person), Json(Command { container, command })): With<Admin, Json<Command>>,
    instance_id: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let (id, actor) = (number(&instance_id)?, person.actor());
    Ok(printed(coordinator.instances.run_command(id, container, command, actor).await?))
}

fn number(id: &str) -> Result<i64, Problem> {
    id.parse().map_err(|_| Problem::new(Code::NotFound).because("there is no such instance"))
}

fn printed(answer: InspectionAnswer) -> HttpResponse {
    let InspectionAnswer { output, exit_code, reason, .. } = answer;
    HttpResponse::Ok().json(Printed { output, exit_code, reason })
}
