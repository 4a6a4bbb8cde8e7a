use crate::http::extract::body::With;
use crate::http::extract::query::Query;
use crate::http::openapi::answers::{Conflict, Invalid, TooLarge, Unsupported};
use crate::http::problem::Code;
use crate::http::state::Shared;
use crate::http::upload::{self, ARCHIVE, FILE, Part};
use crate::http::{Admin, Problem};
use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};
use challengectl_common::Digest;
use challengectl_coordinator::challenges::import::Unlisted;
use challengectl_coordinator::{Coordinator, Imported, Intake};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The maximum number of files of an event; more than any has.
const MAX_FILES: usize = 500;
/// The maximum size of an event in bytes; more than any has, and the limit of what one request can write to disk.
const MAX_BYTES: u64 = 1 << 30;

async fn only_file(form: &mut Multipart, coordinator: &Coordinator) -> Result<Part, Problem> {
    let part = upload::next(form, coordinator, |_| FILE).await?;
    let part = part.ok_or_else(|| Problem::invalid("the form has no field \"file\""))?;
    if part.field != "file" {
        return Err(Problem::invalid(format!("field {:?}: send the file in the field \"file\"", part.field)));
    }
    match upload::next(form, coordinator, |_| FILE).await? {
        Some(_) => Err(Problem::invalid("the form has more than one file; send one per request")),
        None => Ok(part),
    }
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a form that is read as a stream")]
struct UploadForm {
    /// With a name that ends in .wav, .bin, .txt, .yml, .yaml, .py or .grc; at most 100 MiB.
    #[schema(format = Binary)]
    file: String,
}

#[derive(Serialize, ToSchema)]
struct Uploaded {
    status: &'static str,
    message: &'static str,
    hash: Digest,
    filename: String,
    size: u64,
}

/// Upload a file for challenges.
#[utoipa::path(
    post, path = "/api/files/upload",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = OK, body = Uploaded), Invalid, TooLarge, Unsupported)
)]
pub async fn upload(
    _: Admin,
    coordinator: Shared<Coordinator>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let mut form = Multipart::new(request.headers(), payload);
    let Part { name: filename, content, .. } = upload::in_time(only_file(&mut form, &coordinator)).await?;
    let Admin(person) = Admin::again(&request).await?;
    let size = content.size();
    let hash = coordinator.files.keep(content, &filename, person.actor()).await?;
    let message = "File uploaded successfully";
    Ok(HttpResponse::Ok().json(Uploaded { status: "success", message, hash, filename, size }))
}

/// All other fields are files that the event file names.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a form that is read as a stream")]
struct ImportForm {
    /// The event file, as `challengectl-server import` reads it.
    #[schema(format = Binary)]
    yaml_file: Option<String>,
    /// Instead of all other fields: a tar archive, as `GET /api/challenges/export` answers.
    #[schema(format = Binary)]
    archive: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = EventLoaded)]
struct Loaded {
    status: &'static str,
    message: &'static str,
    challenges_loaded: usize,
    added: usize,
    updated: usize,
    files_uploaded: usize,
    /// Enabled challenges that are not in the event. They stay enabled.
    also_on_air: Vec<String>,
    /// Challenges that were disabled because they are not in the event.
    disabled: Vec<String>,
    remarks: Vec<String>,
    /// The problems of entries that were left out with `keep_going`; the status is then `partial`.
    problems: Vec<String>,
}

/// How an event is imported.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct IntakeQuery {
    /// Import the valid entries even if others are invalid, and list the problems.
    #[serde(default)]
    #[param(value_type = Option<bool>, default = false)]
    keep_going: bool,
    /// Disable every challenge that is not in the event.
    #[serde(default)]
    #[param(value_type = Option<bool>, default = false)]
    only: bool,
}

impl IntakeQuery {
    fn intake(&self) -> Intake {
        let unlisted = if self.only { Unlisted::Disable } else { Unlisted::Keep };
        Intake { keep_going: self.keep_going, unlisted }
    }
}

