//! The principal of a request: a runner, a provisioning program, or a person with a role.

use super::admitted::admitted;
use super::origin;
use crate::console::Console;
use crate::events::LOGIN_COOKIE;
use crate::http::Problem;
use crate::http::problem::Code;
use crate::http::state::{Component, State};
use actix_web::cookie::Cookie;
use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::{FromRequest, HttpRequest};
use challengectl_common::wire::{CLOCK_HEADER, LIFE_HEADER, MACHINE_HEADER, REGISTRATION_HEADER};
use challengectl_common::{Digest, Life, Timestamp};
use challengectl_coordinator::{self, Accounts, Caller, Coordinator, Host, Person, Role};
use std::future::{Ready, ready};
use std::sync::Arc;

/// The cookie of a known browser: one that has been logged in before.
pub const KNOWN_BROWSER_COOKIE: &str = "device";

/// A runner, authenticated by its key. If the path names a runner, it is this one.
#[derive(Debug)]
pub struct Runner(pub Caller);

impl FromRequest for Runner {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(authenticate(request))
    }
}

fn authenticate(request: &HttpRequest) -> Result<Runner, Problem> {
    let key = key(request.headers())
        .ok_or_else(|| Problem::unauthorized("send the runner's key as X-API-Key or as Authorization: Bearer"))?;
    let mut caller = coordinator(request)?.fleet.authenticate(key, host(request))?;
    caller.life = number(request, LIFE_HEADER)?.and_then(Life::new);
    caller.registration = number(request, REGISTRATION_HEADER)?;
    // A clock that is so wrong that it shows no valid time must not keep the runner away.
    caller.clock = number(request, CLOCK_HEADER).ok().flatten().map(Timestamp::from_millis);
    match request.match_info().get("runner_id") {
        Some(id) if id != caller.runner_id.as_str() => {
            Err(Problem::new(Code::Forbidden).because("the key is that of another runner"))
        }
        _ => {
            State::of(request)?.rate_limits.count_runner(&caller.runner_id)?;
            Ok(Runner(caller))
        }
    }
}

fn coordinator(request: &HttpRequest) -> Result<&Arc<Coordinator>, Problem> {
    State::of(request).map(Coordinator::of)
}

/// Returns the host of a runner from the headers. An empty name counts as none.
pub fn host(request: &HttpRequest) -> Host {
    let named = request.headers().get(MACHINE_HEADER).filter(|name| !name.is_empty());
    Host { machine: named.map(|name| Digest::of(name.as_bytes())), address: origin::address(request) }
}

/// Returns the value of a header with a whole number from 1.
fn number(request: &HttpRequest, name: &str) -> Result<Option<i64>, Problem> {
    let Some(header) = request.headers().get(name) else { return Ok(None) };
    let number = header.to_str().ok().and_then(|text| text.parse().ok()).filter(|number| *number >= 1);
    number.map(Some).ok_or_else(|| Problem::invalid(format!("{name}: a whole number from 1 to {}", i64::MAX)))
}

/// A program, authenticated by a provisioning key.
#[derive(Debug)]
pub struct Provisioner(pub challengectl_coordinator::Provisioner);

async fn provisioner(request: &HttpRequest) -> Result<Provisioner, Problem> {
    let missing = || Problem::unauthorized("send the provisioning key as Authorization: Bearer or as X-API-Key");
    let key = key(request.headers()).ok_or_else(missing)?;
    Ok(Provisioner(coordinator(request)?.fleet.provisioner(key, origin::address(request)).await?))
}

admitted!(Provisioner, provisioner);

fn key(headers: &HeaderMap) -> Option<&str> {
    if let Some(key) = headers.get("x-api-key") {
        return key.to_str().ok();
    }
    let (scheme, key) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

macro_rules! person {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name(pub Person);

        impl $name {
            async fn of(request: &HttpRequest) -> Result<Self, Problem> {
                authorize(request, Role::$name).await.map(Self)
            }
        }

        admitted!($name, $name::of);
    };
}

person!(
    /// A person with a login of any role.
    Viewer
);
person!(
    /// A person who may operate the event.
    Operator
);
person!(
    /// A person who may set up the event.
    Admin
);
person!(
    /// A person who may do everything.
    Master
);

/// An operator, authorised from memory without waiting for the database: for the emergency stop.
#[derive(Debug)]
pub struct Stopper(pub Person);

async fn stopper(request: &HttpRequest) -> Result<Stopper, Problem> {
    authorize_at_once(request, Role::Operator).await.map(Stopper)
}

admitted!(Stopper, stopper);

/// A viewer, authorised from memory without waiting for the database: for what must be visible while it is unavailable.
#[derive(Debug)]
pub struct Watcher;

async fn watcher(request: &HttpRequest) -> Result<Watcher, Problem> {
    authorize_at_once(request, Role::Viewer).await.map(|_| Watcher)
}

admitted!(Watcher, watcher);

impl Admin {
    /// Authorises again after a slow body: the account may have been disabled, or the login ended.
    pub async fn again(request: &HttpRequest) -> Result<Self, Problem> {
        Self::of(request).await
    }
}

/// The paths that the local console may use, for operating. Accounts, keys and flags require a login.
const FOR_CONSOLE: [&str; 5] = ["/api/control/", "/api/challenges", "/api/runners", "/api/alarms", "/api/on-air"];

/// Returns the person at the local console; `None` over the network.
fn at_console(request: &HttpRequest) -> Option<Person> {
    request.conn_data::<Console>()?;
    let is_for_it = FOR_CONSOLE.iter().any(|path| request.path().starts_with(path));
    if is_for_it { Person::at_console(Timestamp::now()) } else { None }
}

async fn authorize(request: &HttpRequest, least: Role) -> Result<Person, Problem> {
    if let Some(person) = at_console(request) {
        return admit(Some(person), least);
    }
    let (login, accounts) = login(request)?;
    let person = accounts.person(login.value(), origin::address(request)).await?;
    admit(person, least)
}

async fn authorize_at_once(request: &HttpRequest, least: Role) -> Result<Person, Problem> {
    if let Some(person) = at_console(request) {
        return admit(Some(person), least);
    }
    let (login, accounts) = login(request)?;
    let person = accounts.person_at_once(login.value(), origin::address(request)).await?;
    admit(person, least)
}

fn login(request: &HttpRequest) -> Result<(Cookie<'static>, &Accounts), Problem> {
    let login = request.cookie(LOGIN_COOKIE).ok_or_else(|| Problem::unauthorized("log in first"))?;
    Ok((login, Accounts::of(State::of(request)?)))
}

fn admit(person: Option<Person>, least: Role) -> Result<Person, Problem> {
    let person = person.ok_or_else(|| Problem::unauthorized("the login has ended; log in again"))?;
    if person.role < least {
        return Err(Problem::new(Code::Forbidden).because(format!("this requires the role {least}")));
    }
    Ok(person)
}
