use crate::core::{Accounts, Person, Role};
use crate::http::principal::{CSRF, SESSION, Viewer};
use crate::http::{ApiError, origin};
use actix_web::cookie::{Cookie, SameSite};
use actix_web::{HttpRequest, HttpResponse, web};
use challengectl_common::wire::Acknowledgement;
use challengectl_common::{AccountName, Timestamp};
use serde::Serialize;

#[derive(Serialize)]
struct Session {
    authenticated: bool,
    user: User,
    expires_at: Timestamp,
}

#[derive(Serialize)]
struct User {
    username: AccountName,
    role: Role,
}

/// Tells who is logged in.
pub async fn session(Viewer(person): Viewer) -> HttpResponse {
    let expires_at = person.until();
    HttpResponse::Ok().json(Session { authenticated: true, user: person.into(), expires_at })
}

/// Ends the session.
pub async fn logout(
    Viewer(person): Viewer,
    accounts: web::Data<Accounts>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    accounts.log_out(&person).await?;
    let mut response = HttpResponse::Ok();
    for name in [SESSION, CSRF] {
        let mut gone = cookie(&request, name, String::new());
        gone.make_removal();
        response.cookie(gone);
    }
    Ok(response
        .json(Acknowledgement { status: "success".to_owned(), message: Some("Logged out successfully".to_owned()) }))
}

/// A cookie that scripts cannot read, and other sites' pages cannot make a browser send along with a form.
fn cookie(request: &HttpRequest, name: &'static str, value: String) -> Cookie<'static> {
    let secure = origin::is_secure(request);
    Cookie::build(name, value).path("/").http_only(true).same_site(SameSite::Lax).secure(secure).finish()
}

impl From<Person> for User {
    fn from(person: Person) -> Self {
        Self { username: person.name, role: person.role }
    }
}
