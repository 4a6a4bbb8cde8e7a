//! The engine front: starts a container of a challenge for a user, takes its flag, and stops it.

mod body;
mod challenges;
mod cors;
mod description;
mod envelope;
mod flags;
mod health;
mod player;
mod wire;

use super::super::state::State;
use crate::http::not_found;
use crate::http::openapi::{self, ErrorForm, Group, group};
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use challengectl_common::instance::{InstanceSpec, Policy};
use challengectl_common::{ChallengeName, Timestamp};
use challengectl_coordinator::flags::{DEFAULT_FORMAT, Flag, FlagMode, Worth};
use challengectl_coordinator::instances::{About, Definition};
use serde_json::json;
use utoipa::openapi::OpenApi;
use wire::{EngineError, FlagError};

/// The name of this front in sessions.
const FRONT: &str = "engine";

/// Adds every route of this front. It has a listener of its own.
pub fn routes(state: web::Data<State>) -> impl Fn(&mut ServiceConfig) + Clone {
    move |config| {
        let all = web::scope("")
            .configure(|config| openapi::routes(groups(), config))
            .default_service(web::to(not_found))
            .wrap(from_fn(cors::refuse))
            .wrap(from_fn(crate::http::envelope::of(envelope::render)))
            .wrap(from_fn(cors::allow));
        config.app_data(state.clone()).service(all);
    }
}

/// Returns the OpenAPI document of this front.
#[must_use]
pub fn document() -> OpenApi {
    openapi::document(description::front(), groups())
}

fn groups() -> Vec<Group> {
    let challenges = group!(
        "Challenges", "Challenges, and the sessions in which they run."; challenges: list, start, running, stop
    );
    let flags = group!("Flags", "Submissions."; flags: submit, submit_batch);
    let about = group!("Front", "The front itself."; health: health, index);
    vec![
        challenges.failing_as(ErrorForm::of::<EngineError>("")),
        flags.failing_as(ErrorForm::of::<FlagError>("Flag")),
        about.failing_as(ErrorForm::of::<EngineError>("")),
    ]
}

/// Returns a time as seconds since 1970.
fn epoch(time: Timestamp) -> f64 {
    time.as_millis() as f64 / 1e3
}

/// Returns the challenge that a server with this front has from the beginning. `challenges/web-basic-xss` has its image.
pub fn sample() -> Option<Definition> {
    let container =
        json!({"image": "localhost/challengectl/web-basic-xss:1", "ports": ["8080/tcp"], "read_only": true});
    let spec: InstanceSpec = serde_json::from_value(json!({"containers": [container]})).ok()?;
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Some(Definition {
        slug: "web-basic-xss".to_owned(),
        name: ChallengeName::new("Basic XSS").ok()?,
        about: About {
            category: "web".to_owned(),
            difficulty: "beginner".to_owned(),
            description: "A guest book repeats what its visitors write. Make it run a script.".to_owned(),
            tags: texts(&["xss", "html"]),
            author: "ChallengeCtl".to_owned(),
            estimated_time: "15 minutes".to_owned(),
            learning_objectives: texts(&["See what happens when a page shows input as markup."]),
            hints: texts(&["What does the page do with angle brackets?"]),
            ..About::default()
        },
        worth: Worth::of_one(100, Flag { mode: FlagMode::Session, content: DEFAULT_FORMAT.to_owned() }),
        policy: Policy::default(),
        spec,
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_sample_is_valid() {
        super::sample().unwrap().spec.check().unwrap();
    }
}
