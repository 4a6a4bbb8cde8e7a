//! The solves of a challenge.

use crate::http::Problem;
use crate::http::fronts::docker::envelope::Data;
use crate::http::fronts::docker::principal::User;
use crate::http::fronts::docker::{number, renamed};
use crate::http::problem::Code;
use crate::http::state::Shared;
use actix_web::web::{self, Json};
use challengectl_coordinator::catalog::Access;
use challengectl_coordinator::{Coordinator, Players};
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;

/// A team, or a player, that has solved a challenge.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerSolve)]
pub struct SolveView {
    account_id: Option<i64>,
    name: String,
    date: String,
}

/// List the solves of a challenge, the first one first.
#[utoipa::path(
    get, path = "/api/v1/challenges/{challenge_id}/solves", responses((status = OK, body = Data<Vec<SolveView>>))
)]
pub async fn list(
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
