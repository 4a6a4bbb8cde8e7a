//! The control API: for runners, operators and the public page.

mod accounts;
mod alarms;
mod audit;
mod challenges;
mod conference;
pub mod connections;
mod description;
mod enrollment;
pub mod envelope;
pub mod files;
mod fleet;
mod history;
mod instance_challenges;
mod operating;
mod plan;
mod play;
mod public;
mod runner_protocol;
mod settings;
mod state;
mod text_challenges;

pub use description::front;
pub use state::source as dashboard_state;

use crate::events::LiveEvent;
use crate::http::openapi::{Group, group};
use accounts::{auth, users};
use actix_web::{HttpResponse, HttpResponseBuilder};
use challengectl_common::wire::Acknowledgement;
use challenges::{flags, modulations, preview, ranges};
use enrollment::provisioning;
use files::{export, uploads};
use instance_challenges::import;
use play::{deployments, inspect, instances, players, secrets, teams};
use serde::Deserialize;
use utoipa::ToSchema;

/// All operations of the control API.
pub fn groups() -> Vec<Group> {
    vec![
        group!(
            "Login", "Log in with a password and then a TOTP code.";
            auth: login, verify_totp, setup, setup_state, session, logout, change_password, recovery_codes
        ),
        group!("Users", "Accounts."; users: list, create, update, delete, reset_totp, reset_password),
        group!(
            "Runner protocol", "Requests of runners, with their keys.";
            enrollment: enroll;
            runner_protocol: register, heartbeat, task, complete, orders, instances, inventory, inspected, log, logs, sign_out;
            files: download
        ),
        group!("Runners", "Runners, for operators.";
            fleet: list, one, enable, disable, remove),
        group!(
            "Enrollment", "How hosts become runners.";
            fleet: issue_token;
            enrollment: list, revoke, re_enroll;
            provisioning: provision, keys, create_key, delete_key, toggle_key
        ),
        group!(
            "Challenges", "The challenges that go on air.";
            challenges: list, create, one, update, delete, enable, disable, trigger;
            flags: show, set;
            uploads: upload, import, reload;
            export: export;
            ranges: list;
            modulations: list;
            preview: check, preview
        ),
        group!("Control", "Pause, emergency stop and release of the whole system."; operating: status, pause, resume, emergency_stop, release, stop; settings: show, backup),
        group!("Now", "What is on air, the alarms in force, and the whole state at once."; alarms: on_air, list, acknowledge, shelve, unshelve; state: show)
            .describing::<state::Changes>()
            .describing::<LiveEvent>(),
        group!("Teams and players", "Those who play, for operators."; teams: list, update; players: list, update),
        group!(
            "Instance challenges", "The challenges that players start instances of.";
            instance_challenges: list, create, one, update, delete, enable, disable;
            import: read
        ),
        group!("Text challenges", "The challenges that are read, and solved by a flag."; text_challenges: list),
        group!("Instances", "What players have started, and what they submit.";
            instances: list, stop, stop_all, submissions;
            inspect: output, events, run;
            secrets: list, set, delete),
        group!("Deployments", "The challenges that are deployed for all teams, and the instance of each.";
            deployments: list, redeploy, stop, redeploy_team, stop_team),
        group!("Plan", "Where and how often everything will be on air."; plan: show),
        group!("History", "Past transmissions, log lines and the audit log.";
            history: transmissions, logs, dashboard; audit: list),
        group!(
            "Conference", "When the event takes place, and its daily hours.";
            conference: show, update, set_day_times, set_auto_pause
        ),
        group!("Public", "Open to everyone."; public: challenges; settings: receiver),
    ]
}

/// The optional body of `enable`. Its value takes precedence over the name of the path.
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

/// Returns the answer to a change without data.
fn done(message: &str) -> HttpResponse {
    acknowledge(HttpResponse::Ok(), message)
}

/// Adds a message to the answer to a change.
pub(in crate::http::fronts) fn acknowledge(mut response: HttpResponseBuilder, message: &str) -> HttpResponse {
    response.json(Acknowledgement { status: "success".to_owned(), message: Some(message.to_owned()) })
}
