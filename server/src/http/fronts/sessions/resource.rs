//! Sessions.

use super::FRONT;
use super::form::{self, Form};
use super::principal::Principal;
use super::wire::{All, CreateForm, CreateMultipart, ListQuery, One, Terminated};
use crate::http::Problem;
use crate::http::extract::body::OptionalJson;
use crate::http::extract::query::Query;
use crate::http::openapi::answers::{Failed, Forbidden, Invalid, Missing, TooLarge, Unavailable};
use crate::http::problem::Code;
use crate::http::state::{Shared, State};
use actix_web::{HttpRequest, HttpResponse, web};
use challengectl_common::wire::instances::OwnFile;
use challengectl_coordinator::instances::{Opening, ProcessSession, Terms, Wish};
use challengectl_coordinator::{Coordinator, CoreError};
use serde_json::Value;

/// Start a session.
///
/// Answers when its program does, or after 30 seconds (`players.start_seconds`) with `initializing`. Each request starts another one.
#[utoipa::path(
    post, path = "/api/sessions",
    request_body(content((Option<CreateForm> = "application/json"), (CreateMultipart = "multipart/form-data"))),
    responses((status = CREATED, description = "It is started.", body = One), Invalid, Missing, TooLarge, Failed, Unavailable)
)]
pub async fn create(
    principal: Principal,
    coordinator: Shared<Coordinator>,
    state: web::Data<State>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let settings = &state.config.sessions;
    coordinator.instances.check_owner(&principal.owner).await?;
    let form = form::receive(&request, payload.into_inner(), &coordinator, settings.max_file_bytes).await?;
    let missing = || {
        let why = "sessions.default_challenge of the server names no challenge that there is; name one as challenge_id";
        Problem::new(Code::Unavailable).because(why)
    };
    let Form { pdb_id, challenge, file } = form;
    let is_chosen = challenge.is_some();
    let challenge = challenge.or_else(|| settings.default_challenge.clone()).ok_or_else(missing)?;
    let file = match file {
        Some((content, extension)) => {
            coordinator.instances.tally.uploads.count(content.size());
            let digest = coordinator.files.keep_own(content).await?;
            Some(OwnFile { digest, name: format!("input.{extension}") })
        }
        None => None,
    };
    let wish = Wish {
        challenge,
        owner: principal.owner,
        by: principal.by,
        front: FRONT,
        lifetime: Some(settings.lifetime()),
        terms: Terms::Open(Opening { idle: Some(settings.idle()), pdb_id, file }),
    };
    let started = coordinator.instances.start(wish).await.map_err(|error| match error {
        // What the server's settings name is not the client's to know.
        CoreError::NotFound(_) if !is_chosen => missing(),
        error => error.into(),
    })?;
    let key = &started.placed.session.key;
    let session = coordinator.instances.process_session(FRONT, key).await?.ok_or_else(ended)?;
    Ok(HttpResponse::Created().json(One::of(&session)))
}

/// List sessions.
///
/// The caller's own, the newest first.
#[utoipa::path(
    get, path = "/api/sessions", responses((status = OK, body = All), Forbidden, Failed, Unavailable)
)]
pub async fn list(
    principal: Principal,
    Query(query): Query<ListQuery>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let all = match query.all.as_deref() {
        None | Some("false") => false,
        Some("true") if principal.is_admin => true,
        Some("true") => return Err(Problem::new(Code::Forbidden).because("only admins list the sessions of others")),
        Some(_) => return Err(Problem::invalid("all: true or false")),
    };
    let owner = (!all).then_some(&principal.owner);
    let sessions = coordinator.instances.process_sessions(FRONT, owner).await?;
    Ok(HttpResponse::Ok().json(All::of(&sessions)))
}

/// Show a session.
#[utoipa::path(get, path = "/api/sessions/{id}", responses((status = OK, body = One), Invalid, Failed, Unavailable))]
pub async fn show(
    principal: Principal,
    id: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let session = find(&coordinator, &id).await?;
    permit(principal.owns(&session.session.owner) || principal.is_admin)?;
    Ok(HttpResponse::Ok().json(One::of(&session)))
}

/// Give a sign of life.
///
/// Without one a session ends when it has been idle for as long as the server's settings say. A body is ignored if it is an object of JSON.
#[utoipa::path(
    put, path = "/api/sessions/{id}/heartbeat",
    responses((status = OK, body = One), Failed, Unavailable)
)]
pub async fn heartbeat(
    principal: Principal,
    id: web::Path<String>,
    coordinator: Shared<Coordinator>,
    OptionalJson(_): OptionalJson<Value>,
) -> Result<HttpResponse, Problem> {
    keep(&principal, &id, &coordinator).await
}

/// Give a sign of life, as by a heartbeat.
#[utoipa::path(
    put, path = "/api/sessions/{id}/refresh",
    responses((status = OK, body = One), Failed, Unavailable)
)]
pub async fn refresh(
    principal: Principal,
    id: web::Path<String>,
    coordinator: Shared<Coordinator>,
    OptionalJson(_): OptionalJson<Value>,
) -> Result<HttpResponse, Problem> {
    keep(&principal, &id, &coordinator).await
}

async fn keep(principal: &Principal, id: &str, coordinator: &Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    let session = find(coordinator, id).await?;
    permit(principal.owns(&session.session.owner))?;
    let kept = coordinator.instances.touch(session.session.id).await?;
    Ok(HttpResponse::Ok().json(One::of(&kept.ok_or_else(ended)?)))
}

/// End a session.
///
/// Answers when its program and its files are gone.
#[utoipa::path(
    delete, path = "/api/sessions/{id}",
    responses((status = OK, body = Terminated), Invalid, Failed, Unavailable)
)]
pub async fn terminate(
    principal: Principal,
    id: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let session = find(&coordinator, &id).await?;
    let is_owner = principal.owns(&session.session.owner);
    permit(is_owner || principal.is_admin)?;
    if !coordinator.instances.close(&session, principal.by, is_owner).await? {
        return Err(ended());
    }
    Ok(HttpResponse::Ok().json(Terminated::new()))
}

/// Finds a session that has not ended.
pub async fn find(coordinator: &Coordinator, id: &str) -> Result<ProcessSession, Problem> {
    let key = checked(id)?;
    coordinator.instances.process_session(FRONT, &key).await?.ok_or_else(ended)
}

pub fn permit(is_permitted: bool) -> Result<(), Problem> {
    let refuse = || Problem::new(Code::Forbidden).because("the session is somebody else's");
    if is_permitted { Ok(()) } else { Err(refuse()) }
}

fn ended() -> Problem {
    Problem::new(Code::NotFound).because("there is no such session; it may have ended")
}

/// Returns the id in lower case, if it has the form of a UUID (RFC 9562, section 4).
fn checked(id: &str) -> Result<String, Problem> {
    let is_place = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    let is_uuid = id.len() == 36
        && id.bytes().enumerate().all(|(at, byte)| if is_place(at) { byte == b'-' } else { byte.is_ascii_hexdigit() });
    if is_uuid { Ok(id.to_ascii_lowercase()) } else { Err(Problem::invalid("id: is no UUID")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_form_with_hyphens_is_an_id() {
        assert_eq!(checked("0B5F7D7E-0000-4000-8000-ABCDEFabcdef").unwrap(), "0b5f7d7e-0000-4000-8000-abcdefabcdef");
        for id in ["", "0b5f7d7e00004000800000abcdefabcdef", "{0b5f7d7e-0000-4000-8000-abcdefabcdef}", "é"] {
            assert!(checked(id).is_err(), "{id}");
        }
    }
}
