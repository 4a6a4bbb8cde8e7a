//! Flags of challenges, for organisers.

use super::OfChallenge;
use super::challenge;
use crate::http::Problem;
use crate::http::extract::body::With;
use crate::http::extract::fields::Fields;
use crate::http::extract::query::Query;
use crate::http::fronts::docker::body::Body;
use crate::http::fronts::docker::envelope::{Data, Done};
use crate::http::fronts::docker::principal::Organiser;
use crate::http::fronts::docker::{number, renamed};
use crate::http::openapi::answers::Missing;
use crate::http::problem::Code;
use crate::http::state::Shared;
use actix_web::web::{self, Json};
use challengectl_coordinator::Coordinator;
use challengectl_coordinator::catalog::EntryFlag;
use challengectl_coordinator::flags::{Flag, FlagMode};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A flag.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerFlag)]
pub struct FlagView {
    pub id: i64,
    pub challenge_id: i64,
    pub challenge: i64,
    /// `static` or `regex`.
    pub r#type: &'static str,
    pub content: String,
    /// Empty, or `case_insensitive`.
    pub data: &'static str,
}

/// A flag.
#[derive(ToSchema)]
#[schema(as = DockerFlagForm, examples(json!({"challenge_id": 1, "content": "flag{…}", "type": "static", "data": ""})))]
#[expect(dead_code, reason = "described here, read by `Fields`")]
pub struct FlagForm {
    challenge_id: Option<i64>,
    content: Option<String>,
    /// `static` or `regex`.
    r#type: Option<String>,
    /// Empty, or `case_insensitive`.
    data: Option<String>,
}

/// A type of flags.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = DockerFlagType)]
pub struct FlagType {
    pub name: &'static str,
    pub templates: BTreeMap<&'static str, &'static str>,
}

/// How a flag says that the case of letters does not matter.
const ANY_CASE: &str = "case_insensitive";
/// What a pattern begins with for the same.
const ANY_CASE_PATTERN: &str = "(?i)";

/// List the flags of all challenges, or of one.
///
/// Those that each container has of its own are not listed.
#[utoipa::path(get, path = "/api/v1/flags", responses((status = OK, body = Data<Vec<FlagView>>), Missing))]
pub async fn list(
    With(_, Query(query)): With<Organiser, Query<OfChallenge>>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Data<Vec<FlagView>>>, Problem> {
    let challenge = query.challenge_id.map(|id| number("Challenge", &id)).transpose()?;
    shown(challenge, &coordinator).await
}

/// List the flags of a challenge.
#[utoipa::path(
    get, path = "/api/v1/challenges/{challenge_id}/flags", responses((status = OK, body = Data<Vec<FlagView>>))
)]
pub async fn of_challenge(
    _: Organiser,
    id: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Data<Vec<FlagView>>>, Problem> {
    let id = number("Challenge", &id)?;
    coordinator.catalog.entry(id).await.map_err(renamed("Challenge"))?;
    shown(Some(id), &coordinator).await
}

async fn shown(challenge: Option<i64>, coordinator: &Coordinator) -> Result<Json<Data<Vec<FlagView>>>, Problem> {
    let flags = coordinator.catalog.flags(challenge).await?;
    Ok(Json(Data::new(flags.into_iter().map(FlagView::from).collect())))
}

/// Add a flag to a challenge.
#[utoipa::path(
    post, path = "/api/v1/flags", request_body = FlagForm, responses((status = OK, body = Data<FlagView>), Missing)
)]
pub async fn create(
    With(Organiser(person), Body(fields)): With<Organiser, Body>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Data<FlagView>>, Problem> {
    let challenge = challenge(&fields)?;
    fields.needed("content")?;
    let flag = Given::read(&fields)?.on(&Flag { mode: FlagMode::Text, content: String::new() });
    let id = coordinator.catalog.add_flag(challenge, flag, person.actor()).await.map_err(renamed("Challenge"))?;
    one(id, &coordinator).await
}

/// Get a flag.
#[utoipa::path(get, path = "/api/v1/flags/{flag_id}", responses((status = OK, body = Data<FlagView>)))]
pub async fn read(
    _: Organiser,
    id: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Data<FlagView>>, Problem> {
    one(number("Flag", &id)?, &coordinator).await
}

/// Change a flag: the fields that are given.
#[utoipa::path(
    patch, path = "/api/v1/flags/{flag_id}", request_body = FlagForm, responses((status = OK, body = Data<FlagView>))
)]
pub async fn update(
    With(Organiser(person), Body(fields)): With<Organiser, Body>,
    id: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Data<FlagView>>, Problem> {
    let (id, given) = (number("Flag", &id)?, Given::read(&fields)?);
    let change = move |flag: Flag| given.on(&flag);
    coordinator.catalog.change_flag(id, change, person.actor()).await.map_err(renamed("Flag"))?;
    one(id, &coordinator).await
}

async fn one(id: i64, coordinator: &Coordinator) -> Result<Json<Data<FlagView>>, Problem> {
    Ok(Json(Data::new(coordinator.catalog.flag(id).await.map_err(renamed("Flag"))?.into())))
}

/// Delete a flag.
#[utoipa::path(delete, path = "/api/v1/flags/{flag_id}", responses((status = OK, body = Done)))]
pub async fn delete(
    Organiser(person): Organiser,
    id: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Done>, Problem> {
    let id = number("Flag", &id)?;
    coordinator.catalog.delete_flag(id, person.actor()).await.map_err(renamed("Flag"))?;
    Ok(Json(Done::DONE))
}

/// List the types of flags.
#[utoipa::path(
    get, path = "/api/v1/flags/types", responses((status = OK, body = Data<BTreeMap<String, FlagType>>))
)]
pub async fn types(_: Organiser) -> Json<Data<BTreeMap<String, FlagType>>> {
    let all = ["static", "regex"].map(|name| (name.to_owned(), flag_type(name)));
    Json(Data::new(BTreeMap::from(all)))
}

