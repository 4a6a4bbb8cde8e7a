//! The control API: what runners, operators and the public page speak.

mod auth;
mod enrollment;
mod files;
mod health;
mod public;
mod runners;

use super::other_methods;
use actix_web::Resource;
use actix_web::web::{ServiceConfig, get, post, resource};

/// Adds the routes of the control API.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(getting("/api/auth/session").route(get().to(auth::session)))
        .service(posting("/api/auth/logout").route(post().to(auth::logout)))
        .service(posting("/api/enrollment/enroll").route(post().to(enrollment::enroll)))
        .service(posting("/api/runners/register").route(post().to(runners::register)))
        .service(posting("/api/runners/{runner_id}/heartbeat").route(post().to(runners::heartbeat)))
        .service(posting("/api/runners/{runner_id}/signout").route(post().to(runners::sign_out)))
        .service(getting("/api/runners/{runner_id}/task").route(get().to(runners::task)))
        .service(posting("/api/runners/{runner_id}/complete").route(post().to(runners::complete)))
        .service(posting("/api/runners/{runner_id}/log").route(post().to(runners::log)))
        .service(getting("/api/files/{digest}").route(get().to(files::download)))
        .service(getting("/api/health").route(get().to(health::health)))
        .service(getting("/api/public/challenges").route(get().to(public::challenges)));
}

fn getting(path: &str) -> Resource {
    resource(path).default_service(other_methods("GET"))
}

fn posting(path: &str) -> Resource {
    resource(path).default_service(other_methods("POST"))
}
