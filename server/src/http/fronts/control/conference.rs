//! When the event takes place.

use crate::http::extract::anybody::Anybody;
use crate::http::extract::body::{Json, With, given};
use crate::http::extract::echo::{Echo, ReadOnly};
use crate::http::state::Shared;
use crate::http::{Operator, Problem};
use actix_web::HttpResponse;
use challengectl_common::conference::{TimeOfDay, Zone};
use challengectl_common::{ConferenceChange, ConferenceName, Timestamp};
use challengectl_coordinator::{Coordinator, CoreError};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};

#[derive(Serialize, ToSchema)]
pub(super) struct Conference {
    name: Option<ConferenceName>,
    start: Option<Timestamp>,
    stop: Option<Timestamp>,
    timezone: Zone,
    day_start: Option<TimeOfDay>,
    day_end: Option<TimeOfDay>,
    auto_pause: bool,
    /// Whether the conference's hours allow work to be assigned.
    open: bool,
    /// When `open` changes next.
    next_change: Option<Timestamp>,
}

/// Show when the event takes place.
#[utoipa::path(get, path = "/api/conference", responses((status = OK, body = Conference)))]
pub async fn show(_: Anybody, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(current(&coordinator).await?))
}

pub(super) async fn current(coordinator: &Coordinator) -> Result<Conference, CoreError> {
    let ((operating, _), now) = (coordinator.air.operating_state().await?, coordinator.context.now());
    let conference = &operating.conference;
    Ok(Conference {
        name: conference.name().cloned(),
        start: conference.start(),
        stop: conference.stop(),
        timezone: conference.timezone().clone(),
        day_start: conference.day_start(),
        day_end: conference.day_end(),
        auto_pause: conference.auto_pause(),
        open: !operating.is_closed_by_hours(now),
        next_change: operating.next_change(now),
    })
}

/// An omitted field stays as it is; null clears it.
#[derive(Default, Deserialize, ToSchema)]
#[schema(as = ConferenceChange)]
#[serde(default, deny_unknown_fields)]
pub struct Change {
    #[serde(deserialize_with = "given")]
    name: Option<Option<ConferenceName>>,
    #[serde(deserialize_with = "given")]
    start: Option<Option<Timestamp>>,
    #[serde(deserialize_with = "given")]
    stop: Option<Option<Timestamp>>,
    #[serde(deserialize_with = "given")]
    timezone: Option<Option<Zone>>,
    #[serde(deserialize_with = "given_time")]
    #[schema(schema_with = maybe_time)]
    day_start: Option<Option<TimeOfDay>>,
    #[serde(deserialize_with = "given_time")]
    #[schema(schema_with = maybe_time)]
    day_end: Option<Option<TimeOfDay>>,
    #[serde(deserialize_with = "given")]
    auto_pause: Option<Option<bool>>,
}

impl ReadOnly for Change {
    const FIELDS: &[&str] = &["status", "open", "next_change"];
}

#[derive(Serialize, ToSchema)]
#[schema(as = ConferenceChanged)]
struct Changed {
    status: &'static str,
    #[serde(flatten)]
    conference: Conference,
}

impl Changed {
    async fn now(coordinator: &Coordinator) -> Result<Self, Problem> {
        Ok(Self { status: "success", conference: current(coordinator).await? })
    }
}

/// Change the given fields of the conference.
#[utoipa::path(put, path = "/api/conference", responses((status = OK, body = Changed)))]
pub async fn update(
    With(Operator(person), echo): With<Operator, Echo<Change>>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let change = echo.over(&Changed::now(&coordinator).await?)?;
    let change = ConferenceChange {
        name: change.name,
        start: change.start,
        stop: change.stop,
        timezone: change.timezone.map(Option::unwrap_or_default),
        day_start: change.day_start,
        day_end: change.day_end,
        auto_pause: change.auto_pause.map(Option::unwrap_or_default),
    };
    coordinator.challenges.change_conference(change, person.actor()).await?;
    Ok(HttpResponse::Ok().json(Changed::now(&coordinator).await?))
}

/// An omitted field stays as it is; an empty text clears it.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DayTimes {
    #[serde(deserialize_with = "given_time")]
    #[schema(schema_with = maybe_time)]
    day_start: Option<Option<TimeOfDay>>,
    #[serde(deserialize_with = "given_time")]
    #[schema(schema_with = maybe_time)]
    day_end: Option<Option<TimeOfDay>>,
}

#[derive(Serialize, ToSchema)]
struct DayTimesSet {
    status: &'static str,
    day_start: Option<TimeOfDay>,
    day_end: Option<TimeOfDay>,
}

/// Set the daily hours.
#[utoipa::path(put, path = "/api/conference/day-times", responses((status = OK, body = DayTimesSet)))]
pub async fn set_day_times(
    With(Operator(person), Json(DayTimes { day_start, day_end })): With<Operator, Json<DayTimes>>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let change = ConferenceChange { day_start, day_end, ..ConferenceChange::default() };
    coordinator.challenges.change_conference(change, person.actor()).await?;
    let Conference { day_start, day_end, .. } = current(&coordinator).await?;
    Ok(HttpResponse::Ok().json(DayTimesSet { status: "success", day_start, day_end }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AutoPause {
    auto_pause: bool,
}

#[derive(Serialize, ToSchema)]
struct AutoPauseSet {
    status: &'static str,
    auto_pause: bool,
}

/// Enable or disable pausing outside of the daily hours.
#[utoipa::path(put, path = "/api/conference/auto-pause", responses((status = OK, body = AutoPauseSet)))]
pub async fn set_auto_pause(
    With(Operator(person), Json(AutoPause { auto_pause })): With<Operator, Json<AutoPause>>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let change = ConferenceChange { auto_pause: Some(auto_pause), ..ConferenceChange::default() };
    coordinator.challenges.change_conference(change, person.actor()).await?;
    Ok(HttpResponse::Ok().json(AutoPauseSet { status: "success", auto_pause }))
}

/// The schema of what [`given_time`] reads.
fn maybe_time() -> Object {
    let types = SchemaType::from_iter([Type::String, Type::Null]);
    ObjectBuilder::new().schema_type(types).pattern(Some("^(([01][0-9]|2[0-3]):[0-5][0-9])?$")).build()
}

/// Reads a given time; null and an empty text clear it.
fn given_time<'de, D: Deserializer<'de>>(field: D) -> Result<Option<Option<TimeOfDay>>, D::Error> {
    let text = Option::<String>::deserialize(field)?.filter(|text| !text.is_empty());
    text.map(|text| text.parse().map_err(D::Error::custom)).transpose().map(Some)
}
