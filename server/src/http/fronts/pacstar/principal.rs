//! Admission to this front: access tokens, and nothing else. What an account may do is read with each request.

use crate::http::Problem;
use crate::http::extract::admitted::admitted;
use crate::http::extract::origin;
use crate::http::problem::Code;
use crate::http::state::{Component, State};
use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::AUTHORIZATION;
use challengectl_coordinator::audit::Actor;
use challengectl_coordinator::deployers::{Deployer, DeployerRole, Deployers};
use challengectl_coordinator::deployments::Instance;
use std::net::IpAddr;

/// Anybody with an account.
#[derive(Debug)]
pub struct User {
    /// The account.
    pub deployer: Deployer,
    address: Option<IpAddr>,
}

/// Somebody who manages users.
#[derive(Debug)]
pub struct Manager(pub User);

/// Somebody who manages challenges.
#[derive(Debug)]
pub struct Master(pub User);

impl User {
    /// Returns the account as the one who does something.
    pub fn actor(&self) -> Actor {
        self.deployer.actor(self.address)
    }

    /// Returns whether the account manages challenges.
    pub fn is_master(&self) -> bool {
        self.deployer.role == DeployerRole::Master
    }

    /// Returns whether the account manages nothing.
    pub fn is_user(&self) -> bool {
        self.deployer.role == DeployerRole::User
    }

    /// Returns whether the account may see the instance of a team.
    pub fn may_see(&self, team: u32) -> bool {
        self.is_master() || self.deployer.sees().is_none_or(|own| own == team)
    }

    /// Returns an instance as the account may see it.
    pub fn shown(&self, mut instance: Instance) -> Instance {
        if !self.is_master() {
            instance.hide_details();
        }
        instance
    }
}

async fn user(request: &HttpRequest) -> Result<User, Problem> {
    let missing = || Problem::unauthorized("log in at /api/v1/auth/login, and send Authorization: Bearer ACCESS_TOKEN");
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let header = headers.next().filter(|_| headers.next().is_none()).ok_or_else(missing)?;
    let (scheme, token) = header.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(missing());
    }
    let state = State::of(request)?;
    let found = Deployers::of(state).by_token(token.trim()).await?;
    let refused =
        || Problem::unauthorized("the access token is unknown or expired, or its account inactive; log in again");
    let deployer = found.ok_or_else(refused)?;
    state.rate_limits.count_player(deployer.account_id)?;
    Ok(User { deployer, address: origin::address(request) })
}

async fn manager(request: &HttpRequest) -> Result<Manager, Problem> {
    let user = user(request).await?;
    match user.deployer.role {
        DeployerRole::Admin | DeployerRole::Master => Ok(Manager(user)),
        DeployerRole::User => Err(forbidden("Only Admin and Master users can manage users")),
    }
}

async fn master(request: &HttpRequest) -> Result<Master, Problem> {
    let is_creation = request.method() == Method::POST && request.path().ends_with("/challenges");
    let user = user(request).await?;
    let what = if is_creation { "create" } else { "deploy, stop, change or delete" };
    let refused = || forbidden(&format!("Only Master users can {what} challenges"));
    user.is_master().then_some(Master(user)).ok_or_else(refused)
}

admitted!(User, user);
admitted!(Manager, manager);
admitted!(Master, master);

fn forbidden(why: &str) -> Problem {
    Problem::new(Code::Forbidden).because(why)
}
