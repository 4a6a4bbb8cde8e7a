//! A player at a challenge.

use crate::http::Problem;
use crate::http::extract::player::Player;
use crate::http::fronts::challenge_id;
use crate::http::openapi::{About, Describe};
use crate::http::problem::Code;
use crate::http::state::{Component, State};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use challengectl_coordinator::session::Owner;
use challengectl_coordinator::{Coordinator, Players, players};
use futures_util::future::{FutureExt, LocalBoxFuture};

/// A player who may play, and the challenge that the path names, which players see.
pub struct Mine {
    pub player: players::Player,
    /// The team, or the account.
    pub owner: Owner,
    pub challenge: i64,
}

impl FromRequest for Mine {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, player) = (request.clone(), Player::from_request(request, payload));
        async move {
            let Player(player) = player.await?;
            let state = State::of(&request)?;
            let owner = Players::of(state).owner(&player)?;
            let challenge = challenge_id(request.match_info().get("challenge_id").unwrap_or_default())?;
            if !Coordinator::of(state).flags.is_solvable(challenge).await? {
                return Err(Problem::new(Code::NotFound).because(format!("there is no challenge {challenge}")));
            }
            Ok(Self { player, owner, challenge })
        }
        .boxed_local()
    }
}

impl Describe for Mine {
    fn describe(about: &mut About) {
        Player::describe(about);
    }
}
