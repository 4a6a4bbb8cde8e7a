//! Admission to this front: people with an account, and requests from this machine under a name in a header.

use crate::events::LOGIN_COOKIE;
use crate::http::Problem;
use crate::http::extract::admitted::admitted;
use crate::http::extract::anybody::Anybody;
use crate::http::extract::origin;
use crate::http::extract::player::of_all;
use crate::http::extract::this_machine::is_from_this_machine;
use crate::http::state::{Component, State};
use actix_web::{FromRequest, HttpRequest};
use challengectl_coordinator::audit::Actor;
use challengectl_coordinator::session::Owner;
use challengectl_coordinator::{Accounts, Players, Role};

/// The header with a name, which is no proof.
pub const NAME_HEADER: &str = "x-user-id";

/// Who asks.
#[derive(Debug)]
pub struct Principal {
    /// Whose sessions are meant: those of the team, of the account, or of the name.
    pub owner: Owner,
    /// The account, or the name.
    pub by: Actor,
    /// Whether the role of the account is admin, which may see and end all sessions.
    pub is_admin: bool,
}

impl Principal {
    /// Returns whether a session of this owner is the caller's own.
    pub fn owns(&self, owner: &Owner) -> bool {
        self.owner == *owner
    }
}

admitted!(Principal, admit);

async fn admit(request: &HttpRequest) -> Result<Principal, Problem> {
    let (state, name) = (State::of(request)?, name(request)?);
    if let Some(player) = of_all(request).await? {
        if name.is_some_and(|name| !player.name.as_str().eq_ignore_ascii_case(name)) {
            let details = "the credentials of this request name different people; leave x-user-id out";
            return Err(Problem::unauthorized(details));
        }
        let owner = Players::of(state).owner(&player)?;
        return Ok(Principal { owner, by: player.actor(), is_admin: is_admin(state, request).await? });
    }
    let settings = &state.config.sessions;
    match name {
        Some(name) if settings.local_users && is_from_this_machine(request, &settings.names) => {
            Anybody::extract(request).await?;
            let refuse = || Problem::unauthorized("x-user-id: 1 to 128 characters, and no control characters");
            let owner = Owner::by_header(name).ok_or_else(refuse)?;
            let by = Actor::new(owner.as_str(), origin::address(request));
            Ok(Principal { owner, by, is_admin: false })
        }
        _ => Err(Problem::unauthorized(
            "log in at /api/play/login, and send the token as Authorization: Bearer TOKEN; x-user-id is for programs of this \
             machine",
        )),
    }
}

/// Returns the name in the header; `None` if there is none. Several are none that is valid.
fn name(request: &HttpRequest) -> Result<Option<&str>, Problem> {
    let mut names = request.headers().get_all(NAME_HEADER);
    let Some(name) = names.next() else { return Ok(None) };
    let text = std::str::from_utf8(name.as_bytes()).ok().filter(|_| names.next().is_none());
    text.map(Some).ok_or_else(|| Problem::unauthorized("x-user-id: one name, as UTF-8"))
}

/// Returns whether a request has the login of an admin, which was checked already.
async fn is_admin(state: &State, request: &HttpRequest) -> Result<bool, Problem> {
    let Some(login) = request.cookie(LOGIN_COOKIE) else { return Ok(false) };
    let person = Accounts::of(state).person_at_once(login.value(), origin::address(request)).await?;
    Ok(person.is_some_and(|person| person.role >= Role::Admin))
}
