//! The list of one's containers.

use super::start::{COOLDOWN, host, ports};
use crate::http::Problem;
use crate::http::fronts::docker::FRONT;
use crate::http::fronts::docker::envelope::Data;
use crate::http::fronts::docker::principal::User;
use crate::http::state::{Shared, State};
use actix_web::web::{self, Json};
use challengectl_common::Timestamp;
use challengectl_coordinator::instances::Placed;
use challengectl_coordinator::{Coordinator, Players};
use serde::Serialize;
use utoipa::ToSchema;

/// A container of one's own.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerStatus)]
pub struct Status {
    pub id: i64,
    /// The team, as a decimal number, if it is a team's.
    pub team_id: Option<String>,
    /// The account, as a decimal number, if it is nobody's team's.
    pub user_id: Option<String>,
    pub challenge_id: i64,
    pub docker_image: String,
    /// When it began to run, in seconds since 1970.
    pub timestamp: i64,
    /// From when on it may be replaced, in seconds since 1970.
    pub revert_time: i64,
    pub instance_id: String,
    pub ports: Vec<String>,
    pub host: String,
}

/// List the containers of one's team, or one's own.
#[utoipa::path(get, path = "/api/v1/docker_status", responses((status = OK, body = Data<Vec<Status>>)))]
pub async fn status(
    User(caller): User,
    coordinator: Shared<Coordinator>,
    players: Shared<Players>,
    state: web::Data<State>,
) -> Result<Json<Data<Vec<Status>>>, Problem> {
    let owner = caller.owner(&players)?;
    let mut own = coordinator.instances.all_live(FRONT, owner.as_str()).await?;
    own.retain(|placed| placed.session.owner == owner);
    own.sort_by_key(|placed| placed.session.id);
    let mut rows = Vec::new();
    for placed in own {
        let session = &placed.session;
        let image = if state.config.docker.hide_images {
            coordinator.catalog.entry(session.challenge_id).await.map(|it| it.name.to_string()).unwrap_or_default()
        } else {
            coordinator.instances.image(session.challenge_id, session.version).await?
        };
        rows.push(row(&placed, image));
    }
    Ok(Json(Data::new(rows)))
}

fn row(placed: &Placed, docker_image: String) -> Status {
    let session = &placed.session;
    let number = session.owner.name().to_owned();
    let (team_id, user_id) = if session.owner.is_team() { (Some(number), None) } else { (None, Some(number)) };
    let since = session.running_at.unwrap_or(session.requested_at);
    Status {
        id: session.id,
        team_id,
        user_id,
        challenge_id: session.challenge_id,
        docker_image,
        timestamp: seconds(since),
        revert_time: seconds(since.after(COOLDOWN)),
        instance_id: session.key.clone(),
        ports: ports(placed),
        host: host(placed),
    }
}

fn seconds(time: Timestamp) -> i64 {
    time.as_millis().div_euclid(1000)
}
