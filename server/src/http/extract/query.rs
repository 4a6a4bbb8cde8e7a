//! The values of a query string.

use crate::http::Problem;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use challengectl_coordinator::views::history::Page;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::future::{Ready, ready};
use utoipa::IntoParams;

const DEFAULT_LIMIT: u64 = 100;
const MAX_LIMIT: u64 = 1000;

/// The values of a query.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let pairs = form_urlencoded::parse(request.query_string().as_bytes());
        let values = serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs));
        ready(values.map(Self).map_err(|error| {
            let place = error.path().to_string();
            Problem::invalid(format!("query: {place}: {}", error.into_inner()))
        }))
    }
}

/// A page of a long list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// The maximum number of entries in the answer.
    #[param(maximum = 1000, default = 100)]
    pub limit: Option<u64>,
    /// Entries to skip.
    #[param(minimum = 0, default = 0)]
    pub offset: Option<i64>,
}

impl Paging {
    /// Checks the limits and returns the page.
    pub fn page(&self) -> Result<Page, Problem> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if limit > MAX_LIMIT {
            return Err(Problem::invalid(format!("limit: at most {MAX_LIMIT}")));
        }
        let offset = u64::try_from(self.offset.unwrap_or(0)).map_err(|_| Problem::invalid("offset: not below 0"))?;
        Ok(Page { limit, offset })
    }
}
