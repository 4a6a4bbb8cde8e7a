//! The control API: what runners, operators and the public page speak.

mod alarms;
mod audit;
mod auth;
mod challenge_form;
mod challenge_schemas;
mod challenges;
mod conference;
mod enrollment;
pub mod envelope;
mod export;
mod files;
mod fleet;
mod history;
mod provisioning;
mod public;
mod ranges;
mod role;
mod runners;
mod system;
mod token_life;
mod uploads;
mod users;

use crate::http::openapi::{Group, group};
use actix_web::{HttpResponse, HttpResponseBuilder};
use challengectl_common::wire::Acknowledgement;
use serde::Deserialize;
use utoipa::ToSchema;

/// Everything that the control API offers.
pub fn groups() -> Vec<Group> {
    vec![
        group!(
            "Login", "Accounts log in with a password, then a code.";
            auth: login, verify_totp, setup, session, logout, change_password, recovery_codes
        ),
        group!("Users", "The accounts of people."; users: list, create, update, delete, reset_totp, reset_password),
        group!(
            "Runner protocol", "What a runner says, with its key.";
            enrollment: enroll;
            runners: register, heartbeat, task, complete, log, logs, sign_out;
            files: download
        ),
        group!("Runners", "What operators see of runners, and do with them.";
            fleet: list, one, enable, disable, remove),
        group!(
            "Enrolment", "How hosts become runners.";
            fleet: invite;
            enrollment: list, revoke, re_enroll;
            provisioning: provision, keys, create_key, delete_key, toggle_key
        ),
        group!(
            "Challenges", "What goes on air.";
            challenges: list, create, one, update, delete, enable, disable, trigger;
            uploads: upload, import, reload;
            export: export;
            ranges: list
        ),
        group!("Control", "Holds everything back at once."; system: status, pause, resume, emergency_stop, release, stop),
        group!("Now", "What is on air, and what a person should look into."; alarms: on_air, list),
        group!("History", "What was on air, and what was said and done.";
            history: transmissions, logs, dashboard; audit: list),
        group!(
            "Conference", "When the event is, and at which hours of the day.";
            conference: show, update, set_day_times, set_auto_pause
        ),
        group!("Public", "For everybody."; public: challenges),
    ]
}

/// The body that `enable` may have: what it says is done, whatever the path is called.
#[derive(Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
struct Switch {
    #[schema(default = true)]
    enabled: bool,
}

impl Default for Switch {
    fn default() -> Self {
        Self { enabled: true }
    }
}

/// The answer that only says that it worked.
fn done(message: &str) -> HttpResponse {
    acknowledge(HttpResponse::Ok(), message)
}

/// The answer to what has been done.
fn acknowledge(mut response: HttpResponseBuilder, message: &str) -> HttpResponse {
    response.json(Acknowledgement { status: "success".to_owned(), message: Some(message.to_owned()) })
}
