use crate::http::extract::body::With;
use crate::http::extract::query::{Paging, Query};
use crate::http::state::Shared;
use crate::http::{Admin, Problem};
use actix_web::HttpResponse;
use challengectl_common::Timestamp;
use challengectl_coordinator::Accounts;
use challengectl_coordinator::audit::AuditEntry;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
struct Audit {
    entries: Vec<Entry>,
    total: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AuditEntry)]
struct Entry {
    id: i64,
    timestamp: Timestamp,
    who: String,
    what: String,
    target: String,
    from_address: Option<String>,
    details: Option<String>,
}

/// List the audit log, newest first.
#[utoipa::path(get, path = "/api/audit", responses((status = OK, body = Audit)))]
pub async fn list(
    With(_, Query(paging)): With<Admin, Query<Paging>>,
    accounts: Shared<Accounts>,
) -> Result<HttpResponse, Problem> {
    let (list, total) = accounts.audit(paging.page()?).await?;
    Ok(HttpResponse::Ok().json(Audit { entries: list.into_iter().map(Entry::from).collect(), total }))
}

impl From<AuditEntry> for Entry {
    fn from(entry: AuditEntry) -> Self {
        let AuditEntry { id, at: timestamp, who, what, target, from_address, details } = entry;
        Self { id, timestamp, who, what, target, from_address, details }
    }
}
