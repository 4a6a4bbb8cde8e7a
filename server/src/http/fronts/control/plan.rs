//! The plan: what `challengectl-server plan --json` prints.

use crate::http::state::Shared;
use crate::http::{Problem, Viewer};
use actix_web::HttpResponse;
use challengectl_common::{RadioId, RunnerId, Timestamp};
use challengectl_coordinator::{Coordinator, plan};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Where and how often everything will be on air.
#[derive(Serialize, ToSchema)]
struct Plan<'a> {
    from: Timestamp,
    /// Hours from there on; fewer than 24 in an event of very many transmissions.
    hours: f64,
    /// Those of them in which work is handed out; averages are over these.
    open_hours: f64,
    /// What everything that is random was drawn from.
    seed: u64,
    /// What can go on air.
    challenges: Vec<ChallengePlan<'a>>,
    /// What cannot.
    never: Vec<Never<'a>>,
    radios: Vec<RadioPlan<'a>>,
}

/// A challenge that no radio can send, whatever else is on air.
#[derive(Serialize, ToSchema)]
#[schema(as = NeverPlanned)]
struct Never<'a> {
    challenge: &'a str,
    /// Why, and the way out.
    why: &'a str,
}

/// A challenge, as it will go on air.
#[derive(Serialize, ToSchema)]
struct ChallengePlan<'a> {
    challenge: &'a str,
    modulation: &'a str,
    /// How long its signal is, without an identification.
    signal_seconds: f64,
    transmissions: u64,
    /// Time on air in each hour, identifications included.
    air_seconds_per_hour: f64,
    /// The same, if it never had to wait.
    wanted_air_seconds_per_hour: f64,
    /// Its frequency, or those that were drawn.
    places: Vec<Place<'a>>,
    /// By which radios, as `RUNNER/RADIO`, and how often.
    radios: &'a BTreeMap<String, u64>,
    waits: Waits<'a>,
}

/// Where a challenge goes on air.
#[derive(Serialize, ToSchema)]
#[schema(as = PlannedPlace)]
struct Place<'a> {
    /// The name of the range; null for a frequency, and for a range without a name.
    range: Option<&'a str>,
    /// The lowest frequency that was drawn.
    lowest_hz: u64,
    /// The highest.
    highest_hz: u64,
    transmissions: u64,
}

/// How long a challenge is due without being on air, and what it waits for.
#[derive(Serialize, ToSchema)]
#[schema(as = PlannedWaits)]
struct Waits<'a> {
    /// On average, for each transmission.
    mean_seconds: f64,
    longest_seconds: f64,
    /// In all, for what: the longest first.
    waited_for: Vec<WaitedFor<'a>>,
}

/// What came to an end when a wait was over.
#[derive(Serialize, ToSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
enum WaitedFor<'a> {
    /// All radios that could send it were on air or resting.
    Radio { seconds: f64 },
    /// A challenge that was on its frequency, or in the way of all that it could have.
    Frequency { challenge: &'a str, seconds: f64 },
    /// Others were in front of it.
    Turn { seconds: f64 },
}

/// A radio, as it will be used.
#[derive(Serialize, ToSchema)]
struct RadioPlan<'a> {
    #[schema(value_type = String)]
    runner_id: &'a RunnerId,
    #[schema(value_type = String)]
    radio_id: &'a RadioId,
    transmissions: u64,
    /// The part of the time for which it is on air.
    load: f64,
    /// The part of the time for which it rests, by its duty cycle.
    resting: f64,
}

/// Show where and how often everything will be on air.
///
/// The enabled challenges on the radios of the enabled runners, for a day from the start of the conference, or from now if
/// it has none. The same answer is given for a minute, or longer if it takes long to find.
#[utoipa::path(get, path = "/api/plan", responses((status = OK, body = Plan)))]
pub async fn show(_: Viewer, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    let plan = coordinator.forecast.latest().await?;
    Ok(HttpResponse::Ok().json(Plan::from(&*plan)))
}

impl<'a> From<&'a plan::Plan> for Plan<'a> {
    fn from(plan: &'a plan::Plan) -> Self {
        let never = plan.never.iter().map(|never| Never { challenge: &never.challenge, why: &never.why });
        let radios = plan.radios.iter().map(|radio| RadioPlan {
            runner_id: &radio.runner_id,
            radio_id: &radio.radio_id,
            transmissions: radio.transmissions,
            load: radio.load,
            resting: radio.resting,
        });
        Self {
            from: plan.from,
            hours: plan.hours,
            open_hours: plan.open_hours,
            seed: plan.seed,
            challenges: plan.challenges.iter().map(ChallengePlan::from).collect(),
            never: never.collect(),
            radios: radios.collect(),
        }
    }
}

impl<'a> From<&'a plan::ChallengePlan> for ChallengePlan<'a> {
    fn from(plan: &'a plan::ChallengePlan) -> Self {
        let places = plan.places.iter().map(|place| Place {
            range: place.range.as_deref(),
            lowest_hz: place.lowest_hz,
            highest_hz: place.highest_hz,
            transmissions: place.transmissions,
        });
        Self {
            challenge: &plan.challenge,
            modulation: &plan.modulation,
            signal_seconds: plan.signal_seconds,
            transmissions: plan.transmissions,
            air_seconds_per_hour: plan.air_seconds_per_hour,
            wanted_air_seconds_per_hour: plan.wanted_air_seconds_per_hour,
            places: places.collect(),
            radios: &plan.radios,
            waits: Waits {
                mean_seconds: plan.waits.mean_seconds,
                longest_seconds: plan.waits.longest_seconds,
                waited_for: plan.waits.waited_for.iter().map(WaitedFor::from).collect(),
            },
        }
    }
}

impl<'a> From<&'a plan::WaitedFor> for WaitedFor<'a> {
    fn from(waited_for: &'a plan::WaitedFor) -> Self {
        match waited_for {
            plan::WaitedFor::Radio { seconds } => Self::Radio { seconds: *seconds },
            plan::WaitedFor::Frequency { challenge, seconds } => Self::Frequency { challenge, seconds: *seconds },
            plan::WaitedFor::Turn { seconds } => Self::Turn { seconds: *seconds },
        }
    }
}
