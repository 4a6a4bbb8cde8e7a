//! The engine front: starts a container of a challenge for a user, takes its flag, and stops it.

mod body;
mod challenges;
mod cors;
mod envelope;
mod flags;
mod health;
mod player;

use super::super::state::State;
use crate::http::{not_found, other_methods};
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use challengectl_common::ChallengeName;
use challengectl_common::instance::InstanceSpec;
use challengectl_coordinator::instances::{About, DEFAULT_FORMAT, Definition, Flag, FlagMode};
use serde_json::json;
use std::time::Duration;

/// The name of this front in sessions.
const FRONT: &str = "engine";

/// Adds every route of this front. It has a listener of its own.
pub fn routes(state: web::Data<State>) -> impl Fn(&mut ServiceConfig) + Clone {
    move |config| {
        let flags = web::scope("/api/flags")
            .service(
                web::resource(["", "/"]).route(web::post().to(flags::submit)).default_service(other_methods("POST")),
            )
            .service(
                web::resource(["/batch", "/batch/"])
                    .route(web::post().to(flags::submit_batch))
                    .default_service(other_methods("POST")),
            )
            .default_service(web::to(not_found))
            .wrap(from_fn(crate::http::envelope::of(envelope::flags)));
        let all = web::scope("")
            .service(flags)
            .configure(others)
            .default_service(web::to(not_found))
            .wrap(from_fn(cors::refuse))
            .wrap(from_fn(crate::http::envelope::of(envelope::challenges)))
            .wrap(from_fn(cors::allow));
        config.app_data(state.clone()).service(all);
    }
}

fn others(config: &mut ServiceConfig) {
    macro_rules! resource {
        ($path:literal, $allowed:literal $(, $route:expr)+) => {
            config.service(
                web::resource([$path, concat!($path, "/")])
                    $(.route($route))+
                    .default_service(other_methods($allowed)),
            );
        };
    }
    let (get, head) = (web::get, web::head);
    resource!(
        "/api/challenges",
        "GET, HEAD, POST",
        get().to(challenges::list),
        head().to(challenges::list),
        web::post().to(challenges::start)
    );
    resource!("/api/challenges/running", "GET, HEAD", get().to(challenges::running), head().to(challenges::running));
    resource!("/api/challenges/{session_id}", "DELETE", web::delete().to(challenges::stop));
    resource!("/api/health", "GET, HEAD", get().to(health::health), head().to(health::health));
    resource!("/api", "GET, HEAD", get().to(health::index), head().to(health::index));
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
        },
        points: 100,
        lifetime: Duration::from_secs(3600),
        spec,
        flags: vec![Flag { mode: FlagMode::Session, content: DEFAULT_FORMAT.to_owned() }],
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_sample_is_valid() {
        super::sample().unwrap().spec.check().unwrap();
    }
}
