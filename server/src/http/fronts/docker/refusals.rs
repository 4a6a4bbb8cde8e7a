//! What was refused, in the audit log.

use crate::http::Problem;
use crate::http::extract::origin;
use crate::http::state::{Component, State};
use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use challengectl_coordinator::Coordinator;
use challengectl_coordinator::audit::Actor;

/// Who is recorded when a request names nobody, or nobody that is known.
const NOBODY: &str = "(nobody)";

/// Records that an operation for admins was refused to a client.
pub async fn of_admins(request: &HttpRequest, actor: Option<Actor>, problem: &Problem) {
    if matches!(problem.code().status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
        record(request, actor, problem.details()).await;
    }
}

/// Records a refused request: the operation, the name of the client if it has shown one, and its address. Not recorded are
/// requests beyond the limit of the address.
pub async fn record(request: &HttpRequest, actor: Option<Actor>, why: Option<&str>) {
    let (Ok(state), address) = (State::of(request), origin::address(request)) else { return };
    if !state.rate_limits.records_refusal(address) {
        return;
    }
    let actor = actor.unwrap_or_else(|| Actor::new(NOBODY, address));
    // The route and not the path, in which anything may be.
    let operation = format!("{} {}", request.method(), request.match_pattern().unwrap_or_default());
    let recorded = Coordinator::of(state).context.record_refusal(actor, operation, why.map(str::to_owned)).await;
    if let Err(error) = recorded {
        tracing::warn!("recording a refused request: {error}");
    }
}
