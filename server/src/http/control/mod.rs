//! The control API: what runners, operators and the public page speak.

mod auth;
mod enrollment;
mod files;
mod public;
mod runners;
mod users;

use super::operations::health;
use super::other_methods;
use actix_web::web::{ServiceConfig, delete, get, post, put, resource};
use actix_web::{HttpResponse, HttpResponseBuilder, Resource};
use challengectl_common::wire::Acknowledgement;

/// Adds the routes of the control API.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(posting("/api/auth/login").route(post().to(auth::login)))
        .service(posting("/api/auth/verify-totp").route(post().to(auth::verify_totp)))
        .service(posting("/api/auth/setup").route(post().to(auth::setup)))
        .service(posting("/api/auth/change-password").route(post().to(auth::change_password)))
        .service(
            resource("/api/users")
                .route(get().to(users::list))
                .route(post().to(users::create))
                .default_service(other_methods("GET, POST")),
        )
        .service(
            resource("/api/users/{username}")
                .route(put().to(users::update))
                .route(delete().to(users::delete))
                .default_service(other_methods("PUT, DELETE")),
        )
        .service(posting("/api/users/{username}/reset-totp").route(post().to(users::reset_totp)))
        .service(posting("/api/users/{username}/reset-password").route(post().to(users::reset_password)))
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
        .service(getting("/api/health").route(get().to(health)))
        .service(getting("/api/public/challenges").route(get().to(public::challenges)));
}

fn getting(path: &str) -> Resource {
    resource(path).default_service(other_methods("GET"))
}

fn posting(path: &str) -> Resource {
    resource(path).default_service(other_methods("POST"))
}

/// The answer to what has been done.
fn acknowledge(mut response: HttpResponseBuilder, message: &str) -> HttpResponse {
    response.json(Acknowledgement { status: "success".to_owned(), message: Some(message.to_owned()) })
}