/// Get a type of flags.
#[utoipa::path(get, path = "/api/v1/flags/types/{flag_type}", responses((status = OK, body = Data<FlagType>)))]
pub async fn of_type(_: Organiser, name: web::Path<String>) -> Result<Json<Data<FlagType>>, Problem> {
    let found = ["static", "regex"].into_iter().find(|known| *known == name.as_str());
    let missing = || Problem::new(Code::NotFound).because("Flag type not found");
    found.map(|name| Json(Data::new(flag_type(name)))).ok_or_else(missing)
}

fn flag_type(name: &'static str) -> FlagType {
    FlagType { name, templates: BTreeMap::from([("create", ""), ("update", "")]) }
}

/// The fields that are given.
struct Given {
    is_pattern: Option<bool>,
    is_any_case: Option<bool>,
    content: Option<String>,
}

impl Given {
    fn read(fields: &Fields) -> Result<Self, Problem> {
        let is_pattern = match fields.text("type")? {
            None | Some("") => None,
            Some("static") => Some(false),
            Some("regex") => Some(true),
            Some(_) => return Err(Problem::invalid("type: must be static or regex")),
        };
        let is_any_case = match fields.text("data")? {
            None => None,
            Some("" | "case_sensitive") => Some(false),
            Some(ANY_CASE) => Some(true),
            Some(_) => return Err(Problem::invalid("data: must be empty or case_insensitive")),
        };
        let content = fields.text("content")?.map(|text| text.trim().to_owned());
        Ok(Self { is_pattern, is_any_case, content })
    }

    /// Returns a flag with these fields changed.
    fn on(self, flag: &Flag) -> Flag {
        let (was_any_case, known) = parted(flag);
        let content = self.content.unwrap_or_else(|| known.to_owned());
        let is_any_case = self.is_any_case.unwrap_or(was_any_case);
        match (self.is_pattern.unwrap_or(flag.mode == FlagMode::Pattern), is_any_case) {
            (true, true) => Flag { mode: FlagMode::Pattern, content: format!("{ANY_CASE_PATTERN}{content}") },
            (true, false) => Flag { mode: FlagMode::Pattern, content },
            (false, true) => Flag { mode: FlagMode::TextAnyCase, content },
            (false, false) => Flag { mode: FlagMode::Text, content },
        }
    }
}

/// Returns whether the case of letters does not matter, and the content without that.
fn parted(flag: &Flag) -> (bool, &str) {
    match flag.mode {
        FlagMode::Pattern => match flag.content.strip_prefix(ANY_CASE_PATTERN) {
            Some(pattern) => (true, pattern),
            None => (false, &flag.content),
        },
        mode => (mode == FlagMode::TextAnyCase, &flag.content),
    }
}

impl From<EntryFlag> for FlagView {
    fn from(it: EntryFlag) -> Self {
        let (is_any_case, content) = parted(&it.flag);
        Self {
            id: it.id,
            challenge_id: it.challenge_id,
            challenge: it.challenge_id,
            r#type: if it.flag.mode == FlagMode::Pattern { "regex" } else { "static" },
            content: content.to_owned(),
            data: if is_any_case { ANY_CASE } else { "" },
        }
    }
}
