//! The pacstar front: challenges that are deployed for all teams of an event, each team with an address of its own.

mod auth;
mod body;
mod challenges;
mod deploying;
mod description;
mod envelope;
mod health;
mod principal;
mod quantity;
mod users;
mod wire;

pub use wire::Endpoint;

use crate::http::cross_site;
use crate::http::not_found;
use crate::http::openapi::{self, ErrorForm, Group, group, pages};
use crate::http::state::State;
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use challengectl_common::Timestamp;
use utoipa::openapi::OpenApi;
use wire::PacstarError;

/// Adds every route of this front. It has a listener of its own.
pub fn routes(state: web::Data<State>) -> impl Fn(&mut ServiceConfig) + Clone {
    move |config| {
        let all = web::scope("")
            .configure(|config| openapi::routes(groups(), config))
            .configure(pages::routes)
            .default_service(web::to(not_found))
            .wrap(from_fn(cross_site::refuse))
            .wrap(from_fn(crate::http::envelope::of(envelope::render)));
        config.app_data(state.clone()).service(all);
    }
}

/// Returns the OpenAPI document of this front.
#[must_use]
pub fn document() -> OpenApi {
    openapi::document(description::front(), groups())
}

fn groups() -> Vec<Group> {
    let auth = group!("Authentication", "Accounts, and their tokens."; auth: register, login, refresh);
    let challenges = group!(
        "Challenges", "Challenges, and what runs of them.";
        challenges: list, create, show, update, delete, stats;
        deploying: deploy, stop, access, access_in_short
    );
    let users = group!("Users", "Who may do what."; users: list_users, show_user, update_user);
    let about = group!("Front", "The front itself."; health: health, health_below, openapi);
    [auth, challenges, users, about].map(|group| group.failing_as(ErrorForm::of::<PacstarError>("")).with_head()).into()
}

/// Returns a time as this front writes it, without a fraction of the second.
fn seconds(time: Timestamp) -> String {
    let text = time.to_string();
    text.split_once('.').map_or(text.clone(), |(seconds, _)| format!("{seconds}Z"))
}
