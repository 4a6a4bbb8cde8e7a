use super::history::{page, query};
use crate::core::Accounts;
use crate::http::{Admin, ApiError};
use crate::store::audit::AuditEntry;
use actix_web::{HttpRequest, HttpResponse, web};
use challengectl_common::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Query {
    limit: Option<u64>,
    offset: Option<u64>,
}

#[derive(Serialize)]
struct Audit {
    entries: Vec<Entry>,
    total: u64,
}

#[derive(Serialize)]
struct Entry {
    id: i64,
    timestamp: Timestamp,
    who: String,
    what: String,
    target: String,
    from_address: Option<String>,
    details: Option<String>,
}

/// What people have done, newest first.
pub async fn list(_: Admin, accounts: web::Data<Accounts>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let query: Query = query(&request)?;
    let (list, total) = accounts.audit(page(query.limit, query.offset)?).await?;
    Ok(HttpResponse::Ok().json(Audit { entries: list.into_iter().map(Entry::from).collect(), total }))
}

impl From<AuditEntry> for Entry {
    fn from(entry: AuditEntry) -> Self {
        let AuditEntry { id, at: timestamp, who, what, target, from_address, details } = entry;
        Self { id, timestamp, who, what, target, from_address, details }
    }
}
