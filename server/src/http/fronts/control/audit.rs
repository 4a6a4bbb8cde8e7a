use crate::http::extract::body::With;
use crate::http::extract::query::{Paging, Query};
use crate::http::state::Shared;
use crate::http::{Admin, Problem};
use actix_web::HttpResponse;
use challengectl_common::Timestamp;
use challengectl_coordinator::Accounts;
use challengectl_coordinator::audit::{AuditEntry, Whose};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

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

/// Which rows are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// `true`: what players started and stopped; otherwise what the staff did.
    #[param(default = false)]
    players: Option<bool>,
    /// The maximum number of entries in the answer.
    #[param(maximum = 1000, default = 100)]
    limit: Option<u64>,
    /// Entries to skip.
    #[param(minimum = 0, default = 0)]
    offset: Option<i64>,
}

/// List the audit log, newest first.
///
/// What players start and stop is a list of its own.
#[utoipa::path(get, path = "/api/audit", responses((status = OK, body = Audit)))]
pub async fn list(
    With(_, Query(AuditQuery { players, limit, offset })): With<Admin, Query<AuditQuery>>,
    accounts: Shared<Accounts>,
) -> Result<HttpResponse, Problem> {
    let page = Paging { limit, offset }.page()?;
    let whose = if players == Some(true) { Whose::Players } else { Whose::Staff };
    let (list, total) = accounts.audit(whose, page).await?;
    Ok(HttpResponse::Ok().json(Audit { entries: list.into_iter().map(Entry::from).collect(), total }))
}

impl From<AuditEntry> for Entry {
    fn from(entry: AuditEntry) -> Self {
        let AuditEntry { id, at: timestamp, who, what, target, from_address, details } = entry;
        Self { id, timestamp, who, what, target, from_address, details }
    }
}
