//! The Docker front: the API of CTFd's Docker plugin, with the part of CTFd's own that its pages and `ctfcli` use. Its
//! containers are instances, and its challenges those of the event.

mod accounts;
mod attached;
mod body;
mod challenges;
mod containers;
mod description;
mod envelope;
mod principal;
mod refusals;

pub use envelope::{owns, render};

use crate::http::Problem;
use crate::http::openapi::{self, ErrorForm, Group, group};
use crate::http::problem::Code;
use accounts::tokens;
use attached::{files, flags, hints, solutions, tags, topics, unlocks};
use challengectl_coordinator::CoreError;
use challenges::{attempt, kinds, requirements, solves};
use containers::{images, nuke, secrets, start, status};
use envelope::DockerError;
use utoipa::openapi::OpenApi;

/// The name of this front in sessions.
const FRONT: &str = "docker";

/// Returns the OpenAPI document of this front.
#[must_use]
pub fn document() -> OpenApi {
    openapi::document(description::front(), groups())
}

/// All operations of this front.
pub fn groups() -> Vec<Group> {
    let all = vec![
        group!(
            "Containers", "Instances of challenges, one for each team or player.";
            start: start; status: status; nuke: nuke; images: list, ports
        ),
        group!("Secrets", "Secrets of services."; secrets: list, create, delete_all, delete),
        group!(
            "Challenges", "Challenges of all kinds.";
            challenges: list, create, read, update, delete; requirements: read; solves: list; kinds: types; attempt: submit
        ),
        group!(
            "What belongs to a challenge", "Flags, tags, topics, hints, solutions and files.";
            flags: list, create, read, update, delete, of_challenge, types, of_type;
            tags: list, create, read, update, delete, of_challenge; topics: list, create, delete, of_challenge;
            hints: list, create, read, update, delete, of_challenge; unlocks: create;
            solutions: list, create, read, update, delete;
            files: list, create, delete, of_challenge, download
        ),
        group!("Accounts", "One's own account."; accounts: me, configs, modules; tokens: list, create, revoke),
    ];
    all.into_iter().map(|group| group.failing_as(ErrorForm::of::<DockerError>("")).with_slash().with_head()).collect()
}

/// Reads a number in a path.
fn number(what: &str, text: &str) -> Result<i64, Problem> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let missing = || Problem::new(Code::NotFound).because(format!("{what} not found"));
    text.parse().ok().filter(|_| is_number).ok_or_else(missing)
}

/// Returns the problem of something that is missing, in the words of the documents.
fn renamed(what: &'static str) -> impl Fn(CoreError) -> Problem {
    move |error| match error {
        CoreError::NotFound(_) => Problem::new(Code::NotFound).because(format!("{what} not found")),
        error => error.into(),
    }
}