impl Loaded {
    fn new(message: &'static str, imported: Imported) -> Self {
        let Imported { challenges, added, updated, files, also_on_air, disabled, remarks, problems } = imported;
        let status = if problems.is_empty() { "success" } else { "partial" };
        Self {
            status,
            message,
            challenges_loaded: challenges,
            added,
            updated,
            files_uploaded: files,
            also_on_air,
            disabled,
            remarks,
            problems,
        }
    }
}

/// Import an event.
///
/// The form has either the event file in the field `yaml_file` and each file that it names in a field of its own, or an
/// exported archive in the field `archive`.
#[utoipa::path(
    post, path = "/api/challenges/import",
    request_body(content = ImportForm, content_type = "multipart/form-data"),
    responses((status = OK, body = Loaded), Invalid, TooLarge, Unsupported)
)]
pub async fn import(
    _: Admin,
    query: Result<Query<IntakeQuery>, Problem>,
    coordinator: Shared<Coordinator>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let Query(query) = query?;
    let mut form = Multipart::new(request.headers(), payload);
    let Sent { event, archive, files } = upload::in_time(sent(&mut form, &coordinator)).await?;
    let Admin(person) = Admin::again(&request).await?;
    let imported = match (event, archive) {
        (Some(event), None) => {
            let path = event.content.path().to_owned();
            let sent = files.iter().map(|part| (part.name.clone(), part.content.path().to_owned())).collect();
            coordinator.challenges.import_sent(event.name, path, sent, query.intake(), person.actor()).await?
        }
        (None, Some(archive)) if files.is_empty() => {
            let path = archive.content.path().to_owned();
            coordinator.challenges.import_archive(archive.name, path, query.intake(), person.actor()).await?
        }
        (None, None) => return Err(Problem::invalid("the form has neither a field \"yaml_file\" nor \"archive\"")),
        _ => return Err(Problem::invalid("an archive contains the whole event; send it without other files")),
    };
    Ok(HttpResponse::Ok().json(Loaded::new("Event imported successfully", imported)))
}

/// The parts of a form with an event.
#[derive(Default)]
struct Sent {
    event: Option<Part>,
    archive: Option<Part>,
    files: Vec<Part>,
}

async fn sent(form: &mut Multipart, coordinator: &Coordinator) -> Result<Sent, Problem> {
    let kind = |field: &str| if field == "archive" { ARCHIVE } else { FILE };
    let mut sent = Sent::default();
    let mut bytes = 0;
    while let Some(part) = upload::next(form, coordinator, kind).await? {
        bytes += part.content.size();
        if bytes > MAX_BYTES {
            let limit = format!("all files together have at most {MAX_BYTES} bytes");
            return Err(Problem::new(Code::EventTooLarge).because(limit));
        }
        match part.field.as_str() {
            "yaml_file" if sent.event.is_some() => return Err(Problem::invalid("there are two fields \"yaml_file\"")),
            "archive" if sent.archive.is_some() => return Err(Problem::invalid("there are two fields \"archive\"")),
            "yaml_file" => sent.event = Some(part),
            "archive" => sent.archive = Some(part),
            _ if sent.files.len() == MAX_FILES => {
                return Err(Problem::invalid(format!("more than {MAX_FILES} files")));
            }
            _ => sent.files.push(part),
        }
    }
    Ok(sent)
}

/// Reload the event file that the settings name.
#[utoipa::path(post, path = "/api/challenges/reload", responses((status = OK, body = Loaded), Invalid, Conflict))]
pub async fn reload(
    With(Admin(person), Query(query)): With<Admin, Query<IntakeQuery>>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let imported = coordinator.challenges.reload(query.intake(), person.actor()).await?;
    Ok(HttpResponse::Ok().json(Loaded::new("Configuration reloaded successfully", imported)))
}
