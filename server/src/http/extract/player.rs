//! Players: the person that all credentials of a request name.

use super::admitted::admitted;
use super::origin;
use crate::events::LOGIN_COOKIE;
use crate::http::Problem;
use crate::http::state::{Component, State};
use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderValue};
use challengectl_coordinator::Accounts;
use challengectl_coordinator::players::{Player as Person, Players};

/// A player with an access token or a personal token. Cookies do not count: a page of another site cannot send a header.
#[derive(Debug)]
pub struct Player(pub Person);

async fn player(request: &HttpRequest) -> Result<Player, Problem> {
    let missing = || Problem::unauthorized("log in first; send the token as Authorization: Bearer TOKEN");
    let player = of_headers(request).await?.ok_or_else(missing)?;
    State::of(request)?.rate_limits.count_player(player.account_id())?;
    Ok(Player(player))
}

admitted!(Player, player);

/// Returns the person that the credentials of a request name, tokens and the cookie of a login; `None` without any. An
/// invalid one is refused: it must not silently become somebody without an account.
pub async fn of_all(request: &HttpRequest) -> Result<Option<Person>, Problem> {
    let mut named = of_headers(request).await?;
    if let Some(login) = request.cookie(LOGIN_COOKIE) {
        let accounts = Accounts::of(State::of(request)?);
        let person = accounts.person(login.value(), origin::address(request)).await?;
        let person = person.ok_or_else(|| Problem::unauthorized("the login has ended; log in again"))?;
        named = Some(agree(named, Person::staff(&person))?);
    }
    if let Some(player) = &named {
        State::of(request)?.rate_limits.count_player(player.account_id())?;
    }
    Ok(named)
}

async fn of_headers(request: &HttpRequest) -> Result<Option<Person>, Problem> {
    let players = Players::of(State::of(request)?);
    let mut named = None;
    for header in request.headers().get_all(AUTHORIZATION) {
        let player = players.by_token(token(header)?, origin::address(request)).await?;
        let player = player.ok_or_else(|| Problem::unauthorized("the token is unknown or expired; log in again"))?;
        named = Some(agree(named, player)?);
    }
    Ok(named)
}

/// Returns the token of an `Authorization` header.
pub fn token(header: &HeaderValue) -> Result<&str, Problem> {
    let parts = header.to_str().ok().and_then(|text| text.split_once(' '));
    let known = parts.filter(|(scheme, _)| ["bearer", "token"].iter().any(|it| scheme.eq_ignore_ascii_case(it)));
    let refuse =
        || Problem::unauthorized("send the token as Authorization: Bearer TOKEN or Authorization: Token TOKEN");
    known.map(|(_, token)| token.trim()).ok_or_else(refuse)
}

fn agree(named: Option<Person>, next: Person) -> Result<Person, Problem> {
    match named {
        Some(first) if !first.is(&next) => {
            Err(Problem::unauthorized("the credentials of this request name different people; send one of them"))
        }
        Some(first) => Ok(first),
        None => Ok(next),
    }
}
