//! Challenges of all kinds.

use super::fields::Fields;
use super::given::Given;
use super::principal::{Organiser, User};
use super::views::{self, ChallengeLine, ChallengeView};
use super::wire::{ChallengeForm, Data, Done, ListQuery, RequirementsView};
use super::{number, renamed};
use crate::http::Problem;
use crate::http::extract::body::With;
use crate::http::extract::query::Query;
use crate::http::openapi::answers::Conflict;
use crate::http::problem::Code;
use crate::http::state::Shared;
use actix_web::web::{self, Json};
use challengectl_coordinator::catalog::Access;
use challengectl_coordinator::players::Player;
use challengectl_coordinator::{Coordinator, Person, Players};
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;

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
    With(Organiser(person), fields): With<Organiser, Fields>,
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
    With(Organiser(person), fields): With<Organiser, Fields>,
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

/// Get what a challenge requires; null: nothing.
#[utoipa::path(
    get, path = "/api/v1/challenges/{challenge_id}/requirements",
    responses((status = OK, body = Data<Option<RequirementsView>>))
)]
pub async fn requirements(
    _: Organiser,
    id: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Data<Option<RequirementsView>>>, Problem> {
    let id = number("Challenge", &id)?;
    let entry = coordinator.catalog.entry(id).await.map_err(renamed("Challenge"))?;
    Ok(Json(Data::new(entry.card.requirements.map(Into::into))))
}

/// A team, or a player, that has solved a challenge.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerSolve)]
pub struct SolveView {
    account_id: Option<i64>,
    name: String,
    date: String,
}

/// List who has solved a challenge, the first one first.
#[utoipa::path(
    get, path = "/api/v1/challenges/{challenge_id}/solves", responses((status = OK, body = Data<Vec<SolveView>>))
)]
pub async fn solves(
    User(caller): User,
    id: web::Path<String>,
    coordinator: Shared<Coordinator>,
    players: Shared<Players>,
) -> Result<Json<Data<Vec<SolveView>>>, Problem> {
    let (id, owner) = (number("Challenge", &id)?, caller.owner(&players)?);
    let listed = coordinator.catalog.listed_one(&owner, id).await.map_err(renamed("Challenge"))?;
    if listed.access != Access::Open && !caller.is_admin() {
        return Err(Problem::new(Code::NotFound).because("Challenge not found"));
    }
    let (challenges, standings) = coordinator.flags.scoreboard().await?;
    let parts: HashMap<i64, u32> = challenges.iter().map(|it| (it.id, it.parts)).collect();
    let needed = parts.get(&id).map_or(usize::MAX, |parts| usize::try_from(*parts).unwrap_or(usize::MAX));
    let mut all = Vec::new();
    for standing in standings {
        let own: Vec<_> = standing.solves.iter().filter(|solve| solve.challenge_id == id).collect();
        if let Some(last) = own.iter().max_by_key(|solve| solve.solved_at).filter(|_| own.len() >= needed) {
            let account_id = last.owner.name().parse().ok();
            all.push((last.solved_at, SolveView { account_id, name: standing.name, date: last.solved_at.to_string() }));
        }
    }
    all.sort_by_key(|(at, _)| *at);
    Ok(Json(Data::new(all.into_iter().map(|(_, solve)| solve).collect())))
}
