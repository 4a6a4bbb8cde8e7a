//! Files of challenges.

use super::attached;
use super::solutions;
use crate::http::Problem;
use crate::http::extract::body::With;
use crate::http::extract::query::Query;
use crate::http::fronts::control::files::serve;
use crate::http::fronts::docker::envelope::{Data, Done};
use crate::http::fronts::docker::principal::{Organiser, User};
use crate::http::fronts::docker::{number, renamed};
use crate::http::openapi::answers::{Invalid, Missing, TooLarge, Unsupported};
use crate::http::problem::Code;
use crate::http::state::Shared;
use crate::http::upload::{self, ANY, Item};
use actix_multipart::Multipart;
use actix_web::web::{self, Json};
use actix_web::{HttpRequest, HttpResponse};
use challengectl_common::Digest;
use challengectl_coordinator::catalog::{Access, Attachment, AttachmentKind};
use challengectl_coordinator::files::incoming::Incoming;
use challengectl_coordinator::{Coordinator, Players};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::{IntoParams, ToSchema};

/// A file.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerFile)]
pub struct FileView {
    pub id: i64,
    /// `challenge` or `solution`.
    pub r#type: String,
    /// Below `/files/`.
    pub location: String,
    /// Null for a file of before it was computed.
    pub sha1sum: Option<String>,
}

/// Files of a challenge.
#[derive(ToSchema)]
#[schema(as = DockerFileForm)]
#[expect(dead_code, reason = "describes a form that is read as a stream")]
pub struct FileForm {
    /// May be there several times.
    #[schema(format = Binary)]
    file: String,
    challenge_id: Option<i64>,
    solution_id: Option<i64>,
    /// `challenge` or `solution`.
    r#type: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OfType {
    /// `challenge` or `solution`.
    pub r#type: Option<String>,
}

/// Files of one request.
const MAX_FILES: usize = 20;

