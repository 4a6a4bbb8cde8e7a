//! The OpenAPI documents, and a page that shows them: Swagger UI, embedded in the program.

use crate::http::extract::anybody::Anybody;
use crate::http::problem::Code;
use crate::http::{Problem, documents, other_methods};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;
use std::collections::BTreeMap;
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

/// The documents by the names of their fronts.
static DOCUMENTS: LazyLock<BTreeMap<&str, String>> = LazyLock::new(|| {
    let written = documents().into_iter().filter_map(|(front, document)| Some((front, document.to_json().ok()?)));
    written.collect()
});

/// Get this document.
#[utoipa::path(get, path = "/api/openapi.json", responses((status = OK, content_type = "application/json", body = Object)))]
pub async fn openapi(_: Anybody) -> Result<HttpResponse, Problem> {
    answer("control")
}

/// Lists the documents.
fn fronts() -> serde_json::Value {
    let all: BTreeMap<_, _> = DOCUMENTS.keys().map(|front| (front, format!("/docs/{front}.json"))).collect();
    json!({ "fronts": all })
}

/// Answers the document of a front.
pub fn answer(front: &str) -> Result<HttpResponse, Problem> {
    let document = DOCUMENTS.get(front);
    let document =
        document.ok_or_else(|| Problem::new(Code::InternalError).because("the document cannot be written"))?;
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((CACHE_CONTROL, "no-cache"))
        .body(document.as_str()))
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
    if name.as_str() == "openapi.json" {
        return Ok(HttpResponse::Ok().json(fronts()));
    }
    if let Some(front) = name.strip_suffix(".json").filter(|front| DOCUMENTS.contains_key(front)) {
        return answer(front);
    }
    if name.as_str() == "docs.js" {
        return Ok(response.content_type("text/javascript; charset=utf-8").body(SCRIPT));
    }
    match utoipa_swagger_ui::serve(&name, Arc::default()) {
        Ok(Some(file)) => Ok(response.content_type(file.content_type).body(file.bytes.into_owned())),
        _ => Err(Problem::nothing_at(&request)),
    }
}
