use super::done;
use crate::http::Problem;
use crate::http::extract::body::{Json, OptionalJson, With};
use crate::http::extract::origin;
use crate::http::extract::principal::Runner;
use crate::http::extract::query::Query;
use crate::http::openapi::answers::{Conflict, Done, Forbidden, Missing};
use crate::http::problem::Code;
use crate::http::state::Shared;
use actix_web::{HttpRequest, HttpResponse};
use challengectl_common::wire::inspections::InspectionAnswer;
use challengectl_common::wire::instances::{InstanceReports, Orders};
use challengectl_common::wire::inventories::Inventory;
use challengectl_common::wire::{
    Acknowledgement, CompleteRequest, HeartbeatRequest, HeartbeatResponse, LogRequest, LogsRequest, RegisterRequest,
    RegisterResponse, TaskResponse,
};
use challengectl_coordinator::Coordinator;
use serde::Deserialize;
use std::num::ParseIntError;
use std::time::Duration;
use utoipa::IntoParams;

const MAX_WAIT_SECONDS: f64 = 60.0;
/// The maximum number of assignments in `holding`: one for each of 64 radios, and 256 pending reports of
/// challengectl-runner, with room to spare.
const MAX_HOLDING: usize = 400;
/// Bytes of an inventory: 2,000 images with names of 255 bytes and ten ports each.
const MAX_INVENTORY: usize = 1 << 20;

/// Register a runner and its radios.
#[utoipa::path(
    post, path = "/api/runners/register",
    responses((status = OK, body = RegisterResponse), Forbidden, Missing)
)]
pub async fn register(
    Runner(caller): Runner,
    coordinator: Shared<Coordinator>,
    Json(request): Json<RegisterRequest>,
) -> Result<HttpResponse, Problem> {
    if request.runner_id != caller.runner_id {
        return Err(Problem::new(Code::Forbidden).because("the key is that of another runner"));
    }
    let registration = coordinator.runner_api.register(&caller, request).await?;
    Ok(HttpResponse::Ok().json(RegisterResponse {
        status: "success".to_owned(),
        message: "Runner registered successfully".to_owned(),
        runner_id: caller.runner_id,
        intervals: registration.intervals,
        abort: registration.abort,
    }))
}

/// Send a heartbeat and renew the runner's leases.
#[utoipa::path(post, path = "/api/runners/{runner_id}/heartbeat", responses((status = OK, body = HeartbeatResponse)))]
pub async fn heartbeat(
    Runner(caller): Runner,
    coordinator: Shared<Coordinator>,
    OptionalJson(request): OptionalJson<HeartbeatRequest>,
) -> Result<HttpResponse, Problem> {
    let HeartbeatRequest { assignments, engines } = request.unwrap_or_default();
    let heartbeat = coordinator.runner_api.heartbeat(&caller, assignments.as_deref())?;
    coordinator.runner_api.hear_engines(&caller, &engines)?;
    Ok(HttpResponse::Ok().json(HeartbeatResponse {
        status: "success".to_owned(),
        message: "Heartbeat received".to_owned(),
        renewed: heartbeat.renewed,
        abort: heartbeat.abort,
        intervals: heartbeat.intervals,
    }))
}

/// Sign out a runner.
#[utoipa::path(post, path = "/api/runners/{runner_id}/signout", responses(Done))]
pub async fn sign_out(Runner(caller): Runner, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    coordinator.runner_api.sign_out(&caller).await?;
    Ok(done("Runner signed out successfully"))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TaskQuery {
    /// Seconds to wait for a task if there is none.
    #[param(value_type = Option<f64>, minimum = 0, maximum = 60, default = 0)]
    wait: Option<String>,
    /// The assignments that the runner holds, separated by commas. Its other assignments are handed out again, since
    /// the answers with them were lost. A runner with one radio that registers without `assignments` holds none when it
    /// asks for work without `wait`.
    #[param(value_type = Option<String>, pattern = r"^([0-9]{1,18}(,[0-9]{1,18}){0,399})?$")]
    holding: Option<String>,
}

/// Poll for a task, with an optional wait.
#[utoipa::path(
    get, path = "/api/runners/{runner_id}/task",
    responses((status = OK, body = TaskResponse))
)]
pub async fn task(
    With(Runner(caller), Query(query)): With<Runner, Query<TaskQuery>>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let wait = query.wait.as_deref().map(parse_wait).transpose()?;
    let held = query.holding.as_deref().map(parse_holding).transpose()?;
    let polled = coordinator.air.poll(&caller, wait, held).await?;
    Ok(HttpResponse::Ok().json(TaskResponse { task: polled.task, abort: polled.abort }))
}

