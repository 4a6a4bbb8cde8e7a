use crate::http::state::Shared;
use crate::http::{Admin, Problem};
use actix_web::HttpResponse;
use actix_web::body::SizedStream;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use challengectl_coordinator::Coordinator;
use challengectl_coordinator::challenges::export::Exported;
use tokio_util::io::ReaderStream;

const BLOCK: usize = 1 << 16;

/// Export the event, with flags and files, as an archive for the import.
#[utoipa::path(
    get, path = "/api/challenges/export",
    responses((status = OK, body = [u8], content_type = "application/x-tar", description = "A tar archive."))
)]
pub async fn export(Admin(person): Admin, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    Ok(archive(coordinator.challenges.export(person.actor()).await?, "attachment; filename=\"event.tar\""))
}

/// Returns the answer with an archive to download.
pub(in crate::http::fronts::control) fn archive(
    Exported { size, content }: Exported,
    disposition: &'static str,
) -> HttpResponse {
    let content = ReaderStream::with_capacity(content, BLOCK);
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/x-tar"))
        .insert_header((CONTENT_DISPOSITION, disposition))
        .body(SizedStream::new(size, content))
}
