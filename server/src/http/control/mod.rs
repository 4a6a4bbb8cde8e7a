//! The control API: what runners, operators and the public page speak.

mod audit;
mod auth;
mod challenges;
mod conference;
mod enrollment;
mod export;
mod files;
mod fleet;
mod history;
mod provisioning;
mod public;
mod ranges;
mod runners;
mod system;
mod uploads;
mod users;

use super::operations::health;
pub(crate) use public::PublicChallenges;

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
        .service(posting("/api/auth/recovery-codes").route(post().to(auth::recovery_codes)))
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
        .service(getting("/api/audit").route(get().to(audit::list)))
        .service(getting("/api/auth/session").route(get().to(auth::session)))
        .service(posting("/api/auth/logout").route(post().to(auth::logout)))
        .service(posting("/api/enrollment/enroll").route(post().to(enrollment::enroll)))
        .service(posting("/api/provisioning/provision").route(post().to(provisioning::provision)))
        .service(posting("/api/runners/register").route(post().to(runners::register)))
        .service(posting("/api/runners/{runner_id}/heartbeat").route(post().to(runners::heartbeat)))
        .service(posting("/api/runners/{runner_id}/signout").route(post().to(runners::sign_out)))
        .service(getting("/api/runners/{runner_id}/task").route(get().to(runners::task)))
        .service(posting("/api/runners/{runner_id}/complete").route(post().to(runners::complete)))
        .service(posting("/api/runners/{runner_id}/log").route(post().to(runners::log)))
        .service(posting("/api/runners/{runner_id}/logs").route(post().to(runners::logs)))
        .service(posting("/api/files/upload").route(post().to(uploads::upload)))
        .service(getting("/api/files/{digest}").route(get().to(files::download)))
        .service(getting("/api/health").route(get().to(health)))
        .service(getting("/api/public/challenges").route(get().to(public::challenges)))
        .service(
            resource("/api/conference")
                .route(get().to(conference::show))
                .route(put().to(conference::update))
                .default_service(other_methods("GET, PUT")),
        )
        .service(putting("/api/conference/day-times").route(put().to(conference::set_day_times)))
        .service(putting("/api/conference/auto-pause").route(put().to(conference::set_auto_pause)))
        .configure(operators);
}

/// What operators see and do.
fn operators(config: &mut ServiceConfig) {
    config
        .service(
            resource("/api/challenges")
                .route(get().to(challenges::list))
                .route(post().to(challenges::create))
                .default_service(other_methods("GET, POST")),
        )
        .service(posting("/api/challenges/import").route(post().to(uploads::import)))
        .service(getting("/api/challenges/export").route(get().to(export::export)))
        .service(posting("/api/challenges/reload").route(post().to(uploads::reload)))
        .service(posting("/api/challenges/{challenge_id}/enable").route(post().to(challenges::enable)))
        .service(posting("/api/challenges/{challenge_id}/disable").route(post().to(challenges::disable)))
        .service(posting("/api/challenges/{challenge_id}/trigger").route(post().to(challenges::trigger)))
        .service(
            resource("/api/challenges/{challenge_id}")
                .route(get().to(challenges::one))
                .route(put().to(challenges::update))
                .route(delete().to(challenges::delete))
                .default_service(other_methods("GET, PUT, DELETE")),
        )
        .service(getting("/api/frequency-ranges").route(get().to(ranges::list)))
        .service(getting("/api/runners").route(get().to(fleet::list)))
        .service(posting("/api/runners/{runner_id}/enable").route(post().to(fleet::enable)))
        .service(posting("/api/runners/{runner_id}/disable").route(post().to(fleet::disable)))
        .service(
            resource("/api/runners/{runner_id}")
                .route(get().to(fleet::one))
                .route(delete().to(fleet::remove))
                .default_service(other_methods("GET, DELETE")),
        )
        .service(posting("/api/enrollment/token").route(post().to(fleet::invite)))
        .service(
            resource("/api/enrollment/token/{token_id}")
                .route(delete().to(enrollment::revoke))
                .default_service(other_methods("DELETE")),
        )
        .service(getting("/api/enrollment/tokens").route(get().to(enrollment::list)))
        .service(posting("/api/enrollment/re-enroll/{runner_id}").route(post().to(enrollment::re_enroll)))
        .service(
            resource("/api/provisioning/keys")
                .route(get().to(provisioning::keys))
                .route(post().to(provisioning::create_key))
                .default_service(other_methods("GET, POST")),
        )
        .service(
            resource("/api/provisioning/keys/{key_id}")
                .route(delete().to(provisioning::delete_key))
                .default_service(other_methods("DELETE")),
        )
        .service(posting("/api/provisioning/keys/{key_id}/toggle").route(post().to(provisioning::toggle_key)))
        .service(getting("/api/transmissions").route(get().to(history::transmissions)))
        .service(getting("/api/logs").route(get().to(history::logs)))
        .service(getting("/api/dashboard").route(get().to(history::dashboard)))
        .service(getting("/api/control/status").route(get().to(system::status)))
        .service(posting("/api/control/pause").route(post().to(system::pause)))
        .service(posting("/api/control/resume").route(post().to(system::resume)))
        .service(posting("/api/control/emergency-stop").route(post().to(system::emergency_stop)))
        .service(posting("/api/control/release").route(post().to(system::release)))
        .service(posting("/api/control/stop").route(post().to(system::stop)));
}

/// The answer that only says that it worked.
fn done(message: &str) -> HttpResponse {
    acknowledge(HttpResponse::Ok(), message)
}

fn getting(path: &str) -> Resource {
    resource(path).default_service(other_methods("GET"))
}

fn posting(path: &str) -> Resource {
    resource(path).default_service(other_methods("POST"))
}

fn putting(path: &str) -> Resource {
    resource(path).default_service(other_methods("PUT"))
}

/// The answer to what has been done.
fn acknowledge(mut response: HttpResponseBuilder, message: &str) -> HttpResponse {
    response.json(Acknowledgement { status: "success".to_owned(), message: Some(message.to_owned()) })
}