fn parse_wait(text: &str) -> Result<Duration, Problem> {
    text.parse()
        .ok()
        .filter(|seconds| (0.0..=MAX_WAIT_SECONDS).contains(seconds))
        .map(Duration::from_secs_f64)
        .ok_or_else(|| Problem::invalid(format!("wait: a number of seconds from 0 to {MAX_WAIT_SECONDS}")))
}

fn parse_holding(text: &str) -> Result<Vec<i64>, Problem> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Result<Vec<i64>, _> = text.split(',').take(MAX_HOLDING + 1).map(parse_id).collect();
    ids.ok()
        .filter(|ids| ids.len() <= MAX_HOLDING)
        .ok_or_else(|| Problem::invalid(format!("holding: at most {MAX_HOLDING} assignment ids, separated by commas")))
}

/// Parses digits only; the standard library accepts a sign too.
fn parse_id(text: &str) -> Result<i64, ParseIntError> {
    if text.starts_with('+') { "+".parse() } else { text.parse() }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OrdersQuery {
    /// The `revision` of the answer before; 0, or absent: all orders are answered at once.
    #[param(minimum = 0, default = 0)]
    since: Option<i64>,
    /// Seconds to wait for an order if none has changed.
    #[param(value_type = Option<f64>, minimum = 0, maximum = 60, default = 0)]
    wait: Option<String>,
}

/// Ask which instances to run, with an optional wait.
#[utoipa::path(get, path = "/api/runners/{runner_id}/instances", responses((status = OK, body = Orders)))]
pub async fn orders(
    With(Runner(caller), Query(query)): With<Runner, Query<OrdersQuery>>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let wait = query.wait.as_deref().map(parse_wait).transpose()?.unwrap_or_default();
    let since = query.since.unwrap_or_default();
    if since < 0 {
        return Err(Problem::invalid("since: not below 0"));
    }
    let orders = coordinator.instances.orders(&caller, since, wait).await?;
    Ok(HttpResponse::Ok().json(orders))
}

/// Report what came of orders.
#[utoipa::path(post, path = "/api/runners/{runner_id}/instances", responses(Done))]
pub async fn instances(
    Runner(caller): Runner,
    coordinator: Shared<Coordinator>,
    Json(InstanceReports { reports }): Json<InstanceReports>,
) -> Result<HttpResponse, Problem> {
    coordinator.instances.report(&caller, reports).await?;
    Ok(done("Reports recorded"))
}

/// Report what an engine has.
///
/// It takes the place of what was reported before.
#[utoipa::path(post, path = "/api/runners/{runner_id}/inventory", responses(Done))]
pub async fn inventory(
    With(Runner(caller), Json(inventory)): With<Runner, Json<Inventory, MAX_INVENTORY>>,
    coordinator: Shared<Coordinator>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    coordinator.instances.take_inventory(&caller, inventory, origin::is_secure(&request)).await?;
    Ok(done("Inventory recorded"))
}

/// Answer an inspection.
#[utoipa::path(post, path = "/api/runners/{runner_id}/inspections", responses(Done))]
pub async fn inspected(
    Runner(caller): Runner,
    coordinator: Shared<Coordinator>,
    Json(answer): Json<InspectionAnswer>,
) -> Result<HttpResponse, Problem> {
    coordinator.instances.answer_inspection(&caller, answer)?;
    Ok(done("Answer received"))
}

/// Report how a transmission ended.
#[utoipa::path(post, path = "/api/runners/{runner_id}/complete", responses(Done, Conflict))]
pub async fn complete(
    Runner(caller): Runner,
    coordinator: Shared<Coordinator>,
    Json(report): Json<CompleteRequest>,
) -> Result<HttpResponse, Problem> {
    coordinator.air.complete(&caller, report).await?;
    Ok(done("Task completion recorded"))
}

/// Send a log line to the operators.
#[utoipa::path(post, path = "/api/runners/{runner_id}/log", responses(Done))]
pub async fn log(
    Runner(caller): Runner,
    coordinator: Shared<Coordinator>,
    Json(line): Json<LogRequest>,
) -> Result<HttpResponse, Problem> {
    coordinator.runner_api.record_lines(&caller, vec![line])?;
    Ok(HttpResponse::Ok().json(Acknowledgement { status: "success".to_owned(), message: None }))
}

/// Send several log lines to the operators.
#[utoipa::path(post, path = "/api/runners/{runner_id}/logs", responses(Done))]
pub async fn logs(
    Runner(caller): Runner,
    coordinator: Shared<Coordinator>,
    Json(LogsRequest { lines }): Json<LogsRequest>,
) -> Result<HttpResponse, Problem> {
    coordinator.runner_api.record_lines(&caller, lines)?;
    Ok(HttpResponse::Ok().json(Acknowledgement { status: "success".to_owned(), message: None }))
}
