//! Challenges of all kinds.

pub mod attempt;
mod given;
pub mod kinds;
pub mod requirements;
pub mod solves;
mod values;
mod views;

use crate::http::Problem;
use crate::http::extract::body::With;
use crate::http::extract::query::Query;
use crate::http::fronts::docker::body::Body;
use crate::http::fronts::docker::envelope::{Data, Done};
use crate::http::fronts::docker::principal::{Organiser, User};
use crate::http::fronts::docker::{number, renamed};
use crate::http::openapi::answers::Conflict;
use crate::http::problem::Code;
use crate::http::state::Shared;
use actix_web::web::{self, Json};
use challengectl_coordinator::catalog::Access;
use challengectl_coordinator::players::Player;
use challengectl_coordinator::{Coordinator, Person, Players};
use given::{ChallengeForm, Given};
use serde::Deserialize;
use utoipa::IntoParams;
use views::{ChallengeLine, ChallengeView};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// `admin`: all of them, for admins.
    pub view: Option<String>,
}

/// List the challenges.
#[utoipa::path(get, path = "/api/v1/challenges", responses((status = OK, body = Data<Vec<ChallengeLine>>)))]
pub async fn list(
    With(User(caller), Query(query)): With<User, Query<ListQuery>>,
    coordinator: Shared<Coordinator>,
    players: Shared<Players>,
) -> Result<Json<Data<Vec<ChallengeLine>>>, Problem> {
    let all = coordinator.catalog.listed(&caller.owner(&players)?).await?.into_iter();
    let is_whole = query.view.as_deref() == Some("admin") && caller.is_admin();
    let lines = if is_whole {
        all.map(|listed| ChallengeLine::new(listed, true)).collect()
    } else {
        all.filter_map(ChallengeLine::for_player).collect()
    };
    Ok(Json(Data::new(lines)))
}

/// Create a challenge.
///
/// Without flags, each container has a flag of its own, in its variables `CHALLENGE_FLAG` and `FLAG`.
#[utoipa::path(
    post, path = "/api/v1/challenges", request_body = ChallengeForm,
    responses((status = OK, body = Data<ChallengeView>))
)]
pub async fn create(
    With(Organiser(person), Body(fields)): With<Organiser, Body>,
    coordinator: Shared<Coordinator>,
    players: Shared<Players>,
) -> Result<Json<Data<ChallengeView>>, Problem> {
    let sheet = Given::read(&fields)?.sheet(&coordinator).await?;
    let id = coordinator.catalog.create(sheet, person.actor()).await?;
    shown(id, &person, &coordinator, &players).await
}

/// Get a challenge.
#[utoipa::path(get, path = "/api/v1/challenges/{challenge_id}", responses((status = OK, body = Data<ChallengeView>)))]
pub async fn read(
    User(caller): User,
    id: web::Path<String>,
    coordinator: Shared<Coordinator>,
    players: Shared<Players>,
) -> Result<Json<Data<ChallengeView>>, Problem> {
    let (id, owner) = (number("Challenge", &id)?, caller.owner(&players)?);
    let listed = coordinator.catalog.listed_one(&owner, id).await.map_err(renamed("Challenge"))?;
    if listed.access != Access::Open && !caller.is_admin() {
        return Err(Problem::new(Code::NotFound).because("Challenge not found"));
    }
    Ok(Json(Data::new(views::read(listed, caller.is_admin(), &coordinator).await?)))
}

/// Change a challenge: the fields that are given.
///
/// Containers that run keep what they were started with.
#[utoipa::path(
    patch, path = "/api/v1/challenges/{challenge_id}", request_body = ChallengeForm,
    responses((status = OK, body = Data<ChallengeView>), Conflict)
)]
pub async fn update(
    With(Organiser(person), Body(fields)): With<Organiser, Body>,
    id: web::Path<String>,
    coordinator: Shared<Coordinator>,
    players: Shared<Players>,
) -> Result<Json<Data<ChallengeView>>, Problem> {
    let (id, given) = (number("Challenge", &id)?, Given::read(&fields)?);
    given.check_secrets(&coordinator).await?;
    let change = move |sheet| given.on(sheet);
    coordinator.catalog.update(id, change, &person).await.map_err(renamed("Challenge"))?;
    shown(id, &person, &coordinator, &players).await
}

/// Delete a challenge, and stop its containers.
#[utoipa::path(
    delete, path = "/api/v1/challenges/{challenge_id}", responses((status = OK, body = Done), Conflict)
)]
pub async fn delete(
    Organiser(person): Organiser,
    id: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Done>, Problem> {
    let id = number("Challenge", &id)?;
    coordinator.catalog.delete(id, person.actor()).await.map_err(renamed("Challenge"))?;
    Ok(Json(Done::DONE))
}

async fn shown(
    id: i64,
    person: &Person,
    coordinator: &Coordinator,
    players: &Players,
) -> Result<Json<Data<ChallengeView>>, Problem> {
    let owner = players.owner(&Player::staff(person))?;
    let listed = coordinator.catalog.listed_one(&owner, id).await?;
    Ok(Json(Data::new(views::read(listed, true, coordinator).await?)))
}
