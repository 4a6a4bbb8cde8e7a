//! The OpenAPI documents, and a page that shows them: Swagger UI, embedded in the program.

use crate::http::extract::anybody::Anybody;
use crate::http::problem::Code;
use crate::http::{Problem, document, engine, other_methods};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;
use std::sync::{Arc, LazyLock};

const PAGE: &str = include_str!("docs/index.html");
const SCRIPT: &str = include_str!("docs/docs.js");

/// Permits scripts and requests of this server only.
const POLICY: (HeaderName, HeaderValue) = (
    CONTENT_SECURITY_POLICY,
    HeaderValue::from_static(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
);

static CONTROL: LazyLock<Option<String>> = LazyLock::new(|| document().to_json().ok());
static ENGINE: LazyLock<Option<String>> = LazyLock::new(|| engine::document().to_json().ok());

/// Get this document.
#[utoipa::path(get, path = "/api/openapi.json", responses((status = OK, content_type = "application/json", body = Object)))]
pub async fn openapi(_: Anybody) -> Result<HttpResponse, Problem> {
    answer(&CONTROL)
}

/// Lists the documents.
fn fronts() -> serde_json::Value {
    json!({"fronts": {"control": "/docs/control.json", "engine": "/docs/engine.json"}})
}

fn answer(document: &'static LazyLock<Option<String>>) -> Result<HttpResponse, Problem> {
    let document = document
        .as_deref()
        .ok_or_else(|| Problem::new(Code::InternalError).because("the document cannot be written"))?;
    Ok(HttpResponse::Ok().content_type("application/json").insert_header((CACHE_CONTROL, "no-cache")).body(document))
}

/// Adds the page, which is not part of the document.
pub fn routes(config: &mut ServiceConfig) {
    let page = web::resource(["/docs", "/docs/"]).route(web::get().to(page));
    let file = web::resource("/docs/{file}").route(web::get().to(file));
    config.service(page.default_service(other_methods("GET"))).service(file.default_service(other_methods("GET")));
}

async fn page() -> HttpResponse {
    HttpResponse::Ok().insert_header(POLICY).content_type("text/html; charset=utf-8").body(PAGE)
}

async fn file(name: web::Path<String>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let mut response = HttpResponse::Ok();
    response.insert_header(POLICY).insert_header((CACHE_CONTROL, "no-cache"));
    match name.as_str() {
        "openapi.json" => return Ok(HttpResponse::Ok().json(fronts())),
        "control.json" => return answer(&CONTROL),
        "engine.json" => return answer(&ENGINE),
        _ => {}
    }
    if name.as_str() == "docs.js" {
        return Ok(response.content_type("text/javascript; charset=utf-8").body(SCRIPT));
    }
    match utoipa_swagger_ui::serve(&name, Arc::default()) {
        Ok(Some(file)) => Ok(response.content_type(file.content_type).body(file.bytes.into_owned())),
        _ => Err(Problem::nothing_at(&request)),
    }
}
