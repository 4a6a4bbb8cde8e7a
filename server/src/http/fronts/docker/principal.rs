//! Admission to this front: tokens of players and of people who run the event, and the login cookie.

use super::refusals;
use crate::events::LOGIN_COOKIE;
use crate::http::Problem;
use crate::http::extract::admitted::admitted;
use crate::http::extract::{origin, player};
use crate::http::problem::Code;
use crate::http::state::{Component, State};
use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;
use challengectl_coordinator::players::Player;
use challengectl_coordinator::session::Owner;
use challengectl_coordinator::{Accounts, Person, Players, Role};

/// What CTFd writes before a token. Ours are taken with it and without.
const CTFD_PREFIX: &str = "ctfd_";

/// Somebody with an account.
#[derive(Debug)]
pub struct Caller {
    /// The account, as one that plays.
    pub player: Player,
    /// The same account, if it runs the event.
    pub staff: Option<Person>,
}

impl Caller {
    /// Returns whether the account sets up the event.
    pub fn is_admin(&self) -> bool {
        self.staff.as_ref().is_some_and(|person| person.role >= Role::Admin)
    }

    /// Returns the owner of what the account starts and solves.
    pub fn owner(&self, players: &Players) -> Result<Owner, Problem> {
        Ok(players.owner(&self.player)?)
    }

    fn admin(self) -> Result<Person, Problem> {
        let admin = self.staff.filter(|person| person.role >= Role::Admin);
        let refuse = || Problem::new(Code::Forbidden).because(format!("this requires the role {}", Role::Admin));
        admin.ok_or_else(refuse)
    }

    fn of_staff(person: Person) -> Self {
        Self { player: Player::staff(&person), staff: Some(person) }
    }
}

/// Anybody; one that sends a credential must send a valid one.
#[derive(Debug)]
pub struct Visitor(pub Option<Caller>);

/// Somebody with an account.
#[derive(Debug)]
pub struct User(pub Caller);

/// Somebody who sets up the event.
#[derive(Debug)]
pub struct Organiser(pub Person);

/// Somebody who runs the event, with a login: a token does not suffice.
#[derive(Debug)]
pub struct LoggedIn(pub Person);

impl Organiser {
    /// Authorises again after a slow body: the account may have been disabled, or the login ended.
    pub async fn again(request: &HttpRequest) -> Result<Self, Problem> {
        organiser(request).await
    }
}

async fn visitor(request: &HttpRequest) -> Result<Visitor, Problem> {
    named(request).await.map(Visitor)
}

async fn user(request: &HttpRequest) -> Result<User, Problem> {
    named(request).await?.map(User).ok_or_else(nobody)
}

async fn organiser(request: &HttpRequest) -> Result<Organiser, Problem> {
    let named = named(request).await;
    let actor = named.as_ref().ok().and_then(Option::as_ref).map(|caller| caller.player.actor());
    let admitted = named.and_then(|caller| caller.ok_or_else(nobody)?.admin());
    if let Err(problem) = &admitted {
        refusals::of_admins(request, actor, problem).await;
    }
    admitted.map(Organiser)
}

async fn logged_in(request: &HttpRequest) -> Result<LoggedIn, Problem> {
    let (by_login, caller) = (of_cookie(request).await?, named(request).await?);
    by_login.map(LoggedIn).ok_or_else(|| match caller {
        Some(_) => Problem::new(Code::Forbidden).because("this requires a login of the dashboard, not a token"),
        None => nobody(),
    })
}

admitted!(Visitor, visitor);
admitted!(User, user);
admitted!(Organiser, organiser);
admitted!(LoggedIn, logged_in);

/// CTFd answers so when the request is JSON.
fn nobody() -> Problem {
    Problem::new(Code::Forbidden)
        .because("log in first; send a token as Authorization: Token TOKEN, or the login cookie")
}

/// Returns the account that all credentials of a request name; `None` without any.
async fn named(request: &HttpRequest) -> Result<Option<Caller>, Problem> {
    let mut named = None;
    for header in request.headers().get_all(AUTHORIZATION) {
        let token = player::token(header)?;
        let token = token.strip_prefix(CTFD_PREFIX).unwrap_or(token);
        named = Some(agree(named, of_token(request, token).await?)?);
    }
    if let Some(person) = of_cookie(request).await? {
        named = Some(agree(named, Caller::of_staff(person))?);
    }
    // Not of those who run the event: ctfcli sends hundreds of requests in a row, and does not wait.
    if let Some(caller) = named.as_ref().filter(|caller| caller.staff.is_none()) {
        State::of(request)?.rate_limits.count_player(caller.player.account_id())?;
    }
    Ok(named)
}

async fn of_token(request: &HttpRequest, token: &str) -> Result<Caller, Problem> {
    let (state, address) = (State::of(request)?, origin::address(request));
    if let Some(person) = Accounts::of(state).by_token(token, address).await? {
        return Ok(Caller::of_staff(person));
    }
    let player = Players::of(state).by_token(token, address).await?;
    let player = player.ok_or_else(|| Problem::unauthorized("the token is unknown or expired; make another one"))?;
    Ok(Caller { player, staff: None })
}

async fn of_cookie(request: &HttpRequest) -> Result<Option<Person>, Problem> {
    let Some(login) = request.cookie(LOGIN_COOKIE) else { return Ok(None) };
    let person = Accounts::of(State::of(request)?).person(login.value(), origin::address(request)).await?;
    person.map(Some).ok_or_else(|| Problem::unauthorized("the login has ended; log in again"))
}

fn agree(named: Option<Caller>, next: Caller) -> Result<Caller, Problem> {
    match named {
        Some(first) if !first.player.is(&next.player) => {
            Err(Problem::unauthorized("the credentials of this request name different people; send one of them"))
        }
        Some(first) => Ok(first),
        None => Ok(next),
    }
}