/// List the files of all challenges.
#[utoipa::path(get, path = "/api/v1/files", responses((status = OK, body = Data<Vec<FileView>>)))]
pub async fn list(
    With(_, Query(query)): With<Organiser, Query<OfType>>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Data<Vec<FileView>>>, Problem> {
    let all = coordinator.catalog.attachments(AttachmentKind::File, None).await?;
    let views = all.iter().map(FileView::from);
    let is_wanted = |view: &FileView| query.r#type.as_ref().is_none_or(|wanted| *wanted == view.r#type);
    Ok(Json(Data::new(views.filter(is_wanted).collect())))
}

/// List the files of a challenge.
#[utoipa::path(
    get, path = "/api/v1/challenges/{challenge_id}/files", responses((status = OK, body = Data<Vec<FileView>>))
)]
pub async fn of_challenge(
    _: Organiser,
    id: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Data<Vec<FileView>>>, Problem> {
    let all = attached(AttachmentKind::File, &id, &coordinator).await?;
    Ok(Json(Data::new(all.iter().map(FileView::from).collect())))
}

/// Add files to a challenge, or to its solution.
#[utoipa::path(
    post, path = "/api/v1/files", request_body(content = FileForm, content_type = "multipart/form-data"),
    responses((status = OK, body = Data<Vec<FileView>>), Invalid, Missing, TooLarge, Unsupported)
)]
pub async fn create(
    _: Organiser,
    coordinator: Shared<Coordinator>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<Json<Data<Vec<FileView>>>, Problem> {
    let mut form = Multipart::new(request.headers(), payload);
    let (files, texts) = upload::in_time(read(&mut form, &coordinator)).await?;
    // The account may have been disabled while the files came.
    let Organiser(person) = Organiser::again(&request).await?;
    let purpose = texts.get("type").map_or("challenge", String::as_str);
    let challenge = match (purpose, texts.get("challenge_id").or(texts.get("challenge")), texts.get("solution_id")) {
        ("challenge", Some(id), _) => number("Challenge", id)?,
        ("solution", _, Some(id)) => {
            let id = number("Solution", id)?;
            let solution = coordinator.catalog.attachment(AttachmentKind::Solution, id).await;
            solution.map_err(renamed("Solution"))?.challenge_id
        }
        ("challenge" | "solution", ..) => return Err(Problem::invalid("challenge_id: is missing")),
        _ => return Err(Problem::invalid("type: must be challenge or solution")),
    };
    let mut views = Vec::new();
    for (name, content) in files {
        let attached = coordinator.catalog.attach_file(challenge, &name, purpose, content, person.actor()).await;
        views.push(FileView::from(&attached.map_err(renamed("Challenge"))?));
    }
    Ok(Json(Data::new(views)))
}

type Form = (Vec<(String, Incoming)>, HashMap<String, String>);

async fn read(form: &mut Multipart, coordinator: &Coordinator) -> Result<Form, Problem> {
    let (mut files, mut texts) = (Vec::new(), HashMap::new());
    while let Some(item) = upload::next_item(form, coordinator, ANY).await? {
        match item {
            Item::Text { field, text } => drop(texts.insert(field, text)),
            Item::File(part) if part.field == "file" => files.push((safe(&part.name), part.content)),
            Item::File(part) => {
                return Err(Problem::invalid(format!("field {:?}: send files in the field \"file\"", part.field)));
            }
        }
        if files.len() > MAX_FILES || texts.len() > MAX_FILES {
            return Err(Problem::invalid(format!("more than {MAX_FILES} files, or other fields")));
        }
    }
    if files.is_empty() {
        return Err(Problem::invalid("the form has no field \"file\""));
    }
    Ok((files, texts))
}

/// Returns the name under which a file is kept: it becomes a part of a path, as in CTFd.
fn safe(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let name: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let name = name.trim_start_matches('.').to_owned();
    if name.is_empty() { "file".to_owned() } else { name }
}

/// Delete a file of a challenge.
#[utoipa::path(delete, path = "/api/v1/files/{file_id}", responses((status = OK, body = Done)))]
pub async fn delete(
    Organiser(person): Organiser,
    id: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Done>, Problem> {
    let id = number("File", &id)?;
    coordinator.catalog.detach(AttachmentKind::File, id, person.actor()).await.map_err(renamed("File"))?;
    Ok(Json(Done::DONE))
}

/// Download a file of a challenge that one sees.
#[utoipa::path(
    get, path = "/files/{digest}/{file_name}",
    responses((status = OK, body = [u8], content_type = "*/*", description = "The content."), Invalid)
)]
pub async fn download(
    User(caller): User,
    place: web::Path<(String, String)>,
    coordinator: Shared<Coordinator>,
    players: Shared<Players>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (digest, name) = place.into_inner();
    let missing = || Problem::new(Code::NotFound).because("File not found");
    let digest: Digest = digest.parse().map_err(|_| missing())?;
    let owner = caller.owner(&players)?;
    let mut is_open = false;
    for file in coordinator.catalog.file(digest, &name).await? {
        let (_, access) = coordinator.catalog.entry_for(&owner, file.challenge_id).await?;
        let is_for_players =
            file.text("type") != "solution" || solutions::is_shown(file.challenge_id, &owner, &coordinator).await?;
        is_open |= caller.is_admin() || (access == Access::Open && is_for_players);
    }
    if is_open { serve(digest, &coordinator, &request).await } else { Err(missing()) }
}

/// Returns where a file is, below `/files/`.
pub fn location(file: &Attachment) -> String {
    format!("{}/{}", file.text("digest"), file.text("name"))
}

impl From<&Attachment> for FileView {
    fn from(it: &Attachment) -> Self {
        let sha1sum = Some(it.text("sha1")).filter(|sha1| !sha1.is_empty()).map(str::to_owned);
        Self { id: it.id, r#type: it.text("type").to_owned(), location: location(it), sha1sum }
    }
}
