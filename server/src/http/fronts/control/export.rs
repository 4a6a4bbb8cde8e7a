use crate::http::{Admin, ApiError};
use actix_web::body::SizedStream;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpResponse, web};
use challengectl_coordinator::Coordinator;
use tokio_util::io::ReaderStream;

const BLOCK: usize = 1 << 16;

/// Sends the whole event, with flags and files, as the archive that can be imported.
#[utoipa::path(
    get, path = "/api/challenges/export",
    responses((status = OK, body = [u8], content_type = "application/x-tar", description = "A tar archive."))
)]
pub async fn export(Admin(person): Admin, coordinator: web::Data<Coordinator>) -> Result<HttpResponse, ApiError> {
    let archive = coordinator.into_inner().export(person.by()).await?;
    let content = ReaderStream::with_capacity(archive.content, BLOCK);
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/x-tar"))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"event.tar\""))
        .body(SizedStream::new(archive.size, content)))
}
